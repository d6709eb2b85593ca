use super::*;

const TEXT: &str = r#"
replications = 3
[registry.docker-hub]
preset = "docker-hub"
[egress.nat]
addresses = 2
[pool.workers]
nodes = 3
egress = "nat"
[image.api]
reference = "docker.io/acme/api:1"
layers = ["4MB"]
[workload.api]
kind = "deployment"
pool = "workers"
replicas = 2
containers = [{ image = "api" }]
[timeline.roll]
at = "1h"
replace_nodes = { pool = "workers", batch = "10%", every = "5m" }
[variant.more]
pool.workers.nodes = 9
"#;

fn try_draft(text: &str, vary: &[&str], design: Design) -> Result<Draft, NotDrafted> {
    let file = SourceFile { name: "path/to/test.toml".into(), text: text.into() };
    let vary: Vec<String> = vary.iter().map(|it| (*it).to_owned()).collect();
    let asked = Asked { vary: &vary, design: Some(design), until: None };
    draft(&file, &Request::default(), asked, &Crew::new(2).unwrap())
}

fn drafted(vary: &[&str], design: Design) -> Plan {
    try_draft(TEXT, vary, design).unwrap().plan
}

fn ids(plan: &Plan) -> std::collections::BTreeSet<String> {
    plan.points.iter().map(|it| it.id.clone()).collect()
}

#[test]
fn ids_do_not_depend_on_the_order_of_axes_or_on_the_spelling_of_units() {
    let every = "timeline.roll.replace_nodes.every";
    let one = drafted(&["pool.workers.nodes=1,2", &format!("{every}=60s,120s")], Design::Grid);
    let two = drafted(&[&format!("{every}=2m,1m"), "pool.workers.nodes=2,1"], Design::Grid);
    assert_eq!(ids(&one), ids(&two));
    assert_eq!(ids(&one).len(), 4);
    assert_ne!(one.plan_hash, two.plan_hash);
    // Other blocks, in other places, are no part of a point either.
    let other =
        format!("{TEXT}[image.unused]\nlayers = [\"1MB\"]\nreference = \"docker.io/a/b:1\"");
    let vary = ["pool.workers.nodes=1,2", "timeline.roll.replace_nodes.every=1m,2m"];
    let three = try_draft(&other, &vary, Design::Grid).unwrap().plan;
    assert_eq!(ids(&one), ids(&three));
}

#[test]
fn one_at_a_time_has_the_base_once() {
    let plan = drafted(
        &["pool.workers.nodes=1,3,5", "egress.nat.addresses=1..2", "variant=base,more"],
        Design::OneAtATime,
    );
    let shown: Vec<String> = plan.points.iter().map(|it| plan.describe(it)).collect();
    assert_eq!(
        shown,
        [
            "the base",
            "pool.workers.nodes = 1",
            "pool.workers.nodes = 5",
            "egress.nat.addresses = 1",
            "variant = more"
        ]
    );
    assert_eq!(plan.value(&plan.points[1], 1), Some("2"), "as in the base");
    assert_eq!(plan.request(&plan.points[4]).variants, ["more"]);
    assert_eq!(plan.request(&plan.points[1]).sets, ["pool.workers.nodes=1"]);
}

/// What the check loads through the tree, a run loads through text: both must be the same.
#[test]
fn a_point_that_runs_is_the_point_that_was_checked() {
    let vary = [
        "pool.workers.nodes=1,7",
        "timeline.roll.replace_nodes.batch=10%,2",
        "registry.docker-hub.limit.anonymous-pulls.window=90s,6h",
        "pool.workers.preloaded=[[], [\"api\"]]",
        "variant=base,more",
    ];
    let file = SourceFile { name: "test.toml".into(), text: TEXT.into() };
    let flags: Vec<String> = vary.iter().map(|it| (*it).to_owned()).collect();
    let (sweep, _) = Sweep::read(&file, &Request::default(), &flags, None);
    let sweep = sweep.unwrap();
    let plan = drafted(&vary, Design::Grid);
    let values = |scenario: &Scenario| -> Vec<(String, String)> {
        scenario.parameters.iter().map(|it| (it.path.clone(), it.value.clone())).collect()
    };
    let choices = expand(Design::Grid, &[2; 5]);
    assert_eq!(choices.len(), plan.points.len());
    for (choice, point) in choices.iter().zip(&plan.points) {
        let checked = sweep.load(choice).unwrap().scenario;
        let run = load(&plan.file(), &plan.request(point)).unwrap().scenario;
        assert_eq!(values(&checked), values(&run), "{}", plan.describe(point));
    }
}

#[test]
fn a_plan_is_read_as_it_was_written_and_trusted_only_whole() {
    let plan = drafted(&["pool.workers.nodes=1,2"], Design::Grid);
    let text = serde_json::to_string_pretty(&plan).unwrap();
    assert_eq!(Plan::parse(&text).unwrap(), plan);
    assert_eq!((plan.scenario.as_str(), plan.replications, plan.seed), ("test", 3, 42));
    for (damage, why) in [
        (text[..100].to_owned(), "not a whole plan"),
        (text.replacen("\"seed\": 42", "\"seed\": 43", 1), "does not fit its hash"),
        (text.replacen("\"version\": \"", "\"version\": \"9", 1), "was made by version 9"),
        (text.replacen("\"design\"", "\"desing\"", 1), "it is no plan of pullstorm"),
        (text.replacen("\"test\"", "\"../test\"", 1), "cannot be called `../test`"),
        ("{}".to_owned(), "it is no plan of pullstorm"),
    ] {
        let error = Plan::parse(&damage).unwrap_err();
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn what_differs_between_plans_is_told() {
    let plan = drafted(&["pool.workers.nodes=1,2"], Design::Grid);
    let other = drafted(&["pool.workers.nodes=1,3"], Design::Grid);
    assert_eq!(plan.differences(&other), ["values of pool.workers.nodes (1, 2 there, 1, 3 here)"]);
    let text = TEXT.replace("nodes = 3", "nodes = 4");
    let other = try_draft(&text, &["pool.workers.nodes=1,2"], Design::Zip).unwrap().plan;
    assert_eq!(plan.differences(&other), ["design (grid there, zip here)", "the scenario's text"]);
}

#[test]
fn problems_of_points_are_told_once_with_the_first_point() {
    let text = TEXT.replace("replicas = 2", "replicas = 2\nmax_surge = 0\nmax_unavailable = 0");
    let vary = ["workload.api.max_surge=0,1", "pool.workers.nodes=1..9"];
    // In the base both are zero, which is wrong already.
    let base = try_draft(&text, &vary, Design::Grid);
    let Err(NotDrafted::Problems(problems)) = base else { panic!("{base:?}") };
    assert!(problems.list.iter().all(|it| it.help.iter().all(|it| !it.contains("first met"))));
    let text = text.replace("max_surge = 0", "max_surge = 1");
    let Err(NotDrafted::Problems(problems)) = try_draft(&text, &vary, Design::Grid) else {
        panic!("two zeros cannot run")
    };
    assert_eq!(problems.list.len(), 1, "{problems}");
    let first = "first met at the point workload.api.max_surge = 0, pool.workers.nodes = 1";
    assert!(problems.list[0].help.iter().any(|it| it == first), "{problems}");
    assert!(matches!(try_draft(TEXT, &[], Design::Grid), Err(NotDrafted::NoAxes)));
}
