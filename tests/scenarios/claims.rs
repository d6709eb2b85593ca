//! Common advice, held against the stories: what helps, where it does not, and the command that
//! shows it. `docs/claims.md` is written from this file:
//! `UPDATE_GOLDEN=1 cargo test --test scenarios -- --include-ignored`.

use pullstorm::report::format::decimal;

use super::*;

/// What came of a piece of advice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// It helps wherever it was tried.
    Confirmed,
    /// It helps in some places; in others it does nothing, or harm.
    Conditional,
    /// It helps nowhere that it was tried.
    Contradicted,
}

/// What a change does to the harm, in bounds that no rounding crosses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effect {
    /// Less than a tenth is left.
    Cures,
    /// At least a tenth is gone, and a tenth is left.
    Helps,
    /// Within 5 %.
    Nothing,
    /// At least a tenth more.
    Harms,
}

impl Effect {
    fn of(before: f64, after: f64) -> Option<Self> {
        let left = after / before;
        match left {
            _ if left < 0.1 => Some(Self::Cures),
            _ if (0.1..=0.9).contains(&left) => Some(Self::Helps),
            _ if (0.95..=1.05).contains(&left) => Some(Self::Nothing),
            _ if 1.1 <= left => Some(Self::Harms),
            _ => None,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Cures => "cures",
            Self::Helps => "helps",
            Self::Nothing => "nothing",
            Self::Harms => "harms",
        }
    }
}

/// A story, a variant of it or "", and values that are set.
type Case = (&'static str, &'static str, &'static [&'static str]);

/// What is compared where nothing else is said: the time that pods are not ready.
const UNREADY: (&str, &str) = ("run", "unready_pod_minutes");

struct Shown {
    /// What the change is, and where.
    what: &'static str,
    without: Case,
    with: Case,
    figure: (&'static str, &'static str),
    effect: Effect,
}

struct Claim {
    advice: &'static str,
    verdict: Verdict,
    /// On what it depends.
    condition: &'static str,
    shown: &'static [Shown],
}

const fn shown(what: &'static str, without: Case, with: Case, effect: Effect) -> Shown {
    Shown { what, without, with, figure: UNREADY, effect }
}

const CLAIMS: &[Claim] = &[
    Claim {
        advice: "Authenticate",
        verdict: Verdict::Conditional,
        condition: "It helps where the anonymous quota binds and the account has more than all \
                    addresses together. It lifts neither the limit on requests nor an outage, and \
                    one free account for everybody has less than a few addresses have.",
        shown: &[
            shown(
                "a paid account, where churn and a rollout use the anonymous quota up",
                ("spot-churn", "", &[]),
                ("spot-churn", "authenticate", &[]),
                Effect::Cures,
            ),
            shown(
                "one free personal account in place of eight addresses",
                ("cold-cluster", "eight-addresses", &[]),
                ("cold-cluster", "personal-account", &[]),
                Effect::Harms,
            ),
        ],
    },
    Claim {
        advice: "Split the NAT: more addresses",
        verdict: Verdict::Confirmed,
        condition: "Each address brings a quota of its own, so that it takes as many as the storm \
                    needs: two soften a storm that needs six.",
        shown: &[
            shown(
                "a second address for 120 spot nodes",
                ("spot-churn", "", &[]),
                ("spot-churn", "two-addresses", &[]),
                Effect::Helps,
            ),
            shown(
                "an address for each node of a cold cluster",
                ("cold-cluster", "", &[]),
                ("cold-cluster", "address-per-node", &[]),
                Effect::Cures,
            ),
        ],
    },
];

fn measure(case: Case, figure: (&str, &str)) -> f64 {
    let (name, variant, sets) = case;
    let summary =
        if variant.is_empty() && sets.is_empty() { base(name) } else { &run(name, variant, sets) };
    of(summary, figure.0, figure.1)
}

