use std::fs;

use super::*;
use crate::report::synthetic;

fn drawn(detail: &Detail) -> Vec<(&'static str, String)> {
    let caption = "simulated by Pullstorm 0.1.0 · scenario synthetic · variant calm · seed 42";
    figures(detail, caption).iter().map(|it| (it.name, canvas::svg(it).unwrap())).collect()
}

/// Draws the charts where someone can look at them: `PULLSTORM_CHARTS=DIR cargo test look_at`.
#[test]
fn look_at_the_charts_of_a_storm() {
    let Some(folder) = std::env::var_os("PULLSTORM_CHARTS") else { return };
    let stuck = synthetic::storm(3_000, 3_000);
    for (name, detail) in [
        ("storm", synthetic::storm(300, 900)),
        ("stuck", stuck),
        ("tiny", synthetic::tiny_detail()),
        ("empty", Detail::default()),
    ] {
        let folder = Path::new(&folder).join(name);
        create_folder(&folder).unwrap();
        for figure in figures(&detail, "simulated by Pullstorm · scenario synthetic · seed 42") {
            write(&folder, &figure).unwrap();
        }
    }
}

#[test]
fn charts_have_the_same_bytes_every_time_and_stay_small() {
    let detail = synthetic::storm(1_000, 3_000);
    let (first, second) = (drawn(&detail), drawn(&detail));
    assert!(first == second);
    for (name, svg) in first {
        assert!(svg.len() < 300_000, "{name} has {} bytes", svg.len());
        assert!(svg.contains("seed 42"), "{name}");
        assert!(svg.ends_with("</svg>\n"), "{name}");
    }
}

#[test]
fn charts_have_the_names_by_which_old_ones_are_removed() {
    let names: Vec<_> = figures(&Detail::default(), "").iter().map(|it| it.name).collect();
    assert_eq!(names, NAMES);
}

#[test]
fn a_chart_without_data_says_so() {
    for (name, svg) in drawn(&Detail::default()) {
        assert!(svg.contains("nothing to show"), "{name}");
    }
}

#[test]
fn both_formats_are_written_whole() {
    let folder = std::env::temp_dir().join(format!("pullstorm-charts-{}", std::process::id()));
    create_folder(&folder).unwrap();
    let detail = synthetic::tiny_detail();
    for figure in figures(&detail, "") {
        write(&folder, &figure).unwrap();
    }
    let mut names: Vec<_> =
        fs::read_dir(&folder).unwrap().map(|it| it.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names.len(), 2 * NAMES.len());
    assert!(names.iter().all(|it| !it.to_string_lossy().starts_with('.')));
    let png = fs::read(folder.join("requests.png")).unwrap();
    assert_eq!(&png[1..4], b"PNG");
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn the_share_ready_is_that_of_all_pods_that_exist() {
    let detail = synthetic::tiny_detail();
    let figure = ready::figure(&detail, Window::of(&detail));
    let points = figure.marks.iter().find_map(|it| match it {
        figure::Mark::Steps { points, .. } => Some(points.clone()),
        _ => None,
    });
    // Three pods, one of which ran before: none, then one, then two of them are ready.
    assert_eq!(points.unwrap(), [(0.0, 0.0), (10.0, 1.0 / 3.0), (20.0, 2.0 / 3.0)]);
}

#[test]
fn image_pullers_are_no_pods_that_wait() {
    let mut detail = synthetic::tiny_detail();
    detail.pullers = detail.workloads.clone();
    let figure = ready::figure(&detail, Window::of(&detail));
    assert_eq!(figure.empty, Some("no pod was created"));
    detail.workloads.push("web".into());
    detail.pods[0].workload = 1;
    let figure = ready::figure(&detail, Window::of(&detail));
    assert!(figure.subtitle.starts_with("1 pods created, 1 became ready, 0 never did"));
}

#[test]
fn levels_are_said_to_be_samples() {
    let window = |bin_seconds| Window { bin_seconds, bins: 6 };
    assert_eq!(window(10).sampling("least"), "sampled every 10s");
    assert_eq!(window(50).sampling("least"), "sampled every 10s, the least in each 50s");
}
