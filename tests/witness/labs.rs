//! Small labs around one pull: every kind of reference, image, identity and fault once.

/// Faults: the name and the lines of the block.
const FAULTS: [(&str, &str); 12] = [
    ("calm", ""),
    ("get-429", "answer = { status = 429 }\nrequests = [\"manifest-get\"]"),
    ("all-429", "answer = { status = 429 }\nrequests = [\"manifest-get\", \"manifest-head\"]"),
    ("token-429", "answer = { status = 429 }\nrequests = [\"token\"]"),
    ("blob-429", "answer = { status = 429 }\nrequests = [\"blob-get\"]\nfirst = 9"),
    ("layer-503", "answer = { status = 503 }\nrequests = [\"blob-get\"]\nlayers = [2]"),
    ("head-500", "answer = { status = 500 }\nrequests = [\"manifest-head\"]"),
    ("get-408", "answer = { status = 408 }\nrequests = [\"manifest-get\"]\nfirst = 3"),
    ("get-401", "answer = { status = 401 }\nrequests = [\"manifest-get\"]"),
    ("three-429", "answer = { status = 429, retry_after = \"3s\" }\nfirst = 3"),
    ("cdn-500", "answer = { status = 500 }\nrequests = [\"cdn-get\"]\nfirst = 2"),
    ("half-429", "answer = { status = 429 }\nrequests = [\"manifest-get\"]\nshare = \"50%\""),
];

/// Mirrors in front of the registry.
const MIRRORS: [(&str, &str); 3] = [
    ("none", ""),
    (
        "d2",
        "[mirror.cache]\nkind = \"distribution-2.8\"\nupstream = \"lab\"\negress = \"direct\"\n",
    ),
    ("d3", "[mirror.cache]\nkind = \"distribution-3\"\nupstream = \"lab\"\negress = \"direct\"\n"),
];

/// All labs with their names.
pub(crate) fn all() -> Vec<(String, String)> {
    let mut labs = Vec::new();
    for (fault, fault_lines) in FAULTS {
        for (mirror, mirror_lines) in MIRRORS {
            for by_digest in [false, true] {
                for (kind, platforms) in
                    [("index", "\"amd64\", \"arm64\""), ("single", "\"amd64\"")]
                {
                    for account in [false, true] {
                        let form = if by_digest { "digest" } else { "tag" };
                        let who = if account { "account" } else { "anonymous" };
                        let name = format!("lab-{fault}-{mirror}-{form}-{kind}-{who}");
                        let fault = match fault_lines {
                            "" => String::new(),
                            lines => format!("[fault.x]\nregistry = \"lab\"\n{lines}\n"),
                        };
                        let blocks = format!("{mirror_lines}{fault}");
                        labs.push((name, lab(by_digest, platforms, account, &blocks)));
                    }
                }
            }
        }
    }
    labs
}

/// Three nodes that pull one image of five layers each.
fn lab(by_digest: bool, platforms: &str, account: bool, blocks: &str) -> String {
    let reference = if by_digest {
        "app@sha256:baed9292c5fe1f090c4779d78b6906c1ea502357ed777bee765725907a767acc"
    } else {
        "app:v1"
    };
    let account = if account { "account = \"ci\"" } else { "" };
    format!(
        r#"
horizon = "20m"
[registry.lab]
host = "lab.example"
needs_token = true
redirects_blobs = true
rtt = "2ms"
[account.ci]
registry = "lab"
[egress.direct]
kind = "per-node"
[pool.some]
nodes = 3
egress = "direct"
runtime = "containerd-1.7.34"
nic = "10Gbit/s"
[image.app]
reference = "lab.example/lib/{reference}"
platforms = [{platforms}]
layers = ["8MB", "4MB", "2MB", "1MB", "250kB"]
[workload.app]
kind = "deployment"
pool = "some"
replicas = 6
{account}
containers = [{{ image = "app", image_pull_policy = "Always" }}]
{blocks}
"#
    )
}
