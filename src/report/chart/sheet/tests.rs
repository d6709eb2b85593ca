use std::fs;
use std::path::PathBuf;

use super::axis::Axis;
use super::layout::Laid;
use super::*;
use crate::report::chart::canvas::{self, Drawing, FINE, caption_lines, width};
use crate::report::chart::palette;
use plotters::style::text_anchor::HPos;

fn svg(sheet: &Sheet) -> String {
    canvas::svg(&Laid::of(sheet).unwrap()).unwrap()
}

/// Draws the sheets where someone can look at them: `PULLSTORM_CHARTS=DIR cargo test look_at`.
#[test]
fn look_at_the_sheets() {
    let Some(folder) = std::env::var_os("PULLSTORM_CHARTS") else { return };
    let folder = PathBuf::from(folder).join("sheets");
    for sheet in examples::all() {
        write_sheet(&folder, &sheet).unwrap();
    }
}

/// Left, right, top and bottom of a text.
fn extent(it: &layout::Set) -> (i32, i32, i32, i32) {
    let width = width(&it.text, it.letters).unwrap();
    let left = match it.letters.anchor {
        HPos::Left => it.at.0,
        HPos::Right => it.at.0 - width,
        HPos::Center => it.at.0 - width / 2,
    };
    let half = it.letters.size * FINE / 2;
    (left, left + width, it.at.1 - half, it.at.1 + half)
}

#[test]
fn texts_stay_on_the_sheet_and_never_touch_each_other() {
    for sheet in examples::all() {
        let laid = Laid::of(&sheet).unwrap();
        let (wide, high) = (laid.size().0 * FINE, laid.size().1 * FINE);
        let texts: Vec<_> = laid.texts.iter().filter(|it| !it.text.is_empty()).collect();
        for (position, it) in texts.iter().enumerate() {
            let (left, right, top, bottom) = extent(it);
            let inside = 0 <= left && right <= wide && 0 <= top && bottom <= high;
            assert!(inside, "{}: {}", sheet.name, it.text);
            for other in &texts[position + 1..] {
                let (a, b, c, d) = extent(other);
                let apart = right <= a || b <= left || bottom <= c || d <= top;
                assert!(apart, "{}: {} and {}", sheet.name, it.text, other.text);
            }
        }
        for line in caption_lines(&sheet.caption, wide - 40 * FINE).unwrap() {
            assert!(width(&line, canvas::Letters::CAPTION).unwrap() < wide, "{}", sheet.name);
        }
        assert!((100..1_500).contains(&laid.height), "{} is {} high", sheet.name, laid.height);
    }
}

#[test]
fn sheets_have_the_same_bytes_every_time_say_what_was_simulated_and_stay_small() {
    for (first, second) in examples::ordinary().iter().zip(&examples::ordinary()) {
        let drawn = svg(first);
        assert!(drawn == svg(second), "{}", first.name);
        assert!(drawn.len() < 300_000, "{} has {} bytes", first.name, drawn.len());
        let caption = format!(
            "simulated by Pullstorm {VERSION} · scenario spot-churn · seed 42 · 20 replications"
        );
        assert!(first.caption.starts_with(&caption), "{}", first.caption);
        assert!(drawn.contains(&caption), "{}", first.name);
    }
}

#[test]
fn a_sheet_is_written_to_both_formats_and_cleared_by_its_name() {
    let folder = std::env::temp_dir().join(format!("pullstorm-sheets-{}", std::process::id()));
    let sheet = examples::ranking("ranking", 3, 1.0, "").sheet();
    write_sheet(&folder, &sheet).unwrap();
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 2);
    assert_eq!(&fs::read(folder.join("ranking.png")).unwrap()[1..4], b"PNG");
    assert!(fs::read_to_string(folder.join("ranking.svg")).unwrap().ends_with("</svg>\n"));
    clear_sheet(&folder, sheet.name()).unwrap();
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
    clear_sheet(&folder, "never-written").unwrap();
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_sheet_without_data_says_so() {
    let mut lines = examples::lines("lines", &["1", "2"], 1, 1.0);
    lines.series.clear();
    let mut heat = examples::heat("heat", (2, 2), 1);
    heat.maps.clear();
    let mut tornado = examples::tornado("tornado", 2);
    tornado.base = Value::Never;
    let mut multiples = examples::multiples("multiples", 1, 2);
    multiples.base.points.clear();
    multiples.variants.clear();
    let sheets = [
        (examples::ranking("a", 0, 1.0, "").sheet(), "there is no variant to compare"),
        (multiples.sheet(), "nothing changes over time"),
        (examples::stack("b", 0).sheet(), "there is no mitigation to stack"),
        (lines.sheet(), "no point of the sweep has a value"),
        (heat.sheet(), "no point of the sweep has a value"),
        (tornado.sheet(), "the base has no value to vary around"),
        (examples::curve("c", &[], None).sheet(), "no value was tried"),
    ];
    for (sheet, why) in sheets {
        assert!(svg(&sheet).contains(&format!("nothing to show: {why}")), "{}", sheet.name);
    }
}

