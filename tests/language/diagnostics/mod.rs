//! Every diagnostic fires, at its place, with its help.

mod disk;
mod guards;
mod mirrors;
mod prepulls;
mod state;
mod sweep;

use pullstorm::scenario::{self, Code, Diagnostics, Request, SourceFile};

/// A scenario without a fault; the cases below change it.
const BASE: &str = r#"horizon = "6h"

[registry.docker-hub]
preset = "docker-hub"

[egress.nat]
addresses = 1

[account.ci]
registry = "docker-hub"

[pool.workers]
nodes = 3
egress = "nat"

[image.base]
layers = ["29MB"]

[image.api]
reference = "docker.io/acme/api:1"
from = "base"
layers = ["4MB"]

[workload.api]
kind = "deployment"
pool = "workers"
replicas = 2
containers = [{ image = "api" }]
"#;

fn load_with(text: &str, request: &Request) -> Result<scenario::Loaded, Diagnostics> {
    scenario::load(&SourceFile { name: "test.toml".into(), text: text.into() }, request)
}

/// The problems of a text, warnings too.
fn problems(text: &str, request: &Request) -> Diagnostics {
    match load_with(text, request) {
        Ok(loaded) => Diagnostics { list: loaded.warnings },
        Err(problems) => problems,
    }
}

/// A change to the base, the one problem that it makes, what its caret marks, and part of its help.
struct Case {
    code: Code,
    /// What is replaced (empty: nothing) and by what (with nothing replaced: appended).
    change: (&'static str, &'static str),
    marked: &'static str,
    message: &'static str,
    help: &'static str,
}

const fn case(
    code: Code,
    change: (&'static str, &'static str),
    marked: &'static str,
    message: &'static str,
    help: &'static str,
) -> Case {
    Case { code, change, marked, message, help }
}

