//! What a smaller image changes at a limit, and what it does not.
#![expect(clippy::float_cmp, reason = "counts in floats are exact")]

use crate::support::{Lab, known};

/// Ten nodes pull `app` and `other`, whose content is given, from a registry with one limit that
/// counts manifests (an index and a platform manifest, half a unit each) and one that counts blobs.
fn units(app: &str, other: &str) -> (f64, f64) {
    let limit = |name: &str, weight: &str| {
        let law = "law = 'sliding-log'\nallow = 100000\nwindow = '6h'";
        format!("[registry.lab.limit.{name}]\n{law}\nweight = {weight}")
    };
    let platforms = "platforms = ['amd64', 'arm64']";
    let outcome = Lab::new()
        .with(&limit("manifests", "{ index = 0.5, platform = 0.5, single = 0.5 }"))
        .with(&limit("blobs", "{ blob = 1 }"))
        .pool("nodes = 10")
        .set("image.base", "layers = ['30MB', '2MB', '1kB']")
        .image("app", &format!("{platforms}\n{app}"))
        .image("other", &format!("{platforms}\n{other}"))
        .workload("app", "kind = 'daemonset'")
        .set("workload.app", "containers = [{ image = 'app' }, { image = 'other' }]")
        .outcome();
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
