//! `run --trace`: a program that knows nothing but the lines of a trace finds what the
//! summary says.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The exit code of a run whose expectations do not all hold.
const EXPECTATION_FAILED: i32 = 4;

/// One line of a trace.
struct Line {
    seconds: String,
    kind: String,
    fields: BTreeMap<String, String>,
}

impl Line {
    fn read(line: &str) -> Self {
        let mut words = line.split(' ');
        let mut word = || words.next().expect("a time and a kind").to_owned();
        let (seconds, kind) = (word(), word());
        let field = |it: &str| {
            let (name, value) = it.split_once('=').expect("a name and a value");
            (name.to_owned(), value.to_owned())
        };
        Self { seconds, kind, fields: words.map(field).collect() }
    }

    fn number(&self, field: &str) -> u64 {
        self.fields[field].parse().expect("a number")
    }

    fn is(&self, kind: &str) -> bool {
        self.kind == kind
    }
}

/// An empty folder of this test.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("trace").join(name);
    let _ = fs::remove_dir_all(&folder);
    folder
}

/// Runs one replication of a scenario that ships; its summary.csv, and its trace where wanted.
fn run(scenario: &str, with_trace: bool) -> (String, Vec<Line>) {
    let out = folder(&format!("{scenario}-{with_trace}"));
    let trace = out.join("trace.txt");
    let mut command = Command::new(env!("CARGO_BIN_EXE_pullstorm"));
    command.args(["run", scenario, "--quiet", "--no-charts", "--replications", "1", "--out"]);
    command.arg(&out);
    if with_trace {
        command.arg("--trace").arg(&trace);
    }
    let code = command.output().expect("the program runs").status.code();
    assert!(matches!(code, Some(0 | EXPECTATION_FAILED)), "{code:?}");
    let summary = fs::read_to_string(out.join(scenario).join("summary.csv")).expect("a summary");
    let lines =
        if with_trace { fs::read_to_string(trace).expect("a trace") } else { String::new() };
    (summary, lines.lines().map(Line::read).collect())
}

/// The mean of a whole-numbered metric of the run in summary.csv: of one replication, the figure.
fn metric(summary: &str, name: &str) -> u64 {
    let row = summary.lines().find(|it| it.starts_with(&format!("{name},run,")));
    let row = row.unwrap_or_else(|| panic!("no {name}"));
    let mean: f64 = row.split(',').nth(3).and_then(|it| it.parse().ok()).expect("a mean");
    mean as u64
}

#[test]
fn six_metrics_of_the_summary_are_folded_from_the_lines_alone() {
    for scenario in ["cold-cluster", "mirror-cold-start", "spot-churn"] {
        let (summary, lines) = run(scenario, true);
        let count =
            |fits: &dyn Fn(&Line) -> bool| lines.iter().filter(|it| fits(it)).count() as u64;
        let sum = |kind: &str, field: &str| -> u64 {
            lines.iter().filter(|it| it.is(kind)).map(|it| it.number(field)).sum()
        };
        let is_request = |it: &Line| it.is("request") || it.is("mirror-request");
        let folded = [
            ("pull_attempts", count(&|it| it.is("pull-ended") || it.is("pull-open"))),
            ("pull_failures", count(&|it| it.is("pull-ended") && it.fields.contains_key("cause"))),
            ("requests", count(&is_request)),
            (
                "requests_rejected_429",
                count(&|it| is_request(it) && it.fields["outcome"] == "throttled"),
            ),
            ("discarded_bytes", sum("body-discarded", "bytes")),
            ("egress_bytes", sum("body-received", "bytes") - metric(&summary, "private_bytes")),
        ];
        for (name, value) in folded {
            assert_eq!(value, metric(&summary, name), "{scenario}: {name}");
        }
        assert!(0 < metric(&summary, "pull_attempts"), "{scenario}");
    }
}

#[test]
fn a_trace_changes_no_result_and_its_time_never_goes_back() {
    let (summary, lines) = run("hub-outage", true);
    assert_eq!(run("hub-outage", false).0, summary);
    let micros: Vec<u64> =
        lines.iter().map(|it| it.seconds.replace('.', "").parse().expect("digits")).collect();
    assert!(micros.is_sorted());
    assert!(1_000 < micros.len(), "{} lines", micros.len());
}

/// The kinds of lines that the model's source says.
fn kinds() -> BTreeSet<String> {
    let source = fs::read_to_string("src/model/record/trace.rs").expect("the source");
    let calls = source.split("say(").skip(1);
    let literal = |it: &str| Some(it.trim_start().strip_prefix('"')?.split('"').next()?.to_owned());
    calls.filter_map(literal).collect()
}

#[test]
fn every_kind_of_line_is_documented() {
    let page = fs::read_to_string("output/README.md").expect("the page");
    let section = page.split("## The trace").nth(1).expect("a section").split("\n## ").next();
    let rows = section.unwrap_or_default().lines().filter_map(|it| it.strip_prefix("| `"));
    let documented: BTreeSet<String> =
        rows.filter_map(|it| it.split('`').next()).map(str::to_owned).collect();
    assert_eq!(documented, kinds());
    assert!(30 < documented.len());
}