const CASES: &[Case] = &[
    case(Code::Syntax, ("nodes = 3", "nodes = = 3"), "=", "", ""),
    case(Code::UnknownBlock, ("", "[pol.x]\n"), "pol", "`pol`", "did you mean `pool`?"),
    case(
        Code::UnknownKey,
        ("replicas = 2", "replicas = 2\nreplica = 2"),
        "replica",
        "`workload.api` has no key `replica`",
        "did you mean `replicas`?",
    ),
    case(
        Code::UnknownKey,
        ("nodes = 3", "nodes = 3\nkubelet = { registryPullQps = 5 }"),
        "registryPullQps",
        "`pool.workers.kubelet`",
        "keys: serialize_image_pulls",
    ),
    case(Code::BadName, ("", "[account.CI]\nregistry = \"docker-hub\"\n"), "CI", "`CI`", "a-z"),
    case(Code::MissingKey, ("replicas = 2\n", ""), "api", "has no `replicas`", "deployment"),
    case(Code::MissingKey, ("nodes = 3\n", ""), "workers", "has no `nodes`", "from 0 to 100000"),
    case(
        Code::MissingKey,
        ("image = \"api\"", "image = \"base\""),
        "\"base\"",
        "image `base` has no `reference`",
        "[image.base]",
    ),
    case(
        Code::TooMany,
        (
            "",
            "[fault.f]\nregistry = \"docker-hub\"\nanswer = 500\n\
             requests = [\"token\", \"token\", \"token\", \"token\", \"token\", \"token\", \
             \"token\", \"token\"]",
        ),
        "[\"token\", \"token\", \"token\", \"token\", \"token\", \"token\", \"token\", \
         \"token\"]",
        "8 elements",
        "",
    ),
    case(
        Code::WrongType,
        ("replicas = 2", "replicas = \"2\""),
        "\"2\"",
        "does not take the text \"2\"",
        "a whole number from 0 to 2000000",
    ),
    case(Code::WrongType, ("", "[pool]\nx = 5\n"), "5", "`pool.x` is the number 5", "[pool.x]"),
    case(
        Code::BareNumber,
        ("preset = \"docker-hub\"", "preset = \"docker-hub\"\nrtt = 40"),
        "40",
        "`registry.docker-hub.rtt` is 40 without a unit",
        "us, ms, s, m, h, d",
    ),
    case(
        Code::BareNumber,
        ("[\"29MB\"]", "[29]"),
        "29",
        "`image.base.layers[0]` is 29 without a unit",
        "such as \"29MB\"",
    ),
    case(
        Code::Unreadable,
        ("nodes = 3", "nodes = 3\nnic = \"10Gb\""),
        "\"10Gb\"",
        "`pool.workers.nic` cannot be read from \"10Gb\"",
        "bit/s or B/s",
    ),
    case(
        Code::OutOfRange,
        ("nodes = 3", "nodes = 100_001"),
        "100_001",
        "`pool.workers.nodes` is 100001, more than the 100000 allowed",
        "from 0 to 100000",
    ),
    case(Code::OutOfRange, ("\"6h\"", "\"31d\""), "\"31d\"", "more than the 30d", "at most 30d"),
    case(
        Code::OutOfRange,
        ("", "[registry.docker-hub.limit.x]\nlaw = \"sliding-log\"\nallow = 1\nwindow = \"0s\""),
        "\"0s\"",
        "less than the 1us allowed",
        "above 0",
    ),
    case(
        Code::OutOfRange,
        (
            "",
            "[fault.f]\nregistry = \"docker-hub\"\nanswer = \"drop\"\nfrom = \"5m\"\n\
             until = \"5m\"",
        ),
        "\"5m\"",
        "`fault.f` ends at 5m",
        "not a length",
    ),
    case(
        Code::OutOfRange,
        ("replicas = 2", "replicas = 2\nmax_surge = 0\nmax_unavailable = \"0%\""),
        "\"0%\"",
        "max_unavailable` is 0, and so is max_surge",
        "API server",
    ),
    case(
        Code::NeverHappens,
        ("replicas = 2", "replicas = 2\nstart = { at = \"6h\" }"),
        "\"6h\"",
        "`workload.api.start.at` is 6h",
        "horizon",
    ),
    case(
        Code::BadPath,
        ("", "[variant.x]\npool.workers.nodes = 4\n\"pool.workers.nodes\" = 5"),
        "\"pool.workers.nodes\"",
        "is given twice",
        "",
    ),
    case(
        Code::UnknownWord,
        ("\"deployment\"", "\"deploymnet\""),
        "\"deploymnet\"",
        "`workload.api.kind` does not know",
        "did you mean `deployment`?",
    ),
    case(
        Code::UnknownWord,
        ("nodes = 3", "nodes = 3\nruntime = \"containerd-1.6\""),
        "\"containerd-1.6\"",
        "`pool.workers.runtime`",
        "one of containerd-1.7, containerd-1.7.24, containerd-1.7.34",
    ),
    case(
        Code::UnknownWord,
        ("preset = \"docker-hub\"", "preset = \"docker-hubb\""),
        "\"docker-hubb\"",
        "`registry.docker-hub.preset` does not know",
        "did you mean `docker-hub`?",
    ),
    case(
        Code::UnknownName,
        ("egress = \"nat\"", "egress = \"nta\""),
        "\"nta\"",
        "names [egress.nta], which does not exist",
        "did you mean `nat`?",
    ),
    case(
        Code::DisabledName,
        ("[egress.nat]", "[egress.nat]\nenabled = false"),
        "\"nat\"",
        "`pool.workers.egress` needs [egress.nat], which is switched off",
        "egress.nat.enabled = true",
    ),
    case(
        Code::Cycle,
        ("[image.base]", "[image.base]\nfrom = \"api\""),
        "\"base\"",
        "api from base from api",
        "without `from`",
    ),
    case(
        Code::SameHost,
        ("", "[registry.hub]\nhost = \"docker.io\"\n"),
        "\"docker.io\"",
        "`docker-hub` and `hub` have the same host",
        "keep one",
    ),
    case(
        Code::NoRegistry,
        ("docker.io/acme", "quay.io/acme"),
        "\"quay.io/acme/api:1\"",
        "no registry has the host quay.io",
        "hosts: docker.io",
    ),
    case(
        Code::BadReference,
        ("docker.io/acme/api:1", "docker.io/Acme api"),
        "\"docker.io/Acme api\"",
        "no image reference",
        "host/path:tag",
    ),
    case(
        Code::TwoSizes,
        ("[\"4MB\"]", "[{ size = \"1MB\", digest = \"d\" }, { size = \"2MB\", digest = \"d\" }]"),
        "{ size = \"2MB\", digest = \"d\" }",
        "the layer d has 2MB",
        "one size",
    ),
    case(
        Code::Layers,
        ("layers = [\"29MB\"]", "layers = [\"29MB\"]\nlayer_count = 3"),
        "3",
        "both layers and layer_count",
        "layer_count and size",
    ),
    case(Code::Layers, ("layers = [\"29MB\"]", ""), "base", "`image.base` has no layers", ""),
    case(
        Code::NotInWorkload,
        (
            "",
            "[timeline.r]\nat = \"1h\"\n\
             rollout = { workload = \"api\", replace = { base = \"api\" } }",
        ),
        "{ base = \"api\" }",
        "replaces image `base`, which workload `api` lacks",
        "its images: api",
    ),
    case(
        Code::NotHere,
        ("\"deployment\"", "\"daemonset\""),
        "2",
        "`workload.api.replicas` has no meaning with kind = \"daemonset\"",
        "one pod per node",
    ),
    case(
        Code::NotHere,
        (
            "",
            "[registry.docker-hub.limit.x]\nlaw = \"sliding-log\"\nallow = 1\nwindow = \"1m\"\n\
             burst = 3",
        ),
        "3",
        "`registry.docker-hub.limit.x.burst` has no meaning with law = \"sliding-log\"",
        "token-bucket",
    ),
    case(
        Code::NotHere,
        (
            "",
            "[egress.own]\nkind = \"per-node\"\n[background.b]\negress = \"own\"\n\
             registry = \"docker-hub\"\npulls_per_hour = 1",
        ),
        "\"own\"",
        "`background.b.egress` has kind = \"per-node\"",
        "name a NAT",
    ),
    case(
        Code::NotHere,
        (
            "",
            "[registry.docker-hub.limit.x]\nlaw = \"concurrency\"\nallow = 1\n\
             [registry.docker-hub.limit.y]\nlaw = \"concurrency\"\nallow = 2",
        ),
        "\"concurrency\"",
        "more than one limit",
        "at most one",
    ),
    case(
        Code::NotHere,
        (
            "nodes = 3",
            "nodes = 3\nkubelet = { serialize_image_pulls = true, max_parallel_image_pulls = 4 }",
        ),
        "4",
        "max_parallel_image_pulls` has no meaning",
        "refuses to start",
    ),
    case(
        Code::SameCause,
        ("", "[fault.abuse]\nregistry = \"docker-hub\"\nanswer = \"drop\"\n"),
        "abuse",
        "the cause `abuse` would be `fault.abuse` and limit `registry.docker-hub.limit.abuse`",
        "another name",
    ),
    case(
        Code::SameCause,
        ("", "[fault.node-lost]\nregistry = \"docker-hub\"\nanswer = \"drop\"\n"),
        "node-lost",
        "a built-in cause",
        "another name",
    ),
    case(
        Code::OtherAccount,
        (
            "",
            "[registry.other]\nhost = \"quay.io\"\n[account.other]\nregistry = \"other\"\n\
             [workload.api.start]\n[workload.b]\nkind = \"daemonset\"\npool = \"workers\"\n\
             account = \"other\"\ncontainers = [{ image = \"api\" }]\n",
        ),
        "\"other\"",
        "no image of workload `b` is pulled with account `other`",
        "the images come from docker.io",
    ),
    case(
        Code::OneAction,
        ("", "[timeline.x]\nat = \"1h\"\n"),
        "x",
        "`timeline.x` has no action",
        "actions: rollout",
    ),
    case(
        Code::NotSettable,
        ("", "[timeline.x]\nat = \"1h\"\nset = { \"pool.workers.nic\" = \"1Gbit/s\" }"),
        "\"pool.workers.nic\"",
        "`pool.workers.nic` cannot change during a run",
        "egress.*.addresses lands",
    ),
    case(
        Code::UnknownMetric,
        ("", "[expect]\nready_seconds_p59 = \"< 5m\"\n"),
        "ready_seconds_p59",
        "there is no metric `ready_seconds_p59`",
        "did you mean `ready_seconds_p95`?",
    ),
    case(
        Code::UnknownMetric,
        ("", "[expect]\npull_failures_by_cause.anonymous-pull = \"< 5\"\n"),
        "anonymous-pull",
        "`pull_failures_by_cause` has no part `anonymous-pull`",
        "did you mean `anonymous-pulls`?",
    ),
    case(
        Code::UnknownMetric,
        ("", "[expect]\nrequests_by_outcome.throtled = \"< 5\"\n"),
        "throtled",
        "`requests_by_outcome` has no part `throtled`",
        "did you mean `throttled`?",
    ),
    case(
        Code::UnknownMetric,
        ("", "[expect]\npool.workers.ready_seconds_p95 = \"< 5m\"\n"),
        "ready_seconds_p95",
        "a pool has no `ready_seconds_p95`",
        "write `ready_seconds_p95` or `workload.NAME.ready_seconds_p95`",
    ),
    case(
        Code::BadDemand,
        ("", "[expect]\nready_seconds_p95 = \"< 5\"\n"),
        "\"< 5\"",
        "cannot be read",
        "such as \"< 5m\"",
    ),
    case(
        Code::NeverHappens,
        ("", "[timeline.x]\nat = \"7h\"\ndelete_pods = { workload = \"api\" }"),
        "\"7h\"",
        "`timeline.x.at` is 7h, and the run ends at 6h",
        "horizon",
    ),
    case(
        Code::NoPlatform,
        ("nodes = 3", "nodes = 3\narch = \"arm64\""),
        "api",
        "image `api` of workload `api` has no arm64",
        "platform-missing",
    ),
    case(
        Code::OddTier,
        ("[account.ci]", "[account.ci]\ntier = \"personel\""),
        "\"personel\"",
        "no limit names the tier",
        "did you mean `personal`?",
    ),
    case(
        Code::NotHere,
        (
            "",
            "[workload.d]\nkind = \"daemonset\"\npool = \"workers\"\nstart = { over = \"1m\" }\n\
             containers = [{ image = \"api\" }]\n",
        ),
        "\"1m\"",
        "`workload.d.start.over` has no meaning with kind = \"daemonset\"",
        "only a deployment",
    ),
    case(
        Code::NotHere,
        ("replicas = 2", "replicas = 2\nstart = { at = \"1m\", running = true }"),
        "\"1m\"",
        "`workload.api.start.at` has no meaning with running = true",
        "drop one",
    ),
    case(
        Code::NoRoom,
        ("replicas = 2", "replicas = 331"),
        "3",
        "pool `workers` has 331 pods, and room for 330",
        "110 pods each",
    ),
    case(
        Code::UnknownKey,
        ("replicas = 2", "replicas = 2\nseed = 2"),
        "seed",
        "`workload.api` has no key `seed`",
        "`seed` belongs above the first block",
    ),
];

