use super::*;

const TEXT: &str = r#"
[registry.docker-hub]
preset = "docker-hub"
[egress.nat]
addresses = 2
[pool.workers]
nodes = 3
egress = "nat"
[image.base]
layers = ["1MB"]
[image.api]
reference = "docker.io/acme/api:1"
from = "base"
layers = ["4MB"]
[workload.api]
kind = "deployment"
pool = "workers"
replicas = 2
containers = [{ image = "api" }]
[timeline.roll]
at = "1h"
replace_nodes = { pool = "workers", batch = "10%", every = "5m" }
[timeline.later]
at = "2h"
set.egress.nat.addresses = 1
[variant.more]
pool.workers.nodes = 9
[variant.slow]
timeline.roll.replace_nodes.every = "10m"
"#;

fn file(axes: &str) -> SourceFile {
    SourceFile { name: "test.toml".into(), text: format!("{TEXT}{axes}\n") }
}

fn read(axes: &str, vary: &[&str]) -> Result<Sweep, String> {
    let vary: Vec<String> = vary.iter().map(|it| (*it).to_owned()).collect();
    let (sweep, problems) = Sweep::read(&file(axes), &Request::default(), &vary, None);
    if problems.list.is_empty() { Ok(sweep.unwrap()) } else { Err(problems.render(false)) }
}

fn values(vary: &str) -> Vec<String> {
    read("", &[vary]).unwrap().axes.remove(0).values
}

#[test]
fn lists_and_ranges_read_alike_in_the_file_and_in_flags() {
    for (path, flag, toml, shown) in [
        ("pool.workers.nodes", "50,100, 200", "[50, 100, 200]", vec!["50", "100", "200"]),
        ("pool.workers.nodes", "1..4", "{ from = 1, to = 4 }", vec!["1", "2", "3", "4"]),
        ("pool.workers.nodes", "1..4:2", "{ from = 1, to = 4, step = 2 }", vec!["1", "3"]),
        (
            "pool.workers.nodes",
            "{ from = 1, to = 10, points = 3 }",
            "{ from = 1, to = 10, points = 3 }",
            vec!["1", "6", "10"],
        ),
        (
            "timeline.roll.replace_nodes.every",
            "1m..2m:30s",
            "{ from = \"60s\", to = \"2m\", step = \"30s\" }",
            vec!["1m", "1m30s", "2m"],
        ),
        (
            "timeline.roll.replace_nodes.batch",
            "10%..20%:5%",
            "{ from = \"10%\", to = \"20%\", step = \"5%\" }",
            vec!["10%", "15%", "20%"],
        ),
        (
            "registry.docker-hub.limit.anonymous-pulls.allow",
            "0.1..0.3:0.1",
            "{ from = 0.1, to = 0.3, step = 0.1 }",
            vec!["0.1", "0.2", "0.3"],
        ),
        ("pool.workers.nic", "[\"1Gbit/s\"]", "[\"1000Mbit/s\"]", vec!["1Gbit/s"]),
        ("variant", "base, more+slow", "[\"base\", \"more+slow\"]", vec!["base", "more+slow"]),
        ("timeline.later.set.egress.nat.addresses", "3..4", "{ from = 3, to = 4 }", vec!["3", "4"]),
        ("image.api.from", "[\"base\"]", "[\"base\"]", vec!["base"]),
        (
            "pool.workers.preloaded",
            "[[], [\"api\", \"base\"]]",
            "[[], [\"api\", \"base\"]]",
            vec!["[]", "[\"api\", \"base\"]"],
        ),
    ] {
        let flag = read("", &[&format!("{path}={flag}")]).unwrap();
        let block = read(&format!("[sweep]\n{path} = {toml}"), &[]).unwrap();
        let quoted = read(&format!("[sweep]\n\"{path}\" = {toml}"), &[]).unwrap();
        for sweep in [flag, block, quoted] {
            assert_eq!(sweep.axes.len(), 1);
            assert_eq!(sweep.axes[0].path, path);
            assert_eq!(sweep.axes[0].values, shown);
        }
    }
}

