//! TOML text to a checked, unit-typed [`Spec`]: the only way into the model for a user.
//!
//! The language is data: `tables/` says what each block's keys take, `walk.rs` reads any tree along
//! those tables, `overlay.rs` lays variants, flags and presets over and under the file, `check/`
//! holds the rules between blocks, `build/` turns what passed into the [`Spec`]. Every problem of a
//! file is reported at once.

mod assumptions;
mod axes;
mod build;
mod capacity;
mod check;
mod decode;
mod diagnostic;
mod expect;
mod field;
mod key;
mod lattice;
pub mod levers;
pub mod library;
mod manual;
pub mod metrics;
mod overlay;
pub mod presets;
mod reference;
mod resolve;
mod scalar;
mod schema;
mod settings;
mod source;
mod tables;
mod tree;
mod typed;
mod walk;

use toml::de::DeTable;

pub use self::assumptions::Assumption;
pub use self::axes::{Axis, BASE, Design, MOST_POINTS, Sweep, VARIANT};
pub(crate) use self::capacity::{Scarce, scarce};
pub use self::decode::MOST_READ;
use self::diagnostic::Problems;
pub(crate) use self::diagnostic::nearest;
pub use self::diagnostic::{Code, Diagnostic, Diagnostics, Severity};
pub(crate) use self::field::Kind;
pub use self::lattice::Lattice;
pub use self::manual::reference;
pub use self::schema::schema;
use self::source::{Layer, Origin, Sources};
pub use self::source::{Place, SourceFile, is_folder_name};
use self::tree::Table;
use self::walk::{Names, Walker};

use crate::model::record::measure::Name;
use crate::model::spec::Spec;
use crate::units::Share;

/// A scenario ready to run: one variant of one file with the `--set` of one call.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Name: the file's stem; output goes to `output/NAME`.
    pub name: String,
    /// Variants in force, joined by `+`, where one was asked for.
    pub variant: Option<String>,
    /// One line.
    pub title: String,
    /// What the scenario asks.
    pub question: String,
    /// Replications to run.
    pub replications: u32,
    /// What the model runs.
    pub spec: Spec,
    /// What must hold.
    pub expectations: Vec<Expectation>,
    /// In which share of the replications an expectation must hold.
    pub in_runs: Share,
    /// Variants of the file, by name.
    pub variants: Vec<VariantInfo>,
    /// Every effective parameter, by path.
    pub parameters: Vec<Parameter>,
}

impl Scenario {
    /// What `--set` changed in this run, as `path=value`.
    pub fn set_by_hand(&self) -> Vec<String> {
        let set = self.parameters.iter().filter(|it| it.origin == "--set");
        set.map(|it| {
            let mark = if it.is_what_if() { " (what-if)" } else { "" };
            format!("{}={}{mark}", it.path, it.value)
        })
        .collect()
    }

    /// What of this run no released software has, beside what `--set` put there.
    pub fn what_if(&self) -> Vec<String> {
        let all = self.parameters.iter().filter(|it| it.origin != "--set" && it.is_what_if());
        all.map(|it| format!("{}={}", it.path, it.value)).collect()
    }

    /// Whether the scenario has the block that `target` is measured of.
    pub fn check_target(&self, target: &metrics::Target) -> Result<(), String> {
        let Some((kind, name)) = target.scope.split_once('.') else { return Ok(()) };
        let of = |kind: &str| {
            let prefix = format!("{kind}.");
            let names = self.parameters.iter().filter_map(move |it| {
                it.path.strip_prefix(&prefix).map(|rest| rest.split('.').next().unwrap_or(rest))
            });
            names.collect::<std::collections::BTreeSet<_>>()
        };
        // A pre-pull's results stand under the name of its block.
        let puller = |name: &str| {
            let prefix = format!("timeline.{name}.prepull");
            self.parameters.iter().any(|it| it.path.starts_with(&prefix))
        };
        let known = of(kind);
        if known.contains(name) || (kind == "workload" && puller(name)) {
            return Ok(());
        }
        let known: Vec<&str> = known.into_iter().collect();
        let help = nearest(name, known.iter().copied()).map_or_else(
            || format!("[{kind}.…] blocks: {}", walk::shorten(&known)),
            |near| format!("did you mean `{kind}.{near}`?"),
        );
        Err(format!("`{target}`: there is no [{kind}.{name}] in force: {help}"))
    }
}