#[test]
fn numbers_that_are_none_are_not_drawn() {
    let mut ranking = examples::ranking("ranking", 2, 1.0, "");
    let by = Interval::around(f64::NAN, Some(f64::INFINITY));
    let verdict = Evidence::Better;
    ranking.rows[0].effect = Effect::Difference { by, relative: Some(f64::NAN), verdict };
    let sheet = ranking.sheet();
    assert!(sheet.subtitle.contains("1 without a difference"), "{}", sheet.subtitle);
    assert!(!svg(&sheet).contains("NaN"));
}

/// The marks of the only panel.
fn marks(sheet: &Sheet) -> &[Mark] {
    assert_eq!(sheet.panels.len(), 1);
    &sheet.panels[0].marks
}

fn labels(sheet: &Sheet) -> Vec<&str> {
    sheet.legend.iter().map(|it| it.label.as_str()).collect()
}

#[test]
fn a_ranking_shows_every_variant_its_verdict_and_why_one_has_no_difference() {
    let row = |name: &str, at: f64, verdict| Row {
        name: name.into(),
        is_what_if: name == "jitter",
        effect: Effect::Difference {
            by: Interval::around(at, Some(10.0)),
            relative: Some(at / 200.0),
            verdict,
        },
    };
    let mut ranking = examples::ranking("ranking", 0, 1.0, "pod-minutes");
    ranking.rows = vec![
        row("mirror", -150.0, Evidence::Better),
        row("jitter", 4.0, Evidence::NoEvidence),
        row("restart", 80.0, Evidence::Worse),
    ];
    ranking.rows.push(Row {
        name: "gone".into(),
        is_what_if: false,
        effect: Effect::Unknown("never in 2 of 20 replications".into()),
    });
    let sheet = ranking.sheet();
    assert_eq!(
        sheet.subtitle,
        "1 of 4 better than base, 1 worse, 1 without evidence, 1 without a difference; \
         first: mirror with -150"
    );
    assert_eq!(labels(&sheet), ["better", "worse", "no evidence", "95 % interval"]);
    let names: Vec<&str> = sheet.panels[0].up.ticks.iter().map(|it| it.1.as_str()).collect();
    assert_eq!(names, ["mirror", "jitter (what-if)", "restart", "gone"]);
    let dots = marks(&sheet).iter().filter_map(|it| match it {
        Mark::Dot { at, hollow, colour, .. } => Some((at.0, *hollow, *colour)),
        _ => None,
    });
    let dots: Vec<_> = dots.collect();
    let (blue, red) = (palette::BLUE, palette::VERMILION);
    assert_eq!(dots, [(-150.0, false, blue), (4.0, true, palette::GREY), (80.0, false, red)]);
    let drawn = svg(&sheet);
    for text in ["-150 [-160, -140]", "-75%", "+40%", "never in 2 of 20", "← better"] {
        assert!(drawn.contains(text), "{text}");
    }
    assert!(sheet.caption.ends_with("what-if: in no released software"));
}

#[test]
fn multiples_repeat_the_base_on_the_same_axes_and_say_how_many_are_left_out() {
    let sheet = examples::multiples("multiples", 14, 100).sheet();
    assert_eq!(sheet.panels.len(), 12);
    assert!(sheet.caption.contains("11 of 14 variants, 3 left out"), "{}", sheet.caption);
    let steps = |it: &Panel| it.marks.iter().filter(|it| matches!(it, Mark::Steps { .. })).count();
    assert_eq!(
        sheet.panels.iter().map(steps).collect::<Vec<_>>(),
        [[1].as_slice(), &[2; 11]].concat()
    );
    let ends = |it: &Axis| (it.from.to_bits(), it.to.to_bits());
    for it in &sheet.panels {
        assert_eq!(ends(&it.up), ends(&sheet.panels[0].up));
        assert_eq!(ends(&it.across), ends(&sheet.panels[0].across));
    }
}

#[test]
fn thinned_levels_keep_their_peaks() {
    let mut multiples = examples::multiples("multiples", 0, 5_000);
    multiples.base.points[3_333].1 = 9_999.0;
    let sheet = multiples.sheet();
    let Mark::Steps { points, .. } = &marks(&sheet)[0] else { panic!("no steps") };
    assert!(points.len() <= 480);
    assert!(points.iter().any(|it| it.1.total_cmp(&9_999.0).is_eq()));
    assert!(sheet.caption.contains("highest level in each 15s"), "{}", sheet.caption);
}

#[test]
fn a_stack_compares_the_sum_with_what_all_save_together() {
    let sheet = examples::stack("stack", 2).sheet();
    assert_eq!(
        sheet.subtitle,
        "all together save 1,480 of 2,310; what each saves alone adds up to 1,540; \
         without lever-0 most is lost, 420"
    );
    let bars = marks(&sheet).iter().filter_map(|it| match it {
        Mark::Bar { to, .. } => Some(*to as i64),
        _ => None,
    });
    assert_eq!(bars.collect::<Vec<_>>(), [1_480, 1_540, 900, 420, 640, 330]);
    // One without a value has no bar, and there is no sum.
    let sheet = examples::stack("stack", 4).sheet();
    assert!(!sheet.subtitle.contains("adds up"));
    assert!(svg(&sheet).contains("never: no saving to show"));
}