/// These, and those that stand in files of their own.
fn all_cases() -> impl Iterator<Item = &'static Case> {
    let files = [
        CASES,
        disk::CASES,
        prepulls::CASES,
        guards::CASES,
        mirrors::CASES,
        state::CASES,
        sweep::CASES,
    ];
    files.into_iter().flatten()
}

fn changed((from, to): (&str, &str)) -> String {
    if from.is_empty() {
        return format!("{BASE}\n{to}");
    }
    assert!(BASE.contains(from), "{from}");
    BASE.replacen(from, to, 1)
}

/// What is wrong with the problems of a case, if anything.
fn verdict(case: &Case) -> Result<(), String> {
    let text = changed(case.change);
    let problems = problems(&text, &Request::default());
    let shown = problems.render(false);
    let [problem] = problems.list.as_slice() else {
        return Err(format!("{:?} expected once in:\n{shown}", case.code));
    };
    let place = &problem.place;
    let skipped = place.text.chars().skip(place.column.expect("a column") as usize - 1);
    let marked: String = skipped.take(place.length as usize).collect();
    let line = text.lines().nth(place.line.expect("a line") as usize - 1);
    let carets = shown.lines().find(|line| line.contains('^')).expect("carets");
    let told = |help: &String| help.contains(case.help);
    for (holds, what) in [
        (problem.code == case.code, "code"),
        (marked == case.marked, "marked text"),
        (line == Some(place.text.as_str()), "line"),
        (carets.matches('^').count() == case.marked.chars().count(), "carets"),
        (problem.message.contains(case.message), "message"),
        (case.help.is_empty() || problem.help.iter().any(told), "help"),
    ] {
        if !holds {
            return Err(format!("{:?}: another {what} expected in:\n{shown}", case.code));
        }
    }
    Ok(())
}