/// One variant of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VariantInfo {
    /// Its name.
    pub name: String,
    /// Its title, or empty.
    pub title: String,
    /// The lever that it stands for, where it says so.
    pub lever: Option<&'static levers::Lever>,
}

/// One effective parameter and where its value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Dotted path, such as `pool.workers.nodes`.
    pub path: String,
    /// The value as the scenario language writes it.
    pub value: String,
    /// Where it comes from: `file:line`, `--set`, `variant NAME`, `preset NAME`, `default`.
    pub origin: String,
}

impl Parameter {
    /// Whether it is a best reading that nobody could verify, and nobody has set another: a value
    /// of a preset, or a default.
    pub fn is_unverified(&self) -> bool {
        assumptions::ground(self).is_some()
    }

    /// Whether it is one that no released software has, and in force: not at its default.
    pub fn is_what_if(&self) -> bool {
        let field = tables::key_at(&self.path).filter(|it| it.what_if);
        field.is_some_and(|it| match it.if_absent {
            field::IfAbsent::Value(default) => default != self.value,
            _ => true,
        })
    }
}

/// A demand on one metric.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    /// `run`, `workload.NAME`, `pool.NAME`, `registry.NAME` or `mirror.NAME`.
    pub scope: String,
    /// The metric.
    pub metric: Name,
    /// How the observed value is compared.
    pub comparison: Comparison,
    /// What it is compared with, in the metric's unit (seconds for spans, 0 to 1 for shares).
    pub demand: f64,
    /// The demand as it was written: `< 5m`.
    pub text: String,
    /// Where it was written: `file:line`.
    pub origin: String,
}

/// How a value is compared with a demand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
    /// `==`
    Equal,
}

/// What a call asks of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// The variants to put in force, each laid over those before it.
    pub variants: Vec<String>,
    /// Values to set: `path=value`.
    pub sets: Vec<String>,
    /// The seed, in place of the file's.
    pub seed: Option<u64>,
    /// The number of replications, in place of the file's.
    pub replications: Option<u32>,
}

/// A scenario ready to run, and what is odd about it.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The scenario.
    pub scenario: Scenario,
    /// Problems that do not keep it from running.
    pub warnings: Vec<Diagnostic>,
}

/// Reads a scenario; reports all of its problems at once.
///
/// A call without a variant and without values to set gets the base, and every variant of the file
/// is read as well, so that its mistakes are found.
pub fn load(file: &SourceFile, request: &Request) -> Result<Loaded, Diagnostics> {
    let (variants, mut loaded) = load_one(file, request);
    if !request.variants.is_empty() || !request.sets.is_empty() {
        return loaded;
    }
    for variant in variants {
        let request = Request { variants: vec![variant.name], ..request.clone() };
        if let (_, Err(problems)) = load_one(file, &request) {
            match &mut loaded {
                Ok(_) => loaded = Err(problems),
                Err(known) => known.absorb(problems),
            }
        }
    }
    loaded
}

/// Reads a scenario with one variant or none; tells the variants that the file has.
fn load_one(
    file: &SourceFile,
    request: &Request,
) -> (Vec<VariantInfo>, Result<Loaded, Diagnostics>) {
    let mut sources = Sources::new(file);
    sources.flags = overlay::flags(request);
    sources.variants.clone_from(&request.variants);
    let mut problems = Problems::new(&sources);
    let parts = split(file, &mut problems);
    let scenario =
        parts.as_ref().and_then(|parts| compose(file, parts, request, &[], &mut problems));
    let variants = parts.map(|parts| parts.infos().collect()).unwrap_or_default();
    (variants, loaded(scenario, problems))
}

fn loaded(scenario: Option<Scenario>, problems: Problems<'_>) -> Result<Loaded, Diagnostics> {
    let is_faulty = problems.any_error();
    let list = problems.into_sorted();
    match scenario {
        Some(scenario) if !is_faulty => Ok(Loaded { scenario, warnings: list }),
        _ => Err(Diagnostics { list }),
    }
}

/// A file's tree and its variants, before anything is laid over it.
#[derive(Clone, Debug)]
struct Parts {
    tree: Table,
    variants: Vec<(VariantInfo, Table)>,
}