#[test]
fn lines_show_every_point_also_those_without_a_value() {
    let labels_of = ["50", "100", "200", "300"];
    let sheet = examples::lines("lines", &labels_of, 3, 60.0).sheet();
    let (mut dots, mut hollow, mut arrows, mut crosses) = (0, 0, 0, 0);
    for it in marks(&sheet) {
        match it {
            Mark::Dot { marker: Marker::Cross, .. } => crosses += 1,
            Mark::Dot { hollow: true, .. } => hollow += 1,
            Mark::Dot { .. } => dots += 1,
            Mark::Beyond { .. } => arrows += 1,
            _ => {}
        }
    }
    assert_eq!((arrows, crosses), (1, 1));
    assert_eq!(dots + hollow + arrows + crosses, 12);
    // 4m, 4m12s, 5m24s and 5m48s are not below 4m.
    assert_eq!(hollow, 4);
    assert!(labels(&sheet).contains(&"demand < 4m"));
    assert!(!sheet.panels[0].across.is_named);
    // Over more than two decades, equal ratios are equal distances.
    let sheet = examples::lines("lines", &["1", "10", "1,000"], 1, 60.0).sheet();
    assert!(sheet.panels[0].across.is_log);
    let sheet = examples::lines("lines", &["a", "b"], 1, 60.0).sheet();
    assert!(sheet.panels[0].across.is_named);
}

#[test]
fn a_heat_map_draws_the_edge_between_failing_and_holding_cells() {
    let cell =
        |at: f64| Cell { value: Value::Known(Interval::around(at, None)), holds: Some(at < 5.0) };
    let mut heat = examples::heat("heat", (2, 2), 1);
    // From the bottom up: 1 2 / 3 9.
    heat.maps[0].cells = [1.0, 2.0, 3.0, 9.0].map(cell).to_vec();
    let sheet = heat.sheet();
    let Mark::Edges(edges) = &marks(&sheet)[1] else { panic!("no edges") };
    let found: Vec<_> = edges
        .iter()
        .map(|it| (it.from, it.to, matches!(it.holding, Side::Left | Side::Below)))
        .collect();
    assert_eq!(found, [((1.0, 1.0), (2.0, 1.0), true), ((1.0, 1.0), (1.0, 2.0), true)]);
    let Mark::Cells(cells) = &marks(&sheet)[0] else { panic!("no cells") };
    let Fill::Colour(least) = cells[0].fill else { panic!("no colour") };
    let Fill::Colour(most) = cells[3].fill else { panic!("no colour") };
    assert_eq!((least, most), (palette::ramp(0.0), palette::ramp(1.0)));
    assert!(svg(&sheet).contains("\n3s\n"));
    // Thirty cells in a row have no room for texts.
    assert!(!svg(&examples::heat("heat", (30, 30), 1).sheet()).contains("\n31.1s\n"));
}

#[test]
fn a_tornado_sorts_by_swing_and_puts_those_that_are_never_reached_first() {
    let end = |label: &str, value| End { label: label.into(), value };
    let known = |at| Value::Known(Interval::around(at, None));
    let row = |path: &str, low, high| Varied {
        path: path.into(),
        low: end("1", low),
        high: end("2", high),
    };
    let mut tornado = examples::tornado("tornado", 0);
    tornado.rows = vec![
        row("small", known(290.0), known(310.0)),
        row("large", known(200.0), known(320.0)),
        row("never", known(299.0), Value::Never),
        row("both-above", known(350.0), known(340.0)),
    ];
    let sheet = tornado.sheet();
    let names: Vec<&str> = sheet.panels[0].up.ticks.iter().map(|it| it.1.as_str()).collect();
    assert_eq!(names, ["never", "large", "both-above", "small"]);
    let lifts: Vec<i32> = marks(&sheet)
        .iter()
        .filter_map(|it| match it {
            Mark::Bar { lift, .. } => Some(*lift),
            _ => None,
        })
        .collect();
    // Only bars on the same side stand one above the other.
    assert_eq!(lifts, [0, 0, 0, 0, 9, -9, 0, 0]);
}

#[test]
fn a_curve_tells_when_the_response_turns_more_than_once() {
    let mut curve = examples::curve("curve", &[100.0, 800.0, 200.0], Some(200.0));
    assert_eq!(curve.sheet().subtitle, "answer 200; 3 values tried, of which 2 hold often enough");
    curve.tried[0].holds = false;
    let sheet = curve.sheet();
    assert_eq!(
        sheet.subtitle,
        "answer 200; 3 values tried, of which 1 holds often enough; it turns more than once"
    );
    assert!(labels(&sheet).contains(&"demanded: 95%"));
    assert!(labels(&sheet).contains(&"answer: 200"));
    let across: Vec<f64> = marks(&sheet)
        .iter()
        .filter_map(|it| match it {
            Mark::Dot { at, .. } => Some(at.0),
            _ => None,
        })
        .collect();
    assert_eq!(across, [100.0, 200.0, 800.0]);
}
