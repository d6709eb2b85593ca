use super::*;

#[test]
fn the_figures_of_wrong_architecture_are_those_of_its_golden_file() {
    hold_golden("wrong-architecture");
}

/// What others see are 429s; without the three pods there are none.
#[test]
fn three_pods_that_fail_for_another_reason_spend_everybodys_pulls() {
    let base = base("wrong-architecture");
    assert!(!in_time(base));
    let others = ["workload.logging", "workload.metrics", "workload.audit", "workload.web"];
    for workload in others {
        let failed = of(base, workload, "pull_failures");
        let throttled = of(base, workload, "pull_failures_by_cause.anonymous-pulls");
        assert!(0.0 < failed && failed < throttled + 0.5, "{workload}");
    }
    assert!(3.0 * failed_by(base, "platform-missing") < failed_by(base, "anonymous-pulls"));
    for variant in ["multi-arch-image", "node-selector"] {
        let other = run("wrong-architecture", variant, &[]);
        assert!(in_time(&other) && never(&other) < 0.5, "{variant}");
        assert!(of(&other, "run", "pull_failures") < 0.5, "{variant}");
        assert!(50.0 * lost(&other) < lost(base), "{variant}: {}", lost(&other));
    }
}

/// Each retry asks for the index, half a unit, and finds no manifest to go on with; a HEAD is free.
#[test]
fn a_failed_retry_costs_half_a_unit() {
    let base = base("wrong-architecture");
    let alone = run("wrong-architecture", "account-for-the-agent", &[]);
    let agents = of(&alone, "workload.audit", "pull_attempts");
    let failed = failed_by(&alone, "platform-missing");
    let spent = of(&alone, "run", "limit_units_spent.personal-pulls");
    assert!((spent - agents - 0.5 * failed).abs() < 0.01, "{spent} {agents} {failed}");
    // Without the units it costs, the same retries hurt nobody.
    let free = ["registry.docker-hub.limit.anonymous-pulls.weight.index=0"];
    let without = run("wrong-architecture", "", &free);
    assert!(in_time(&without) && is_the_only_cause(&without, "platform-missing"));
    assert!(failed_by(base, "platform-missing") < failed_by(&without, "platform-missing"));
}

#[test]
fn an_account_hides_the_pods_and_leaves_them_waiting() {
    for variant in ["account", "account-for-the-agent"] {
        let other = run("wrong-architecture", variant, &[]);
        assert!(in_time(&other) && is_the_only_cause(&other, "platform-missing"), "{variant}");
        assert!((never(&other) - 3.0).abs() < 0.01, "{variant}");
    }
}

#[test]
fn deleting_the_pods_makes_it_worse_and_a_second_address_does_not_mend_it() {
    let base = base("wrong-architecture");
    let first = |it: &Summary| of(it, "run", "first_rejection_seconds");
    let deleted = run("wrong-architecture", "delete-pods", &[]);
    assert!(first(&deleted) + 600.0 < first(base));
    assert!(lost(base) < lost(&deleted));
    let two = run("wrong-architecture", "two-addresses", &[]);
    assert!(lost(&two) < 0.7 * lost(base));
}

#[test]
fn without_the_handful_of_pods_nothing_fails_and_with_one_of_them_little_does() {
    let none = run("wrong-architecture", "", &["pool.arm.nodes=0"]);
    assert!(in_time(&none) && of(&none, "run", "pull_failures") < 0.5);
    let one = run("wrong-architecture", "", &["pool.arm.nodes=1"]);
    let base = base("wrong-architecture");
    assert!(5.0 * failed_by(&one, "anonymous-pulls") < failed_by(base, "anonymous-pulls"));
}

/// Without an index nothing tells the node before it has the whole image, and after that it does
/// not pull again.
#[test]
fn an_image_without_an_index_is_pulled_once_and_does_not_run() {
    let text = library::find("wrong-architecture").unwrap();
    let index = text.lines().find(|it| it.starts_with("index ")).unwrap();
    let file = SourceFile { name: "no-index.toml".into(), text: text.replace(index, "") };
    let scenario = load(&file, &Request::default()).unwrap().scenario;
    let crew = Crew::new(0).unwrap();
    let outcomes = crew.replicate(&scenario.spec, 0..REPLICATIONS, Shown::NOTHING, &|_| {});
    let summary = summarise(&scenario, &outcomes);
    assert!(of(&summary, "run", "pull_failures") < 0.5);
    assert!((never(&summary) - 3.0).abs() < 0.01);
}