impl Parts {
    fn infos(&self) -> impl Iterator<Item = VariantInfo> {
        self.variants.iter().map(|(info, _)| info.clone())
    }

    /// The tree with these variants and the flags of the call over it.
    fn overlaid(&self, variants: &[String], problems: &mut Problems<'_>) -> Table {
        let mut tree = self.tree.clone();
        for (at, wanted) in variants.iter().enumerate() {
            overlay::apply_variant(&mut tree, &self.variants, (at as u16, wanted), problems);
        }
        overlay::apply_flags(&mut tree, problems);
        tree
    }
}

/// A value that lies over everything else: one of a point's.
struct Over<'a> {
    path: &'a str,
    key: Origin,
    node: &'a tree::Node,
}

fn split(file: &SourceFile, problems: &mut Problems<'_>) -> Option<Parts> {
    let mut tree = parse(file, problems)?;
    let variants = overlay::take_variants(&mut tree, problems);
    Some(Parts { tree, variants })
}

fn compose(
    file: &SourceFile,
    parts: &Parts,
    request: &Request,
    over: &[Over<'_>],
    problems: &mut Problems<'_>,
) -> Option<Scenario> {
    let mut tree = parts.overlaid(&request.variants, problems);
    for it in over {
        let path: Vec<&str> = it.path.split('.').collect();
        if overlay::leads_somewhere(&tree, &path, it.key, problems) {
            tree::merge(&mut tree, tree::nested(&path, it.key, it.node.clone()));
        }
    }
    overlay::apply_presets(&mut tree);
    let names = Names::of(&tree);
    let mut walker = Walker::new(problems, &names);
    let root = walker.table(&tree, Origin::START, &tables::ROOT, "");
    let settings = settings::read(&root, &mut walker);
    let (expectations, in_runs) = expect::read(&root, &mut walker);
    let mut parameters = walker.parameters;
    parameters.sort_by(|a, b| a.path.cmp(&b.path));
    check::check(&root, &settings, problems);
    axes::check(&tree, &parts.infos().collect::<Vec<_>>(), &names, problems);
    if problems.any_error() {
        return None;
    }
    Some(Scenario {
        name: file.stem().to_owned(),
        variant: (!request.variants.is_empty()).then(|| request.variants.join("+")),
        title: root.get(tables::TITLE).to_owned(),
        question: root.get(tables::QUESTION).to_owned(),
        replications: root.get(tables::REPLICATIONS),
        spec: build::spec(&root, &settings),
        expectations,
        in_runs,
        variants: parts.infos().collect(),
        parameters,
    })
}

/// The tree of a file; `None` where its text is no TOML.
fn parse(file: &SourceFile, problems: &mut Problems<'_>) -> Option<Table> {
    if field::LARGEST_FILE < file.text.len() {
        problems
            .error(Code::TooLarge, Origin::START, "the file is larger than a scenario may be")
            .help(format!("a scenario has at most {} bytes", field::LARGEST_FILE));
        return None;
    }
    let (table, errors) = DeTable::parse_recoverable(&file.text);
    let mut line = None;
    for error in &errors {
        let origin = Origin::file(error.span().unwrap_or(0..0));
        // What follows on the same line is mostly the echo of the first mistake.
        let here = problems.sources().place(origin).line;
        if line != here {
            problems.error(Code::Syntax, origin, error.message());
        }
        line = here;
    }
    if !errors.is_empty() {
        return None;
    }
    let table = tree::from_table(table.get_ref(), Layer::File);
    let (table, bad) = tree::split_dotted_keys(table);
    for (name, key) in bad {
        problems
            .error(
                Code::BadPath,
                key,
                format!("`{name}` leads through a value, is given twice, or is no path"),
            )
            .help("a quoted key with dots is a path: \"pool.workers.nodes\"");
    }
    Some(table)
}

impl Comparison {
    /// Whether `value` meets `demand`.
    pub fn holds(self, value: f64, demand: f64) -> bool {
        match self {
            Self::Less => value < demand,
            Self::AtMost => value <= demand,
            Self::Greater => demand < value,
            Self::AtLeast => demand <= value,
            #[expect(
                clippy::float_cmp,
                reason = "an expectation of equality is on counts, which are exact"
            )]
            Self::Equal => value == demand,
        }
    }
}
