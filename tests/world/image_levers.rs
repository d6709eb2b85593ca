//! What a smaller image changes at a limit, and what it does not.
#![expect(clippy::float_cmp, reason = "counts in floats are exact")]

use crate::support::{known, outcome, spec};

/// Ten nodes pull `app` and `other`, whose content is given, from a registry with one limit that
/// counts manifests (an index and a platform manifest, half a unit each) and one that counts blobs.
fn units(app: &str, other: &str) -> (f64, f64) {
    let text = format!(
        r#"
horizon = "1h"
[registry.lab]
host = "lab.example"
[registry.lab.limit.manifests]
law = "sliding-log"
allow = 100000
window = "6h"
weight = {{ index = 0.5, platform = 0.5, single = 0.5 }}
[registry.lab.limit.blobs]
law = "sliding-log"
allow = 100000
window = "6h"
weight = {{ blob = 1 }}
[egress.nat]
[pool.some]
nodes = 10
egress = "nat"
[image.base]
layers = ["30MB", "2MB", "1kB"]
[image.app]
reference = "lab.example/app:1"
platforms = ["amd64", "arm64"]
{app}
[image.other]
reference = "lab.example/other:1"
platforms = ["amd64", "arm64"]
{other}
[workload.app]
kind = "daemonset"
pool = "some"
containers = [{{ image = "app" }}, {{ image = "other" }}]
"#
    );
    let outcome = outcome(&spec(&text), 0);
    assert_eq!(known(&outcome, "run", "pods_ready"), 10.0);
    let of = |limit: &str| known(&outcome, "run", &format!("limit_units_spent.{limit}"));
    (of("manifests"), of("blobs"))
}

/// Ten nodes, two images, one pull each: 20 units by manifests, whatever the images hold. Blobs are
/// a config and the layers that the node lacks: 10 × (1 + layers) for each image.
#[test]
fn size_layers_and_shared_bases_cost_nothing_at_a_limit_that_counts_manifests() {
    let one = "layers = [\"1kB\"]";
    let large = "layers = [\"1GB\"]";
    let many = "layer_count = 20\nsize = \"1GB\"";
    let based = "from = \"base\"\nlayers = [\"1kB\"]";
    assert_eq!(units(one, one), (20.0, 10.0 * (2.0 + 2.0)));
    assert_eq!(units(large, one), (20.0, 10.0 * (2.0 + 2.0)), "the size");
    assert_eq!(units(many, one), (20.0, 10.0 * (21.0 + 2.0)), "the number of layers");
    assert_eq!(units(based, one), (20.0, 10.0 * (5.0 + 2.0)));
    assert_eq!(units(based, based), (20.0, 10.0 * (5.0 + 2.0)), "the base is there already");
}
