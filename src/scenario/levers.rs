//! What one can pull on against a storm: the closed list of words that a variant's `lever` takes,
//! and that a diagnosis names.

/// One lever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lever {
    /// Its word.
    pub id: &'static str,
    /// What it means, in a line.
    pub title: &'static str,
}

const fn lever(id: &'static str, title: &'static str) -> Lever {
    Lever { id, title }
}

/// Every lever, in the order in which they are listed.
pub const LEVERS: &[Lever] = &[
    lever("authenticate", "pull with an account: the limit is then that of the account"),
    lever("addresses", "spread the nodes over more source addresses"),
    lever("mirror", "put a pull-through mirror in front of the registry, or mend the one there is"),
    lever("replicate", "copy the images to a registry of one's own"),
    lever("digest", "pin images by digest, or by tags that never move"),
    lever("pull-policy", "pull IfNotPresent in place of Always"),
    lever("pre-pull", "pull the images to the nodes before they are needed"),
    lever("preload", "build the images into the machine image"),
    lever("stagger", "start pods, jobs or nodes one after another"),
    lever("slow-rollout", "roll out in smaller steps"),
    lever("canary", "try a release on a few nodes first"),
    lever("parallelism", "fewer pulls, or downloads, at a time"),
    lever("qps", "change registryPullQPS and registryBurst of the kubelets"),
    lever("backoff", "longer back-off, or back-off with jitter"),
    lever("image-size", "smaller images"),
    lever("layers", "fewer layers"),
    lever("node-reuse", "keep nodes, or runners, for longer"),
    lever("keep-images", "delete fewer images from nodes"),
    lever("bandwidth", "more bandwidth, or faster disks"),
    lever("disk", "larger disks, or thresholds that fit them"),
    lever("private-connectivity", "reach the registry without NAT: fewer shared ports"),
    lever("platform", "build the image for the platform of its nodes"),
    lever("quota", "a higher limit"),
    lever("fail-over", "another registry for when this one fails"),
    lever("restart", "restart kubelets, nodes or pods"),
    lever("wait", "do nothing, or stop what adds to it"),
    lever("what-if", "something that no released software has"),
];

/// The lever with this word.
pub fn find(id: &str) -> Option<&'static Lever> {
    LEVERS.iter().find(|it| it.id == id)
}
