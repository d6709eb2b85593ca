//! Sheets of made-up data, the difficult ones too.

use super::*;
use crate::engine::chance::stable_hash;
use crate::model::record::measure::{
    Measure, PULL_FAILURES_BY_CAUSE, READY_SECONDS_P95, UNREADY_POD_MINUTES,
};

/// A number from 0 to 1 that the name decides.
fn noise(name: &str) -> f64 {
    (stable_hash(name) % 10_000) as f64 / 10_000.0
}

fn about(name: &str) -> About {
    About {
        name: name.into(),
        scenario: "spot-churn".into(),
        seed: 42,
        replications: (20, 20),
        remarks: vec![],
    }
}

fn metric(measure: Measure, unit: &'static str) -> Metric {
    Metric { name: measure.text().into(), unit, better: measure.info().better }
}

fn known(at: f64, half: f64) -> Value {
    Value::Known(Interval::around(at, Some(half)))
}

fn swept(path: &str, labels: &[&str]) -> Swept {
    let place = |it: &&str| Place { label: (*it).into(), number: it.replace(',', "").parse().ok() };
    Swept { path: path.into(), unit: "", places: labels.iter().map(place).collect() }
}

const LONG: &str = "a-variant-whose-name-says-everything-that-it-changes-and-then-some-more-of-it";

pub(super) fn ranking(name: &str, rows: usize, scale: f64, unit: &'static str) -> Ranking {
    let row = |n: usize| {
        let by = scale * (noise(&format!("{name}{n}")) - 0.7) * 3.0;
        let half = scale * 0.6 * noise(&format!("half{n}"));
        let verdict = match by {
            it if half < it => Evidence::Worse,
            it if it < -half => Evidence::Better,
            _ => Evidence::NoEvidence,
        };
        let name = match n {
            2 => LONG.to_owned(),
            n => format!("{}-{n}", ["mirror", "login", "stagger", "pre-pull", "jitter"][n % 5]),
        };
        let effect = match n {
            5 => Effect::Unknown("never in 3 of 20 replications".into()),
            _ => Effect::Difference {
                by: Interval::around(by, Some(half)),
                relative: Some(by / scale / 2.1),
                verdict,
            },
        };
        Row { name, is_what_if: n % 5 == 4, effect }
    };
    let rows = (0..rows).map(row).collect();
    let metric = metric(UNREADY_POD_MINUTES, unit);
    Ranking { about: about(name), metric, base: "base".into(), rows }
}

pub(super) fn multiples(name: &str, variants: usize, steps: usize) -> Multiples {
    let trace = |name: String, strength: f64| {
        let level = |n: usize| {
            let at = 7_200.0 * n as f64 / steps as f64;
            let storm = (-((at - 1_900.0) / 900.0).powi(2)).exp() * 640.0 * strength;
            (at, (storm + 25.0 * noise(&format!("{name}{n}"))).floor())
        };
        let remark = format!("{} pod-minutes", write::value(6_100.0 * strength, ""));
        Trace { points: (0..steps).map(level).collect(), remark, name }
    };
    let named = |n: usize| match n {
        1 => LONG.to_owned(),
        n => format!("variant-{n}"),
    };
    Multiples {
        about: about(name),
        what: "pods that wait".into(),
        unit: "pods",
        base: trace("base".into(), 1.0),
        variants: (0..variants)
            .map(|n| trace(named(n), 0.1 + 1.1 * noise(&n.to_string())))
            .collect(),
    }
}

pub(super) fn stack(name: &str, levers: usize) -> Stack {
    let lever = |n: usize| Lever {
        name: if n == 1 { LONG.into() } else { format!("lever-{n}") },
        alone: match n {
            3 => Value::Never,
            _ => known(900.0 - 260.0 * n as f64, 90.0),
        },
        lost: if n == 4 { Value::Absent } else { known(420.0 - 90.0 * n as f64, 60.0) },
    };
    Stack {
        about: about(name),
        metric: metric(UNREADY_POD_MINUTES, "pod-minutes"),
        base: Some(2_310.0),
        together: known(1_480.0, 120.0),
        levers: (0..levers).map(lever).collect(),
    }
}

pub(super) fn lines(name: &str, labels: &[&str], series: usize, scale: f64) -> Lines {
    let one = |line: usize| {
        let point = |place: usize| {
            let at = scale * (1.0 + place as f64 * (1.0 + 0.6 * line as f64));
            let value = match (line, place) {
                (2, 3..) | (1, 5..) => Value::Never,
                (0, 2) if 2 < series => Value::Absent,
                _ => known(at, 0.12 * at + 0.04 * scale),
            };
            Point { value, holds: Some(at < 4.0 * scale && value != Value::Never) }
        };
        Series { name: (1 + line).to_string(), points: (0..labels.len()).map(point).collect() }
    };
    Lines {
        about: about(name),
        metric: metric(READY_SECONDS_P95, "seconds"),
        along: swept("pool.workers.nodes", labels),
        by: if 1 < series { "mirror.hub.replicas".into() } else { String::new() },
        series: (0..series).map(one).collect(),
        demand: Some(Demand { bound: 4.0 * scale, text: "< 4m".into() }),
    }
}

