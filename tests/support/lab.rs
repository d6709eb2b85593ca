//! A small cluster as the text of a scenario, built line by line.

use std::fmt;

use pullstorm::model::record::outcome::Outcome;
use pullstorm::model::spec::Spec;

use super::{Seen, outcome, spec, with_requests};

/// One registry, nodes of one pool that reach it from addresses of their own, and nothing to run.
const BASE: &str = r#"
horizon = "1h"
[registry.lab]
host = "lab.example"
[egress.out]
kind = "per-node"
[pool.some]
nodes = 1
egress = "out"
"#;

/// A container whose kubelet pulls at each start.
pub(crate) fn always(image: &str) -> String {
    format!("{{ image = \"{image}\", image_pull_policy = \"Always\" }}")
}

/// The text of a scenario: blocks with their lines, which later lines overlay.
///
/// It is printed when it is loaded, so that a test that fails shows its scenario.
#[derive(Clone)]
pub(crate) struct Lab {
    /// Blocks by name in the order of their first line; the keys above all blocks are those of "".
    blocks: Vec<(String, Vec<(String, String)>)>,
}

impl Lab {
    /// One registry (`lab`, host `lab.example`), one egress (`out`, an address a node) and one pool
    /// (`some`, one node) for an hour.
    pub(crate) fn new() -> Self {
        Self { blocks: vec![] }.with(BASE)
    }

    /// Lays lines over those that are there. A key belongs to the block of the last header above
    /// it; one that its block has already takes the new value.
    #[must_use]
    pub(crate) fn with(mut self, lines: &str) -> Self {
        let mut block = self.block("");
        let mut lines = lines.lines().map(str::trim).filter(|it| !it.is_empty());
        while let Some(line) = lines.next() {
            if let Some(name) = line.strip_prefix('[') {
                block = self.block(name.strip_suffix(']').expect("a header ends with its line"));
                continue;
            }
            let (key, value) = line.split_once('=').unwrap_or_else(|| panic!("no value: {line}"));
            let (key, mut value) = (key.trim(), value.trim().to_owned());
            let count = |text: &str, of: [char; 2]| text.matches(of).count();
            while count(&value, ['[', '{']) != count(&value, [']', '}']) {
                value = format!("{value}\n{}", lines.next().expect("what is opened is closed"));
            }
            let there = &mut self.blocks[block].1;
            match there.iter_mut().find(|it| it.0 == key) {
                Some(it) => it.1 = value,
                None => there.push((key.to_owned(), value)),
            }
        }
        self
    }

    fn block(&mut self, name: &str) -> usize {
        self.blocks.iter().position(|it| it.0 == name).unwrap_or_else(|| {
            self.blocks.push((name.to_owned(), vec![]));
            self.blocks.len() - 1
        })
    }

    /// Lays lines over those of a block.
    #[must_use]
    pub(crate) fn set(self, block: &str, lines: &str) -> Self {
        self.with(&format!("[{block}]\n{lines}"))
    }

    /// Lays lines over those of the one pool.
    #[must_use]
    pub(crate) fn pool(self, lines: &str) -> Self {
        self.set("pool.some", lines)
    }

    /// Lays lines over those of the one registry.
    #[must_use]
    pub(crate) fn registry(self, lines: &str) -> Self {
        self.set("registry.lab", lines)
    }

    /// Lays lines over those of the one mirror.
    #[must_use]
    pub(crate) fn mirror(self, lines: &str) -> Self {
        self.set("mirror.cache", lines)
    }

    /// An image of the one registry, whose tag is `1` unless the lines say otherwise.
    #[must_use]
    pub(crate) fn image(self, name: &str, lines: &str) -> Self {
        let reference = format!("reference = \"lab.example/{name}:1\"");
        self.set(&format!("image.{name}"), &format!("{reference}\n{lines}"))
    }

    /// A workload of the one pool.
    #[must_use]
    pub(crate) fn workload(self, name: &str, lines: &str) -> Self {
        self.set(&format!("workload.{name}"), &format!("pool = \"some\"\n{lines}"))
    }

    /// A pod of one container on each node.
    #[must_use]
    pub(crate) fn daemonset(self, name: &str, image: &str) -> Self {
        let lines = format!("kind = \"daemonset\"\ncontainers = [{{ image = \"{image}\" }}]");
        self.workload(name, &lines)
    }

    /// So many pods of one container.
    #[must_use]
    pub(crate) fn deployment(self, name: &str, replicas: u32, image: &str) -> Self {
        let containers = format!("containers = [{{ image = \"{image}\" }}]");
        self.workload(name, &format!("kind = \"deployment\"\nreplicas = {replicas}\n{containers}"))
    }

    /// Something that happens at an instant.
    #[must_use]
    pub(crate) fn at(self, instant: &str, name: &str, action: &str) -> Self {
        self.set(&format!("timeline.{name}"), &format!("at = \"{instant}\"\n{action}"))
    }

    /// Controllers and scheduler create and bind pods at once.
    #[must_use]
    pub(crate) fn unpaced(self) -> Self {
        self.set("control_plane", "controller_qps = 0\nscheduler_qps = 0")
    }

    pub(crate) fn spec(&self) -> Spec {
        spec(&self.to_string())
    }

    /// The first replication.
    pub(crate) fn outcome(&self) -> Outcome {
        outcome(&self.spec(), 0)
    }

    /// The first replication and its requests.
    pub(crate) fn requests(&self) -> (Outcome, Vec<Seen>) {
        with_requests(&self.spec(), 0)
    }
}

impl fmt::Display for Lab {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, lines) in &self.blocks {
            if !name.is_empty() {
                writeln!(f, "[{name}]")?;
            }
            for (key, value) in lines {
                writeln!(f, "{key} = {value}")?;
            }
        }
        Ok(())
    }
}

#[test]
fn later_lines_overlay_earlier_ones_in_their_block() {
    let lab = Lab { blocks: vec![] }
        .with("a = 1\n[x.y]\nb = [\n{ c = 2 },\n]\n")
        .with("[x.y]\nb = 3\nd = \"=\"\n[z]\n")
        .with("a = 4");
    assert_eq!(lab.to_string(), "a = 4\n[x.y]\nb = 3\nd = \"=\"\n[z]\n");
}
