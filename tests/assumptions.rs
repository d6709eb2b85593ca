//! What the scenarios take for granted and nobody could verify, with its other readings.

use pullstorm::scenario::{self, Assumption, Loaded, Request, Scenario, SourceFile, library};
use pullstorm::units::{Bandwidth, Bytes, Share, Span};

const HUB: &str = "registry.docker-hub";

fn load(name: &str, variant: Option<&str>, sets: &[String]) -> Scenario {
    let text = library::find(name).unwrap_or_default().to_owned();
    let file = SourceFile { name: format!("{name}.toml"), text };
    let request = Request {
        variants: variant.into_iter().map(str::to_owned).collect(),
        sets: sets.to_vec(),
        ..Request::default()
    };
    let loaded = scenario::load(&file, &request);
    let Loaded { scenario, .. } =
        loaded.unwrap_or_else(|problems| panic!("{name} {variant:?} {sets:?}: {problems}"));
    scenario
}

fn find<'a>(all: &'a [Assumption], label: &str) -> Option<&'a Assumption> {
    all.iter().find(|it| it.label == label)
}

fn labels(all: &[Assumption]) -> Vec<&str> {
    all.iter().map(|it| &*it.label).collect()
}

/// Whether two texts are the same value, spelt alike or not.
fn is_same(a: &str, b: &str) -> bool {
    let spans = a.parse::<Span>().ok().zip(b.parse().ok()).is_some_and(|(a, b)| a == b);
    let bytes = a.parse::<Bytes>().ok().zip(b.parse().ok()).is_some_and(|(a, b)| a == b);
    let rates = a.parse::<Bandwidth>().ok().zip(b.parse().ok()).is_some_and(|(a, b)| a == b);
    let shares = a.parse::<Share>().ok().zip(b.parse().ok()).is_some_and(|(a, b)| a == b);
    a == b || spans || bytes || rates || shares
}

/// Holds that a value which was set is in force; of a table, every key.
fn hold_in_force(scenario: &Scenario, set: &str) {
    let Some((path, value)) = set.split_once('=') else { panic!("{set}") };
    let found = |path: &str| scenario.parameters.iter().find(|it| it.path == path);
    let table = value.strip_prefix('{').and_then(|it| it.strip_suffix('}'));
    let Some(table) = table else {
        let found = found(path);
        let shown = found.map_or("", |it| &it.value);
        assert!(is_same(shown, value), "{set}: {shown}");
        assert_eq!(found.map(|it| &*it.origin), Some("--set"), "{set}");
        return;
    };
    for pair in table.split(',') {
        let Some((key, value)) = pair.split_once('=') else { panic!("{set}") };
        let found = found(&format!("{path}.{}", key.trim()));
        assert_eq!(found.map(|it| &*it.value), Some(value.trim()), "{set}");
    }
}

#[test]
fn every_reading_of_every_story_loads_and_is_in_force() {
    for (name, _) in library::all() {
        let base = load(name, None, &[]);
        let all = base.assumptions();
        assert!(!all.is_empty(), "{name}");
        for it in &all {
            for reading in &it.readings {
                let sets = it.sets(reading, &base);
                assert_eq!(sets.len(), it.paths.len(), "{name} {}", it.label);
                assert!(!is_same(&it.value, reading), "{name} {}: {reading}", it.label);
                let other = load(name, None, &sets);
                for set in &sets {
                    hold_in_force(&other, set);
                }
                let [as_is, changed] = [&base, &other].map(|it| format!("{:?}", it.spec));
                assert_ne!(as_is, changed, "{name}: {sets:?} change nothing");
            }
        }
    }
}

/// Mirrors, pre-pulls and other ways out are there in variants alone: what they take for granted is
/// found beside the base's, and each variant takes the readings that mean something in it.
#[test]
fn variants_take_the_readings_of_the_whole_story_that_mean_something_there() {
    for (name, _) in library::all() {
        let base = load(name, None, &[]);
        let variants: Vec<&str> = base.variants.iter().map(|it| &*it.name).collect();
        let loaded: Vec<Scenario> = variants.iter().map(|it| load(name, Some(it), &[])).collect();
        let together: Vec<&Scenario> = loaded.iter().chain([&base]).collect();
        let all = Assumption::of(&together);
        for own in together.iter().map(|it| it.assumptions()) {
            let paths: Vec<&String> = own.iter().flat_map(|it| &it.paths).collect();
            assert!(
                paths.iter().all(|path| all.iter().any(|it| it.paths.contains(path))),
                "{name}"
            );
        }
        for (variant, scenario) in variants.iter().zip(&loaded) {
            for it in &all {
                // One reading each: the others differ from it in their value alone.
                let sets: Vec<String> =
                    it.readings.iter().take(1).flat_map(|at| it.sets(at, scenario)).collect();
                if !sets.is_empty() {
                    load(name, Some(variant), &sets);
                }
            }
        }
    }
}

