use super::*;

use pullstorm::experiment::{End, What, WhatNow, what_now};

/// The measures that let waiting pods try at once.
const AT_ONCE: [&str; 2] = ["delete-pods", "restart-kubelets"];
const ALONE: &str = "background.ci-runners.enabled=false";

fn clear(variant: &str, sets: &[&str]) -> f64 {
    of(&run("mid-storm", variant, sets), "run", "clear_seconds")
}

fn answer(sets: &[&str]) -> WhatNow {
    let base = loaded("mid-storm", "", sets).scenario;
    let of = |name: &String| loaded("mid-storm", name, sets).scenario;
    let names: Vec<String> = base.variants.iter().map(|it| it.name.clone()).collect();
    let variants: Vec<_> = names.iter().map(of).collect();
    what_now(&Crew::new(0).unwrap(), &base, &variants, REPLICATIONS).expect("nobody ends it")
}

#[test]
fn the_figures_of_mid_storm_are_those_of_its_golden_file() {
    hold_golden("mid-storm");
}

/// 80 pulls wait, and 100 units come back evenly over six hours: the 80th after at least
/// 80 / 100 × 6 h, and not much later, the runners taking little.
#[test]
fn the_last_pod_is_up_when_the_last_unit_that_it_needs_has_come_back() {
    let clears = of(base("mid-storm"), "run", "clear_seconds");
    assert!(17_172.0 < clears && clears < 1.08 * 17_172.0, "{clears}");
    let newest = clear("", &["state.limit.anonymous-pulls.history=newest"]);
    assert!(21_600.0 < newest && newest < 21_600.0 + 400.0, "{newest}");
    let oldest = clear("", &["state.limit.anonymous-pulls.history=oldest"]);
    assert!((270.0..340.0).contains(&oldest), "the rest of the windows: {oldest}");
}

#[test]
fn who_is_in_step_leaves_what_comes_back_to_others() {
    let calm = clear("", &[]);
    for variant in AT_ONCE {
        let later = clear(variant, &[]) - calm;
        assert!((600.0..3_600.0).contains(&later), "{variant}: {later}");
    }
    assert!(clear("stop-the-others", &[]) < calm);
    // Nobody else is there to take it.
    let alone = clear("", &[ALONE]);
    assert!(clear("delete-pods", &[ALONE]) < alone + 15.0);
    assert!(clear("restart-kubelets", &[ALONE]) < alone + 600.0);
}

#[test]
fn trying_at_once_helps_where_something_is_left_and_harms_nobody_where_all_comes_back_at_once() {
    let some = "state.limit.anonymous-pulls.remaining=90";
    let fixed = "registry.docker-hub.limit.anonymous-pulls.law=fixed-window";
    let (calm, window) = (clear("", &[some]), clear("", &[fixed]));
    for variant in AT_ONCE {
        let tried = clear(variant, &[some]);
        assert!(tried < 90.0 && 270.0 < calm, "{variant}: {tried} and {calm}");
        let tried = clear(variant, &[fixed]);
        assert!((tried - window).abs() < 60.0, "{variant}: {tried} and {window}");
    }
}

#[test]
fn nothing_clears_by_itself_where_refused_pulls_count() {
    let counted = "registry.docker-hub.limit.anonymous-pulls.rejected_consume=true";
    assert!(clear("", &[counted]).is_infinite());
}

#[test]
fn an_account_or_own_copies_take_the_rest_of_the_back_off_window_and_jitter_nothing_at_all() {
    for variant in ["node-account", "own-copies"] {
        assert!((270.0..340.0).contains(&clear(variant, &[])), "{variant}");
    }
    let calm = clear("", &[]);
    assert!((clear("jitter", &[]) - calm).abs() < 1e-6);
    assert!(clear("second-address", &[]) < 0.6 * calm);
}

#[test]
fn what_now_ranks_marks_harm_and_says_what_the_answer_hangs_on() {
    let it = answer(&[]);
    let names: Vec<&str> = it.variants.iter().filter_map(|it| it.variant.as_deref()).collect();
    assert_eq!(names[..4], ["own-copies", "node-account", "second-address", "stop-the-others"]);
    assert_eq!(names.last(), Some(&"jitter"), "what no released software has comes last");
    for way in &it.variants {
        let name = way.variant.as_deref().unwrap_or_default();
        assert_eq!(way.verdict.is_harm(), AT_ONCE.contains(&name), "{way:?}");
        assert_eq!(way.is_what_if, name == "jitter");
        assert!(way.range.from <= way.clear && way.clear <= way.range.to, "{way:?}");
        if AT_ONCE.contains(&name) {
            let [(End::Early, verdict)] = way.turns[..] else { panic!("{way:?}") };
            assert!(!verdict.is_harm());
        }
    }
    let [open] = &it.open[..] else { panic!("{:?}", it.open) };
    assert_eq!((&open.what, open.limit.as_str()), (&What::History, "anonymous-pulls"));
    assert!(open.early < 340.0 && 21_600.0 < open.late);
    assert!(it.nothing.range.from <= open.early && open.late <= it.nothing.range.to);
    assert!(it.nothing.range.from < it.luck.from && it.luck.to < it.nothing.range.to);
}

#[test]
fn what_the_scenario_says_is_not_open() {
    let known = answer(&["state.limit.anonymous-pulls.history=newest"]);
    assert_eq!((known.open.len(), known.nothing.range), (0, known.luck));
    assert!(known.variants.iter().all(|it| it.turns.is_empty()));
    let window = answer(&["registry.docker-hub.limit.anonymous-pulls.law=fixed-window"]);
    let [open] = &window.open[..] else { panic!("{:?}", window.open) };
    assert_eq!(open.what, What::Window);
    assert!(open.early < 340.0 && 21_600.0 < open.late);
}
