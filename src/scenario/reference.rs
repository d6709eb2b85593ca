//! Image references as Docker and Kubernetes read them.

use crate::model::spec::ImagePullPolicy;

/// The parts of a reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reference<'a> {
    /// Host of the registry, normalised.
    pub(crate) host: &'a str,
    /// Tag, where there is one.
    pub(crate) tag: Option<&'a str>,
    /// Digest, where there is one.
    pub(crate) digest: Option<&'a str>,
}

impl<'a> Reference<'a> {
    /// Reads `redis:7`, `quay.io/coreos/etcd:v3.5`, `name@sha256:…`; `None` where it is no
    /// reference.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest)),
            None => (text, None),
        };
        if digest.is_some_and(|digest| !is_digest(digest)) {
            return None;
        }
        let slash = rest.rfind('/').map_or(0, |at| at + 1);
        let (name, tag) = match rest[slash..].split_once(':') {
            Some((_, tag)) => (&rest[..rest.len() - tag.len() - 1], Some(tag)),
            None => (rest, None),
        };
        let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        if tag.is_some_and(|tag| tag.is_empty() || !tag.chars().all(is_word)) {
            return None;
        }
        let (host, path) = match name.split_once('/') {
            Some((host, path)) if host.contains(['.', ':']) || host == "localhost" => (host, path),
            _ => ("docker.io", name),
        };
        let is_path = |c: char| is_word(c) && !c.is_ascii_uppercase();
        let parts_are_words =
            path.split('/').all(|part| !part.is_empty() && part.chars().all(is_path));
        let host_is_word =
            host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':'));
        let host = if host == "index.docker.io" { "docker.io" } else { host };
        (parts_are_words && host_is_word && !host.starts_with(':')).then_some(Self {
            host,
            tag,
            digest,
        })
    }

    /// The policy that the API server gives a container which has none.
    ///
    /// The tag decides, and a digest only where there is no tag: `name:latest@sha256:…` is Always.
    pub(crate) fn default_policy(&self) -> ImagePullPolicy {
        match (self.tag, self.digest) {
            (Some("latest"), _) | (None, None) => ImagePullPolicy::Always,
            _ => ImagePullPolicy::IfNotPresent,
        }
    }
}

fn is_digest(text: &str) -> bool {
    text.split_once(':').is_some_and(|(algorithm, hex)| {
        !algorithm.is_empty()
            && algorithm.chars().all(|c| c.is_ascii_alphanumeric())
            && !hex.is_empty()
            && hex.chars().all(|c| c.is_ascii_hexdigit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_without_a_host_is_docker_hubs() {
        for (text, host) in [
            ("redis:7", "docker.io"),
            ("acme/api:1", "docker.io"),
            ("docker.io/library/redis", "docker.io"),
            ("index.docker.io/library/redis", "docker.io"),
            ("quay.io/coreos/etcd:v3.5", "quay.io"),
            ("localhost/app", "localhost"),
            ("registry:5000/app:1", "registry:5000"),
        ] {
            assert_eq!(Reference::parse(text).map(|r| r.host), Some(host), "{text}");
        }
        for text in ["", "redis:", "a b", "Redis", "a//b", "a@sha256", "quay.io/", ":7", "/x"] {
            assert_eq!(Reference::parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_default_policy_follows_the_tag_then_the_digest() {
        use ImagePullPolicy::{Always, IfNotPresent};
        for (text, policy) in [
            ("redis", Always),
            ("redis:latest", Always),
            ("redis:7", IfNotPresent),
            ("redis@sha256:ab", IfNotPresent),
            ("redis:latest@sha256:ab", Always),
            ("redis:7@sha256:ab", IfNotPresent),
        ] {
            let reference = Reference::parse(text).unwrap();
            assert_eq!(reference.default_policy(), policy, "{text}");
        }
    }
}