#[test]
fn each_mistake_is_told_at_its_place_with_its_remedy() {
    let wrong: Vec<String> = all_cases().filter_map(|case| verdict(case).err()).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_rendered_problem_reads_like_a_compilers() {
    let text = changed(("replicas = 2", "replicas = 2\nreplica = 2"));
    let text = text.replacen("nodes = 3", "nodes\t=\t\"drei…\"", 1);
    let shown = problems(&text, &Request::default()).render(false);
    assert_eq!(
        shown,
        r#"error[PS0301]: `pool.workers.nodes` does not take the text "drei…"
  --> test.toml:13:9
   |
13 | nodes   =   "drei…"
   |             ^^^^^^^
   = help: it takes a whole number from 0 to 100000

error[PS0202]: `workload.api` has no key `replica`
  --> test.toml:28:1
   |
28 | replica = 2
   | ^^^^^^^
   = help: did you mean `replicas`?
   = help: keys: enabled, kind, pool, replicas, completions, parallelism, duration, start, account,
           init_containers, containers, max_surge, max_unavailable, progress_deadline, startup

2 errors
"#
    );
    assert!(problems(&text, &Request::default()).render(true).contains("\x1b[1;31m"));
    let json = serde_json::to_value(problems(&text, &Request::default())).unwrap();
    assert_eq!(json["list"][0]["code"], "PS0301");
    assert_eq!(json["list"][0]["severity"], "error");
    assert_eq!(json["list"][0]["place"]["line"], 13);
}

#[test]
fn problems_of_flags_and_variants_point_at_them() {
    let set = |sets: &[&str]| Request {
        sets: sets.iter().map(|set| (*set).to_owned()).collect(),
        ..Request::default()
    };
    let shown = problems(BASE, &set(&["seed=7", "pool.workers.nodes=lots"])).render(false);
    let want = "error[PS0301]: `pool.workers.nodes` does not take `lots`\n \
                --> --set 2\n  |\n1 | pool.workers.nodes=lots\n  |                    ^^^^\n";
    assert!(shown.starts_with(want), "{shown}");
    for (set_text, code, help) in [
        ("pool.workers.nodes", Code::BadSet, "path=value"),
        ("pool..nodes=3", Code::BadSet, "dots between"),
        ("pool.wrokers.nodes=3", Code::BadPath, "did you mean `workers`?"),
        ("pool.workers.nodes.x=3", Code::BadPath, "set `pool.workers.nodes` itself"),
        ("variant.x.seed=3", Code::BadPath, "--variant"),
        ("pool.workers.nods=3", Code::UnknownKey, "did you mean `nodes`?"),
        ("pool={}", Code::BadSet, "name a key to set"),
        ("pool.workers={}", Code::BadSet, "name a key to set"),
        ("pool={workers={}}", Code::BadSet, "name a key to set"),
    ] {
        let problems = problems(BASE, &set(&[set_text]));
        assert_eq!(problems.list.len(), 1, "{problems}");
        assert_eq!(problems.list[0].code, code, "{problems}");
        assert_eq!(problems.list[0].place.source, "--set 1");
        assert!(problems.list[0].help.iter().any(|line| line.contains(help)), "{problems}");
    }
    let text = format!("{BASE}\n[variant.big]\npool.workers.nodes = -1\n");
    let big = Request { variants: vec!["big".into()], ..Request::default() };
    for request in [&Request::default(), &big] {
        let problems = problems(&text, request);
        assert_eq!(problems.list.len(), 1, "{problems}");
        assert_eq!(problems.list[0].code, Code::OutOfRange);
        let line = problems.list[0].place.line.unwrap() as usize;
        assert_eq!(text.lines().nth(line - 1), Some("pool.workers.nodes = -1"));
    }
    let both = text.replacen("addresses = 1", "addresses = 0", 1);
    assert_eq!(problems(&both, &Request::default()).list.len(), 2, "the base's and the variant's");
    let small = Request { variants: vec!["bgi".into()], ..Request::default() };
    let problems = problems(&text, &small);
    assert_eq!(problems.list[0].code, Code::UnknownVariant);
    assert!(problems.list[0].help.contains(&"did you mean `big`?".to_owned()), "{problems}");
}

#[test]
fn a_variant_names_a_lever_that_exists() {
    let with =
        |lever: &str| format!("{BASE}\n[variant.big]\npool.workers.nodes = 9\nlever = {lever}");
    let list = |lever: &str| problems(&with(lever), &Request::default()).list;
    assert_eq!(list("\"addresses\""), []);
    let found =
        load_with(&with("\"addresses\""), &Request::default()).map(|it| it.scenario.variants);
    let lever = found.ok().and_then(|it| it[0].lever);
    assert_eq!(lever.map(|it| it.id), Some("addresses"));
    let [problem] = &list("\"adresses\"")[..] else { panic!("one problem") };
    assert_eq!(problem.code, Code::UnknownWord);
    assert_eq!(problem.message, "`adresses` is not a lever");
    assert!(problem.help.contains(&"did you mean `addresses`?".to_owned()), "{problem:?}");
    assert!(problem.help.iter().any(|it| it.starts_with("levers: authenticate, ")), "{problem:?}");
    let [problem] = &list("3")[..] else { panic!("one problem") };
    assert_eq!(problem.code, Code::WrongType);
    assert!(problem.message.starts_with("`variant.big.lever` takes text"), "{problem:?}");
}

#[test]
fn a_misspelt_key_is_not_told_as_a_missing_one_too() {
    let text = BASE.replacen("nodes = 3", "nodse = 3", 1);
    let list = problems(&text, &Request::default()).list;
    let codes: Vec<_> = list.iter().map(|it| it.code).collect();
    assert_eq!(codes, [Code::UnknownKey]);
    // A key that is like none of the missing ones explains nothing.
    let text = BASE.replacen("nodes = 3", "colour = 3", 1);
    let list = problems(&text, &Request::default()).list;
    let codes: Vec<_> = list.iter().map(|it| it.code).collect();
    assert_eq!(codes, [Code::MissingKey, Code::UnknownKey]);
}

#[test]
fn bounds_on_the_whole_run_are_held() {
    let text = changed(("replicas = 2", "replicas = 2000000"))
        + "[workload.b]\nkind = \"daemonset\"\npool = \"workers\"\n\
         containers = [{ image = \"api\" }]\n";
    let many = problems(&text, &Request::default());
    assert_eq!(many.list.len(), 1, "{many}");
    assert_eq!(many.list[0].code, Code::TooMuch);
    assert!(many.list[0].message.contains("2000003 pods"), "{many}");
    let text = "#".repeat((4 << 20) + 1);
    let large = problems(&text, &Request::default());
    assert_eq!(large.list.len(), 1);
    assert_eq!(large.list[0].code, Code::TooLarge);
}

#[test]
fn six_mistakes_of_six_kinds_are_told_at_once() {
    let text = BASE
        .replacen("horizon = \"6h\"", "horizon = 6", 1)
        .replacen("addresses = 1", "adresses = 1", 1)
        .replacen("nodes = 3", "nodes = 300000", 1)
        .replacen("from = \"base\"", "from = \"bsae\"", 1)
        .replacen("kind = \"deployment\"", "kind = \"statefulset\"", 1)
        + "[expect]\nready = \"< 5m\"\n";
    let problems = problems(&text, &Request::default());
    let codes: Vec<Code> = problems.list.iter().map(|problem| problem.code).collect();
    assert_eq!(
        codes,
        [
            Code::BareNumber,
            Code::UnknownKey,
            Code::OutOfRange,
            Code::UnknownName,
            Code::UnknownWord,
            Code::UnknownMetric
        ],
        "{problems}"
    );
}

#[test]
fn every_code_has_a_case_and_a_number_of_its_own() {
    let elsewhere = [
        Code::UnknownVariant,
        Code::BadSet,
        Code::BadPath,
        Code::TooLarge,
        Code::TooMuch,
        // Beside `SourceFile::decode`, which meets it.
        Code::Encoding,
    ];
    for code in Code::ALL {
        let shown = all_cases().any(|case| case.code == *code) || elsewhere.contains(code);
        assert!(shown, "{code:?}");
    }
    let mut numbers: Vec<&str> = Code::ALL.iter().map(|code| code.number()).collect();
    numbers.dedup();
    assert_eq!(numbers.len(), Code::ALL.len());
    assert!(numbers.is_sorted());
}