#[test]
fn what_rests_on_one_fact_is_one_assumption() {
    let all = load("spot-churn", None, &[]).assumptions();
    let law = find(&all, &format!("{HUB}.limit.{{anonymous-pulls,personal-pulls}}.law"));
    assert_eq!(law.map(|it| it.readings.as_slice()), Some(["fixed-window".to_owned()].as_slice()));
    assert!(find(&all, &format!("{HUB}.limit.abuse.law")).is_some());
    let images = find(&all, "image.*.config").map_or(0, |it| it.paths.len());
    assert_eq!(images, 10, "each of the story's images, as none says how large its config is");
}

#[test]
fn the_counter_of_docker_hub_is_one_assumption_and_its_weights_are_none() {
    let all = load("spot-churn", None, &[]).assumptions();
    let counting = find(&all, &format!("{HUB}.counting"));
    assert_eq!(counting.map(|it| (&*it.value, it.readings.len())), Some(("2020-counter", 2)));
    assert!(!labels(&all).iter().any(|it| it.contains("weight")), "{:?}", labels(&all));
    // Whoever names a reading has decided; so has who writes the weights of both limits.
    let weight = |limit: &str| format!("{HUB}.limit.{limit}.weight.single=1");
    for (sets, stays) in [
        (vec![format!("{HUB}.counting=2024-text")], false),
        (vec![weight("anonymous-pulls")], true),
        (vec![weight("anonymous-pulls"), weight("personal-pulls")], false),
    ] {
        let all = load("spot-churn", None, &sets).assumptions();
        assert_eq!(find(&all, &format!("{HUB}.counting")).is_some(), stays, "{sets:?}");
    }
}

#[test]
fn what_somebody_wrote_or_switched_off_is_no_assumption() {
    let all = load("spot-churn", None, &[]).assumptions();
    for part in ["mirror.", ".token-requests.allow", ".choose"] {
        assert!(!labels(&all).iter().any(|it| it.contains(part)), "{part}");
    }
    let switch = format!("{HUB}.limit.token-requests.enabled");
    assert!(find(&all, &switch).is_some());
    let on = load("spot-churn", None, &[format!("{switch}=true")]).assumptions();
    assert!(find(&on, &switch).is_none());
    assert!(find(&on, &format!("{HUB}.limit.token-requests.allow")).is_some());
    let mirror = load("spot-churn", Some("mirror"), &[]).assumptions();
    assert!(find(&mirror, "mirror.cache.server_time").is_some());
    let abuse = format!("{HUB}.limit.abuse.enabled=false");
    let without = load("spot-churn", None, &[abuse]).assumptions();
    assert!(!labels(&without).iter().any(|it| it.contains("abuse")));
    let gateway = load("spot-churn", None, &["egress.nat.preset=gcp-cloud-nat".into()]);
    assert!(!labels(&gateway.assumptions()).iter().any(|it| it.contains("ports")));
    // The value that was the default is an answer as well, once it is written.
    let boot = load("spot-churn", None, &["pool.spot.boot=90s".into()]).assumptions();
    assert!(find(&all, "pool.spot.boot").is_some() && find(&boot, "pool.spot.boot").is_none());
}

/// Every parameter that is marked in `manifest.json` belongs to an assumption, unless a reading of
/// it means nothing.
#[test]
fn assumptions_cover_what_the_manifest_marks() {
    for (name, _) in library::all() {
        let scenario = load(name, None, &[]);
        let all = scenario.assumptions();
        let paths: Vec<&str> =
            all.iter().flat_map(|it| it.paths.iter().map(String::as_str)).collect();
        for it in scenario.parameters.iter().filter(|it| it.is_unverified()) {
            let (registry, _) = it.path.split_once(".limit.").unwrap_or(("", ""));
            let counting = format!("{registry}.counting");
            let is_one = paths.iter().any(|path| {
                it.path == *path || it.path.starts_with(&format!("{path}.")) || *path == counting
            });
            let is_idle = [".choose", ".unpacked_ratio"].iter().any(|end| it.path.ends_with(end));
            assert!(is_one || is_idle, "{name}: {}", it.path);
        }
    }
}