#[test]
fn advice_does_what_its_verdict_says() {
    let mut wrong = vec![];
    for claim in CLAIMS {
        for shown in claim.shown {
            let before = measure(shown.without, shown.figure);
            let after = measure(shown.with, shown.figure);
            if Effect::of(before, after) != Some(shown.effect) {
                let (advice, what, effect) = (claim.advice, shown.what, shown.effect.word());
                wrong.push(format!("{advice}: {what}: {before} → {after} is not \"{effect}\""));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn a_verdict_is_what_its_cases_say() {
    for claim in CLAIMS {
        let is_help = |it: &&Shown| matches!(it.effect, Effect::Cures | Effect::Helps);
        let helps = claim.shown.iter().filter(is_help).count();
        let verdict = match helps {
            0 => Verdict::Contradicted,
            _ if helps == claim.shown.len() => Verdict::Confirmed,
            _ => Verdict::Conditional,
        };
        assert_eq!(claim.verdict, verdict, "{}", claim.advice);
    }
}

#[test]
fn effects_have_bounds() {
    let of = |after: f64| Effect::of(100.0, after);
    let (cures, helps) = (Some(Effect::Cures), Some(Effect::Helps));
    assert_eq!([of(0.0), of(9.9), of(10.0), of(90.0)], [cures, cures, helps, helps]);
    let (nothing, harms) = (Some(Effect::Nothing), Some(Effect::Harms));
    assert_eq!([of(95.0), of(105.0), of(110.0), of(500.0)], [nothing, nothing, harms, harms]);
    assert_eq!([of(92.0), of(107.0)], [None, None]);
}

// The document.

fn command((name, variant, sets): Case) -> String {
    let mut text = format!("cargo run --release -- run {name}");
    if !variant.is_empty() {
        write!(text, " --variant {variant}").unwrap();
    }
    for set in sets {
        write!(text, " --set {set}").unwrap();
    }
    text
}

/// The mean over all replications of a story, as its command prints it.
fn printed(case: Case, (scope, name): (&str, &str)) -> String {
    let scenario = loaded(case.0, case.1, case.2).scenario;
    let options = Options { threads: 0, detail: u32::MAX, requests: None };
    let outcomes = replicate(&scenario.spec, scenario.replications, options, &|_| {}).unwrap();
    let value = of(&summarise(&scenario, &outcomes), scope, name);
    decimal(value, if value < 10.0 { 2 } else { 0 })
}

const HEAD: &str = "\
# Common advice, checked

Written by `UPDATE_GOLDEN=1 cargo test --test scenarios -- --include-ignored`; do not edit.

What is advised against pull storms, tried in the scenarios that ship. *Confirmed* means that it
helped wherever it was tried here, *contradicted* that it helped nowhere, *conditional* that it
helped in some places and not in others. Scenarios are chosen to show both sides; how often each
side is met in practice, nobody has measured.

Figures are means over the replications that the commands run; where nothing else is said they are
pod-minutes without readiness (`unready_pod_minutes`), all pods and the whole run. *Cures* leaves
less than a tenth of it, *helps* takes at least a tenth away, *nothing* changes it by less than 5 %,
*harms* adds at least a tenth.

";

fn document() -> String {
    let mut text = HEAD.to_owned();
    text += "| advice | verdict | on what it depends |\n|---|---|---|\n";
    for claim in CLAIMS {
        let verdict = format!("{:?}", claim.verdict).to_lowercase();
        writeln!(text, "| {} | {verdict} | {} |", claim.advice, claim.condition).unwrap();
    }
    for claim in CLAIMS {
        writeln!(text, "\n## {}\n", claim.advice).unwrap();
        text += "| what | without | with | effect |\n|---|--:|--:|---|\n";
        for it in claim.shown {
            let unit =
                if it.figure == UNREADY { String::new() } else { format!(" (`{}`)", it.figure.1) };
            let values = [it.without, it.with].map(|case| printed(case, it.figure));
            let [without, with] = values;
            writeln!(text, "| {}{unit} | {without} | {with} | {} |", it.what, it.effect.word())
                .unwrap();
        }
        text += "\n```sh\n";
        let mut commands: Vec<String> =
            claim.shown.iter().flat_map(|it| [command(it.without), command(it.with)]).collect();
        let mut known = std::collections::BTreeSet::new();
        commands.retain(|it| known.insert(it.clone()));
        text += &commands.join("\n");
        text += "\n```\n";
    }
    text
}

#[test]
#[ignore = "runs every case with all replications"]
fn the_document_of_claims_tells_what_the_commands_print() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/claims.md");
    let now = document();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, now).unwrap();
        return;
    }
    let there = fs::read_to_string(&path).unwrap().replace("\r\n", "\n");
    assert!(
        there == now,
        "docs/claims.md is out of date: \
         UPDATE_GOLDEN=1 cargo test --test scenarios -- --include-ignored"
    );
}