/// Steps are counted in whole smallest units: the last of ten thousand is where it must be.
#[test]
fn steps_do_not_drift() {
    let values = values("registry.docker-hub.limit.anonymous-pulls.allow=0.1..1000:0.1");
    assert_eq!(values.len(), 10_000);
    for (at, value) in values.iter().enumerate() {
        let tenths = at + 1;
        let exact = match tenths % 10 {
            0 => (tenths / 10).to_string(),
            rest => format!("{}.{rest}", tenths / 10),
        };
        assert_eq!(*value, exact);
    }
}

#[test]
fn flags_replace_the_block_and_axes_keep_their_order() {
    let block = "[sweep]\npool.workers.nodes = [1]\negress.nat.addresses = [1]\ndesign = \"zip\"";
    let paths = |sweep: &Sweep| sweep.axes.iter().map(|it| it.path.clone()).collect::<Vec<_>>();
    let sweep = read(block, &[]).unwrap();
    assert_eq!(paths(&sweep), ["pool.workers.nodes", "egress.nat.addresses"]);
    assert_eq!(sweep.design, Design::Zip);
    let sweep = read(block, &["variant=base", "pool.workers.nodes=1"]).unwrap();
    assert_eq!(paths(&sweep), ["variant", "pool.workers.nodes"]);
    assert_eq!(sweep.design, Design::Zip);
}

#[test]
fn a_point_is_the_file_with_its_values_over_variants_and_sets() {
    let vary = ["variant=base,more".to_owned(), "egress.nat.addresses=5,6".to_owned()];
    let request = Request { sets: vec!["egress.nat.addresses=4".into()], ..Request::default() };
    let (sweep, problems) = Sweep::read(&file(""), &request, &vary, None);
    assert!(problems.list.is_empty());
    let shown = |choice: [Option<usize>; 2]| {
        let scenario = sweep.as_ref().unwrap().load(&choice).unwrap().scenario;
        let of = |path: &str| {
            let found = scenario.parameters.iter().find(|it| it.path == path).unwrap();
            (found.value.clone(), found.origin.clone())
        };
        (of("pool.workers.nodes"), of("egress.nat.addresses"))
    };
    let text = |value: &str, origin: &str| (value.to_owned(), origin.to_owned());
    assert_eq!(shown([None, None]), (text("3", "test.toml:7"), text("4", "--set")));
    assert_eq!(shown([Some(1), Some(0)]), (text("9", "variant more"), text("5", "--vary")));
    assert_eq!(shown([Some(0), Some(1)]), (text("3", "test.toml:7"), text("6", "--vary")));
}

#[test]
fn mistakes_in_flags_are_shown_there() {
    for (vary, parts) in [
        (vec!["pool.workers.nodes"], vec!["is not PATH=VALUES", "--vary 1", "=50,100,200"]),
        (vec!["=5"], vec!["is not PATH=VALUES"]),
        (vec!["pool.workers.nodes=1,x"], vec!["`x`", "--vary 1", "=1,x", "                     ^"]),
        (vec!["pool.workers.nodes=4..1"], vec!["ends before it begins", "--vary 1"]),
        (vec!["pool.workers.nodes=1..4:0"], vec!["has no step `0`"]),
        (
            vec!["pool.workers.nodes=1", "pool.workers.nodes=2"],
            vec!["`pool.workers.nodes` is varied twice", "--vary 2", "all of its values"],
        ),
        (vec!["pool.workers.nodes="], vec!["is given 0 values"]),
    ] {
        let shown = read("", &vary).unwrap_err();
        assert!(parts.iter().all(|it| shown.contains(it)), "{vary:?}:\n{shown}");
    }
}

/// What one axis switches on, another may name.
#[test]
fn a_name_that_is_switched_off_in_the_base_is_told_by_points_alone() {
    let account = "[account.ci]\nregistry = \"docker-hub\"\nenabled = false\n";
    let vary = ["account.ci.enabled=true,false", "workload.api.account=ci"];
    let sweep = read(account, &vary).unwrap();
    assert_eq!(sweep.axes[1].values, ["ci"]);
    assert!(sweep.load(&[Some(0), Some(0)]).is_ok());
    let problems = sweep.load(&[Some(1), Some(0)]).unwrap_err();
    assert_eq!(problems.list[0].code, Code::DisabledName);
}
