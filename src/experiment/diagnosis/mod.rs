//! Diagnosis: from what an operator could have seen to a symptom, its root cause, and levers.
//!
//! It reads [`Observed`] and nothing else of a run; a test holds that no file here knows the
//! model's causes. Features are means over the replications in which they exist.

pub mod features;
pub mod rules;

use self::features::{FEATURES, Feature};
use self::rules::{Compare, Condition, RULES, Rule};
use super::levers::Measured;
use crate::model::record::operator::Observed;

/// Below this score a cause is not named.
const FLOOR: f64 = 0.25;
/// A second cause is named from this share of the first one's score.
const SECOND: f64 = 0.5;
/// A run in which less than this share of pulls fails and nobody waits has nothing to explain,
const NEGLIGIBLE: f64 = 0.01;
/// unless at least this share of pulls is slow.
const MOST: f64 = 0.5;

/// What a run is diagnosed with.
#[derive(Clone, Debug)]
pub struct Diagnosis {
    /// In a word.
    pub conclusion: Conclusion,
    /// Named causes, the likeliest first; at most two.
    pub findings: Vec<Finding>,
    /// Every feature that has a value.
    pub features: Vec<(&'static Feature, f64)>,
    /// What the variants of the scenario saved, where they ran.
    pub measured: Option<Vec<Measured>>,
}

/// A diagnosis in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conclusion {
    /// Nothing to explain.
    Healthy,
    /// Something failed and no rule explains it.
    Unclear,
    /// A cause is named.
    Found,
}

/// A named cause.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Its rule.
    pub rule: &'static Rule,
    /// Its score, from 0 to 1.
    pub score: f64,
    /// The values of the rule's evidence.
    pub evidence: Vec<(&'static Feature, f64)>,
}

impl Finding {
    /// How sure it is, in a word.
    pub fn confidence(&self) -> &'static str {
        match self.score {
            0.75.. => "clear",
            0.5.. => "likely",
            _ => "possible",
        }
    }
}

impl Diagnosis {
    /// The word that stands for it: the first cause, `healthy` or `unclear`.
    pub fn id(&self) -> &'static str {
        match self.conclusion {
            Conclusion::Healthy => "healthy",
            Conclusion::Unclear => "unclear",
            Conclusion::Found => self.findings.first().map_or("unclear", |it| it.rule.id),
        }
    }

    fn value(&self, name: &str) -> Option<f64> {
        self.features.iter().find(|(it, _)| it.name == name).map(|it| it.1)
    }

    fn holds(&self, it: &Condition) -> bool {
        // Of nothing there is no share: below any.
        let value = self.value(it.feature);
        match it.compare {
            Compare::AtLeast => value.is_some_and(|value| it.threshold <= value),
            Compare::Below => value.is_none_or(|value| value < it.threshold),
        }
    }

    fn score(&self, rule: &Rule) -> f64 {
        if !rule.needs.iter().all(|it| self.holds(it)) {
            return 0.0;
        }
        let sure: f64 = rule.supports.iter().filter(|it| self.holds(it)).map(|it| it.weight).sum();
        self.value(rule.explains).unwrap_or(0.0) * sure
    }

    /// What has one meaning is named second where nothing more is, however little it explains: a
    /// few pods that fail for a reason of their own can spend the quota of all the others.
    fn add_plain_signs(&mut self) {
        let is_there = |rule: &Rule| self.value(rule.explains).is_some_and(|it| 0.0 < it);
        let is_named = |rule: &Rule| self.findings.iter().any(|it| it.rule.id == rule.id);
        let mut plain = RULES.iter().filter(|it| it.is_plain && !is_named(it));
        if let Some(rule) = plain.find(|it| is_there(it)) {
            let finding = self.finding(rule, self.value(rule.explains).unwrap_or(0.0));
            self.findings.truncate(1);
            self.findings.push(finding);
        }
    }

    fn finding(&self, rule: &'static Rule, score: f64) -> Finding {
        let value = |name: &&str| self.features.iter().find(|(it, _)| it.name == *name).copied();
        Finding { rule, score, evidence: rule.evidence.iter().filter_map(value).collect() }
    }
}

/// Diagnoses from what was seen of each replication.
pub fn diagnose(seen: &[&Observed]) -> Diagnosis {
    let features = FEATURES.iter().filter_map(|it| {
        let values: Vec<f64> = seen.iter().filter_map(|seen| it.value(seen)).collect();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        (!values.is_empty()).then_some((it, mean))
    });
    let mut it = Diagnosis {
        conclusion: Conclusion::Healthy,
        findings: vec![],
        features: features.collect(),
        measured: None,
    };
    let little = |name: &str| it.value(name).is_none_or(|value| value < NEGLIGIBLE);
    let is_quiet = little("failed_share") && little("waiting_share");
    let is_quick = it.value("slow_share").is_none_or(|value| value < MOST);
    if is_quiet
        && is_quick
        && it.value("wrong_platform_share").is_none_or(|value| value < NEGLIGIBLE)
    {
        return it;
    }
    let mut ranked: Vec<(&Rule, f64)> = RULES.iter().map(|rule| (rule, it.score(rule))).collect();
    // Stable: of two that score alike the earlier rule comes first.
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
    let first = ranked.first().map_or(0.0, |it| it.1);
    let named = |&&(_, score): &&(&Rule, f64)| FLOOR <= score && SECOND * first <= score;
    it.findings =
        ranked.iter().filter(named).take(2).map(|&(rule, score)| it.finding(rule, score)).collect();
    it.add_plain_signs();
    it.conclusion = if it.findings.is_empty() { Conclusion::Unclear } else { Conclusion::Found };
    it
}

#[cfg(test)]
mod tests;
