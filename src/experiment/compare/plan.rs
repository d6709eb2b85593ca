//! Which sides of a comparison run: the variants that are asked for, and of a stack all of them
//! together and all but one.

use std::fmt;

use super::{Arm, Comparison, MOST_STACKED, Stack, conflicts, stackable};
use crate::scenario::metrics::Target;
use crate::scenario::{Scenario, nearest};

/// The variants of `base` that are asked for by name, alone or for a stack, in the order of the
/// file; all of them where none is named. Why not, where it does not have one of them.
pub fn wanted(
    base: &Scenario,
    named: &[String],
    stacked: &[String],
) -> Result<Vec<String>, String> {
    let known: Vec<&str> = base.variants.iter().map(|it| it.name.as_str()).collect();
    let asked: Vec<&str> = named.iter().chain(stacked).map(String::as_str).collect();
    if let Some(name) = asked.iter().find(|it| !known.contains(it)) {
        let help = match nearest(name, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if known.is_empty() => "it has no [variant.…] block".to_owned(),
            None => format!("variants: {}", known.join(", ")),
        };
        return Err(format!("{} has no variant `{name}`: {help}", base.name));
    }
    let is_wanted = |it: &&str| asked.is_empty() || asked.contains(it);
    Ok(known.into_iter().filter(is_wanted).map(str::to_owned).collect())
}

/// A comparison that has run, with the scenarios of its sides, the base first.
#[derive(Clone, Copy)]
pub struct Ran<'a> {
    /// The figures.
    pub comparison: &'a Comparison,
    /// What ran.
    pub scenarios: &'a [Scenario],
}

/// Why variants are not stacked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotStacked {
    /// So many are not two to eight.
    Number(usize),
    /// Two of them set one path.
    Conflict {
        /// The path.
        path: String,
        /// The variants that set it.
        variants: Vec<String>,
    },
}

impl fmt::Display for NotStacked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(n) => {
                match n {
                    0 => f.write_str("no variant")?,
                    1 => f.write_str("one variant alone")?,
                    n => write!(f, "{n} variants")?,
                }
                f.write_str(" cannot be stacked: name two to eight with --stack NAME,NAME")
            }
            Self::Conflict { path, variants } => write!(
                f,
                "`{path}` is set by {}: they cannot be laid over one another in any order",
                variants.join(" and ")
            ),
        }
    }
}

/// What runs of a stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StackPlan {
    /// The stacked variants, as positions in [`Comparison::changed`].
    parts: Vec<usize>,
    names: Vec<String>,
}

impl StackPlan {
    /// Plans the stack of the variants `names`, or of those that help in the metric `by` where none
    /// is named; `loads` tells whether variants can be laid over one another.
    pub fn of(
        ran: Ran<'_>,
        names: &[String],
        by: &Target,
        loads: &dyn Fn(&[String]) -> bool,
    ) -> Result<Self, NotStacked> {
        let changed = &ran.comparison.changed;
        let names_of = |parts: &[usize]| -> Vec<String> {
            parts.iter().map(|it| changed[*it].arm.name.clone()).collect()
        };
        let conflicts_of = |parts: &[usize]| {
            conflicts(&parts.iter().map(|it| &ran.scenarios[it + 1]).collect::<Vec<_>>())
        };
        let fits = |parts: &[usize]| conflicts_of(parts).is_empty() && loads(&names_of(parts));
        let position = |name: &String| changed.iter().position(|it| it.arm.name == *name);
        let parts: Vec<usize> = match names {
            [] => stackable(ran.comparison, by, &fits),
            names => names.iter().filter_map(position).collect(),
        };
        if parts.len() < 2 || MOST_STACKED < parts.len() {
            return Err(NotStacked::Number(parts.len()));
        }
        if let Some((path, variants)) = conflicts_of(&parts).into_iter().next() {
            return Err(NotStacked::Conflict { path, variants });
        }
        Ok(Self { names: names_of(&parts), parts })
    }

    /// The variants of each side that is to run: all of them, then all but each one.
    pub fn sides(&self) -> Vec<Vec<String>> {
        let all_but = |left_out: usize| {
            let rest = self.names.iter().enumerate().filter(move |it| it.0 != left_out);
            rest.map(|it| it.1.clone()).collect()
        };
        std::iter::once(self.names.clone()).chain((0..self.names.len()).map(all_but)).collect()
    }