pub(super) fn heat(name: &str, (columns, rows): (usize, usize), maps: usize) -> Heat {
    let places = |n: usize, step: usize| {
        let labels: Vec<String> = (1..=n).map(|it| (it * step).to_string()).collect();
        labels
    };
    let swept_by = |path: &str, labels: Vec<String>| {
        swept(path, &labels.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let map = |n: usize| {
        let cell = |position: usize| {
            let (x, y) = ((position % columns) as f64, (position / columns) as f64);
            let load = (x + 1.0) / (y + 1.0 + n as f64) * 6.0 / columns as f64 * rows as f64 / 6.0;
            let seconds = 30.0 + 160.0 * load * load;
            let value = match position {
                _ if 3.4 < load => Value::Never,
                3 if n == 0 => Value::Absent,
                _ => known(seconds, 4.0),
            };
            let holds = (value != Value::Absent).then_some(load < 1.3);
            Cell { value, holds }
        };
        let title = if maps == 1 { String::new() } else { format!("mirror.hub.replicas = {n}") };
        Map { title, cells: (0..columns * rows).map(cell).collect() }
    };
    Heat {
        about: about(name),
        metric: metric(READY_SECONDS_P95, "seconds"),
        across: swept_by("pool.workers.nodes", places(columns, 50)),
        up: swept_by("registry.hub.limit.pulls.rate", places(rows, 100)),
        demand: format!("{} < 5m", READY_SECONDS_P95.text()),
        maps: (0..maps).map(map).collect(),
    }
}

pub(super) fn tornado(name: &str, rows: usize) -> Tornado {
    let row = |n: usize| {
        let reach = 240.0 / (1.0 + n as f64);
        let (low, high) = match n {
            2 => (known(300.0 + reach, 12.0), known(300.0 + 0.4 * reach, 9.0)),
            4 => (known(300.0 - reach, 9.0), Value::Never),
            5 => (Value::Absent, known(310.0, 4.0)),
            _ => (known(300.0 - 0.6 * reach, 12.0), known(300.0 + reach, 20.0)),
        };
        let path = match n {
            1 => "workload.api.pod.containers.main.image.layers.of.a.long.path.indeed".to_owned(),
            n => format!("pool.workers.client.parameter_{n}"),
        };
        let end = |label: String, value| End { label, value };
        Varied {
            path,
            low: end(format!("{}", 10 * n), low),
            high: end(format!("{}s", 40 * n), high),
        }
    };
    Tornado {
        about: about(name),
        metric: metric(READY_SECONDS_P95, "seconds"),
        base: known(300.0, 8.0),
        rows: (0..rows).map(row).collect(),
    }
}

pub(super) fn curve(name: &str, values: &[f64], answer: Option<f64>) -> Curve {
    let tried = |value: &f64| {
        let share = (1.5 - value / 700.0).clamp(0.0, 1.0);
        let share = (share * 40.0).round() / 40.0;
        let half = 0.03 + 0.2 * (share * (1.0 - share)).sqrt();
        let (low, high) = ((share - half).max(0.0), (share + half).min(1.0));
        let share = Interval { at: share, low, high };
        let label = write::value(*value, "");
        Tried { value: *value, label, share, holds: 0.95 <= share.at }
    };
    Curve {
        about: about(name),
        path: "pool.workers.nodes".into(),
        unit: "",
        expectations: format!("{} < 5m", READY_SECONDS_P95.text()),
        in_runs: 0.95,
        tried: values.iter().map(tried).collect(),
        answer: answer.map(|it| (it, write::value(it, ""))),
        interval: answer.map(|it| (0.94 * it, 1.05 * it)),
    }
}

/// Sheets on which every name is too long.
fn verbose() -> Vec<Sheet> {
    let about = |name: &str| About {
        name: name.into(),
        scenario: LONG.repeat(2),
        seed: u64::MAX,
        replications: (5, 1_000),
        remarks: vec![LONG.repeat(3), "3 values set".into()],
    };
    let metric = Metric {
        name: format!("{} of workload.{LONG}", PULL_FAILURES_BY_CAUSE.of(LONG)),
        unit: "pod-minutes",
        better: Better::Less,
    };
    let mut ranking = ranking("long", 3, 8.0e8, "");
    (ranking.about, ranking.metric) = (about("long-ranking"), metric.clone());
    for it in &mut ranking.rows {
        it.name = LONG.repeat(2);
        if let Effect::Difference { by, .. } = &mut it.effect {
            *by = Interval { at: by.at.abs(), low: 0.5 * by.at.abs(), high: 1.5 * by.at.abs() };
        }
    }
    ranking.rows.push(Row {
        name: "x".into(),
        is_what_if: true,
        effect: Effect::Unknown(LONG.repeat(3)),
    });
    let mut lines = lines("long", &[LONG, LONG, LONG, LONG, LONG, LONG, LONG, LONG], 3, 60.0);
    (lines.about, lines.metric, lines.by) = (about("long-lines"), metric.clone(), LONG.repeat(2));
    for it in &mut lines.series {
        it.name = LONG.repeat(2);
    }
    lines.along.path = LONG.repeat(2);
    let mut heat = heat("long", (9, 3), 3);
    (heat.about, heat.metric, heat.demand) = (about("long-heat"), metric.clone(), LONG.repeat(2));
    (heat.across.path, heat.up.path) = (LONG.repeat(2), LONG.repeat(2));
    for it in heat.across.places.iter_mut().chain(&mut heat.up.places) {
        it.label = LONG.into();
    }
    for it in &mut heat.maps {
        it.title = LONG.repeat(2);
    }
    let mut tornado = tornado("long", 3);
    (tornado.about, tornado.metric) = (about("long-tornado"), metric.clone());
    for it in &mut tornado.rows {
        (it.path, it.low.label, it.high.label) = (LONG.repeat(2), LONG.into(), LONG.into());
    }
    let mut stack = stack("long", 3);
    (stack.about, stack.metric) = (about("long-stack"), metric);
    let mut curve = curve("long", &[100.0, 300.0, 500.0], Some(300.0));
    (curve.about, curve.path) = (about("long-curve"), LONG.repeat(2));
    curve.expectations = LONG.repeat(2);
    for it in &mut curve.tried {
        it.label = LONG.into();
    }
    vec![
        ranking.sheet(),
        lines.sheet(),
        heat.sheet(),
        tornado.sheet(),
        stack.sheet(),
        curve.sheet(),
    ]
}

/// All of them.
pub(super) fn all() -> Vec<Sheet> {
    let mut sheets = ordinary();
    sheets.extend(verbose());
    sheets
}

/// Those whose names are what one expects.
pub(super) fn ordinary() -> Vec<Sheet> {
    let nodes = ["50", "100", "200", "300", "400", "450", "500", "600"];
    let wide = ["1", "3", "10", "30", "100", "300", "1,000", "3,000"];
    let named = ["containerd-1.7", "containerd-2.1", "cri-o-1.31", LONG];
    let mut never = ranking("ranking-never", 3, 1.0, "");
    for it in &mut never.rows {
        it.effect = Effect::Unknown("never in 20 of 20 replications".into());
    }
    let mut lost = lines("lines-never", &nodes, 2, 60.0);
    for it in lost.series.iter_mut().flat_map(|it| &mut it.points) {
        *it = Point { value: Value::Never, holds: Some(false) };
    }
    let mut worlds = lines("lines-huge", &wide, 3, 60.0);
    for it in worlds.series.iter_mut().flat_map(|it| &mut it.points) {
        if let Value::Known(known) = &mut it.value {
            *known = Interval::around(known.at.powi(3) * 1e3, None);
        }
    }
    (worlds.metric.unit, worlds.demand) = ("", None);
    let mut gone = heat("heat-never", (4, 3), 1);
    for it in &mut gone.maps[0].cells {
        *it = Cell { value: Value::Never, holds: Some(false) };
    }
    let mut shares = ranking("ranking-shares", 6, 0.1, "share");
    shares.metric.better = Better::More;
    vec![
        ranking("ranking", 9, 1_204.0, "pod-minutes").sheet(),
        ranking("ranking-one", 1, 1_204.0, "pod-minutes").sheet(),
        ranking("ranking-many", 47, 2.3e9, "bytes").sheet(),
        shares.sheet(),
        never.sheet(),
        ranking("ranking-empty", 0, 1.0, "").sheet(),
        multiples("multiples-base", 0, 200).sheet(),
        multiples("multiples-3", 3, 400).sheet(),
        multiples("multiples", 5, 400).sheet(),
        multiples("multiples-7", 7, 3_000).sheet(),
        multiples("multiples-many", 17, 3_000).sheet(),
        stack("stack", 5).sheet(),
        stack("stack-two", 2).sheet(),
        lines("lines", &nodes, 3, 60.0).sheet(),
        lines("lines-one", &wide, 1, 60.0).sheet(),
        lines("lines-named", &named, 4, 60.0).sheet(),
        lines("lines-many", &nodes, 12, 60.0).sheet(),
        lost.sheet(),
        worlds.sheet(),
        heat("heat", (6, 5), 1).sheet(),
        heat("heat-maps", (6, 4), 5).sheet(),
        heat("heat-large", (30, 30), 1).sheet(),
        heat("heat-row", (12, 1), 1).sheet(),
        gone.sheet(),
        tornado("tornado", 7).sheet(),
        tornado("tornado-one", 1).sheet(),
        tornado("tornado-many", 34).sheet(),
        curve("curve", &[1.0, 100.0, 250.0, 400.0, 380.0, 420.0, 500.0, 800.0], Some(380.0))
            .sheet(),
        curve("curve-none", &[500.0, 5_000.0, 50.0, 70_000.0], None).sheet(),
    ]
}