    /// Folds the runs of [`Self::sides`] with those of the comparison; `None` where one of them
    /// does not have the metric.
    pub fn fold(&self, comparison: &Comparison, arms: &[Arm], by: &Target) -> Option<Stack> {
        let (together, left_out) = arms.split_first()?;
        let alone: Vec<&Arm> = self.parts.iter().map(|it| &comparison.changed[*it].arm).collect();
        let left_out: Vec<&Arm> = left_out.iter().collect();
        Stack::new(&comparison.base, &alone, together, &left_out, by)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::record::measure::PULL_FAILURES;
    use crate::scenario::{Request, SourceFile, load};

    const FILE: &str = r#"
horizon = "1m"
[registry.r]
host = "r.example"
[egress.nat]
[pool.w]
nodes = 2
egress = "nat"
[image.a]
reference = "r.example/a:1"
layers = ["1kB"]
[workload.agent]
kind = "daemonset"
pool = "w"
containers = [{ image = "a" }]
[variant.more]
pool.w.nodes = 3
[variant.most]
pool.w.nodes = 4
[variant.far]
registry.r.rtt = "90ms"
[variant.wide]
egress.nat.addresses = 2
"#;

    fn scenario(variants: &[&str]) -> Scenario {
        let file = SourceFile { name: "test.toml".into(), text: FILE.into() };
        let variants = variants.iter().map(|it| (*it).to_owned()).collect();
        load(&file, &Request { variants, ..Request::default() }).unwrap().scenario
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|it| (*it).to_owned()).collect()
    }

    /// The plan of a comparison of which nothing has run but the reading of its sides.
    fn plan(stacked: &[&str]) -> Result<StackPlan, NotStacked> {
        let all = ["more", "most", "far", "wide"];
        let mut scenarios = vec![scenario(&[])];
        scenarios.extend(all.iter().map(|it| scenario(&[*it])));
        let arm = |it: &Scenario| super::super::arm(it, vec![]);
        let others = scenarios[1..].iter().map(arm).collect();
        let comparison = Comparison::new(arm(&scenarios[0]), others);
        let ran = Ran { comparison: &comparison, scenarios: &scenarios };
        let by = Target::of_run(PULL_FAILURES);
        StackPlan::of(ran, &names(stacked), &by, &|_| true)
    }

    #[test]
    fn a_stack_runs_all_together_and_all_but_each_one() {
        let sides = plan(&["more", "far", "wide"]).unwrap().sides();
        let expected = [
            names(&["more", "far", "wide"]),
            names(&["far", "wide"]),
            names(&["more", "wide"]),
            names(&["more", "far"]),
        ];
        assert_eq!(sides, expected);
    }

    #[test]
    fn variants_that_set_one_path_are_not_stacked() {
        let (path, variants) = ("pool.w.nodes".to_owned(), names(&["more", "most"]));
        let conflict = NotStacked::Conflict { path, variants };
        assert_eq!(plan(&["more", "far", "most"]), Err(conflict));
    }

    #[test]
    fn one_variant_is_no_stack_and_without_names_only_those_that_help_are_one() {
        assert_eq!(plan(&["far"]), Err(NotStacked::Number(1)));
        assert_eq!(plan(&[]), Err(NotStacked::Number(0)), "nothing has run, so nothing helps");
    }

    #[test]
    fn variants_are_those_that_are_named_in_the_order_of_the_file() {
        let base = scenario(&[]);
        let all = names(&["far", "more", "most", "wide"]);
        let mut found = wanted(&base, &[], &[]).unwrap();
        found.sort();
        assert_eq!(found, all);
        let order = wanted(&base, &[], &[]).unwrap();
        let some = wanted(&base, &names(&["wide"]), &names(&["more"])).unwrap();
        let expected: Vec<String> =
            order.into_iter().filter(|it| it == "wide" || it == "more").collect();
        assert_eq!(some, expected);
        let why = wanted(&base, &names(&["mor"]), &[]).unwrap_err();
        assert_eq!(why, "test has no variant `mor`: did you mean `more`?");
    }
}
