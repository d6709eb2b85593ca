//! Recordings of real clients as servers: a case answers each request with what the recording
//! registry answered, and notices a request that was not recorded.

use crate::model::client::{Ask, Hosts};
use crate::model::ids::FaultId;
use crate::model::image::Object;
use crate::model::words::cause::Cause;
use crate::model::words::reply::Reply;

/// One case of a recording.
pub(super) struct Case {
    pub(super) name: String,
    /// Hosts as the client of the case was configured.
    pub(super) hosts: Hosts,
    /// The objects of the image, the one that the reference names first.
    pub(super) objects: Vec<Object>,
    pub(super) fails_to_resolve: bool,
    pub(super) ends_well: bool,
    /// The sections that the hosts answer from, by position; `None` refuses connections.
    sections: Vec<Option<usize>>,
    /// Requests of each section that were not sent yet: what is asked for, and the status.
    left: Vec<Vec<(String, u16)>>,
    token_status: u16,
}

/// All cases of a recording in the form of `tests/data/README.md`.
pub(super) fn cases(text: &str) -> Vec<Case> {
    text.split("\n## ").map(|block| Case::read(block.trim_start_matches("## "))).collect()
}

impl Case {
    fn read(block: &str) -> Self {
        let name = block.lines().next().expect("a name").to_owned();
        let mut left: Vec<(String, Vec<(String, u16)>)> = Vec::new();
        let mut error = "";
        for line in block.lines().skip(1).map(str::trim) {
            if let Some(text) = line.strip_prefix("error: ") {
                error = text;
            } else if let Some(section) = line.strip_prefix('[') {
                let section = section.split(']').next().expect("a name");
                left.push((section.to_owned(), Vec::new()));
            } else if let Some((_, requests)) = left.last_mut() {
                requests.extend(requests_of(line));
            }
        }
        let of = |name: &str| left.iter().position(|(it, _)| it == name);
        let (mirror, upstream) = (of("mirror"), of("upstream"));
        let sections = match (mirror, name.contains("conn refused"), name.contains("server= set")) {
            (_, true, _) => vec![None, upstream],
            (Some(_), _, true) => vec![mirror, mirror],
            (Some(_), _, false) => vec![mirror, upstream],
            (None, ..) => vec![upstream],
        };
        let mut hosts = Hosts::default();
        for _ in &sections {
            hosts.push(!name.contains("-only"));
        }
        // Which image a case is of: that with an index, or that of a single platform.
        let is_single = block.contains("/manifests/single") && !name.contains("digest");
        let manifests = if is_single {
            vec![Object::Manifest { single: true }]
        } else {
            vec![Object::Index, Object::Manifest { single: false }]
        };
        let blobs = (0..5).map(Object::Layer).chain([Object::Config]);
        Self {
            hosts,
            objects: manifests.into_iter().chain(blobs).collect(),
            fails_to_resolve: error.contains("failed to resolve"),
            ends_well: error == "<nil>",
            sections,
            left: left.into_iter().map(|(_, requests)| requests).collect(),
            token_status: if error.contains("failed to fetch anonymous token") { 429 } else { 200 },
            name,
        }
    }

    /// The objects that were fetched: all, unless they are there or the client gave up before.
    pub(super) fn fetched(&self) -> Vec<Object> {
        if self.ends_well && !self.name.contains("warm") {
            return self.objects.clone();
        }
        let has = |it: &&Object| {
            let path = path(Ask::Get, **it);
            self.left.iter().flatten().any(|(asked, _)| *asked == path)
        };
        self.objects.iter().filter(has).copied().collect()
    }

    /// What the host at a position answers.
    pub(super) fn answer(&mut self, host: usize, ask: Ask, object: Object) -> Reply {
        let cause = Cause::Fault(FaultId::from(host));
        let Some(section) = self.sections[host] else { return Reply::Dropped { cause } };
        let what = path(ask, object);
        let left = &mut self.left[section];
        let Some(at) = left.iter().position(|(asked, _)| *asked == what) else {
            // Requests that are challenged side by side share the token of the first.
            assert!(ask.is_for_token(), "{}: no {what} was recorded", self.name);
            return Reply::Served;
        };
        let (_, status) = left.remove(at);
        let is_last = host + 1 == self.sections.len();
        match if ask.is_for_token() { self.token_status } else { status } {
            200 => Reply::Served,
            307 => Reply::Redirected,
            401 if is_last => Reply::Challenged,
            status => Reply::Refused { status, cause, retry_after: None },
        }
    }

    /// Everything that the real client sent was sent.
    pub(super) fn assert_used_up(&self) {
        let left: Vec<_> = self.left.iter().flatten().collect();
        assert!(left.is_empty(), "{}: never sent: {left:?}", self.name);
    }
}

/// A request of a client as a recording names it.
fn path(ask: Ask, object: Object) -> String {
    let digest = match object {
        Object::Index => "<index>".to_owned(),
        Object::Manifest { .. } => "<manifest>".to_owned(),
        Object::Config => "<config>".to_owned(),
        Object::Layer(layer) => format!("<layer{layer}>"),
    };
    let of = match object {
        Object::Index | Object::Manifest { .. } => "manifests",
        Object::Config | Object::Layer(_) => "blobs",
    };
    match ask {
        Ask::Ping => "GET /v2/".to_owned(),
        Ask::Head => "HEAD manifests/reference".to_owned(),
        Ask::GetTag => "GET manifests/reference".to_owned(),
        Ask::HeadBlob => "HEAD blobs/reference".to_owned(),
        Ask::Get => format!("GET {of}/{digest}"),
        Ask::GetRedirected => format!("CDN {digest}"),
        Ask::TokenPost | Ask::TokenGet => "token".to_owned(),
    }
}

/// The requests of one line of a recording, in the words of [`path`], with their status.
fn requests_of(line: &str) -> Vec<(String, u16)> {
    let (line, times) = match line.rsplit_once("  x") {
        Some((line, times)) => (line, times.parse().expect("a count")),
        None => (line, 1),
    };
    let (asked, status) = line.split_once(" -> ").unwrap_or((line, "200"));
    let Ok(status) = status.parse() else { return Vec::new() };
    let asked = asked.replace("-amd64>", ">").replace("/v2/lib/app/", "");
    let asked = match &*asked {
        "GET token" => "token".to_owned(),
        _ if asked.starts_with("HEAD") => {
            let of = asked.split(['/', ' ']).nth(1).expect("manifests or blobs");
            format!("HEAD {of}/reference")
        }
        _ => asked
            .replace("CDN GET /", "CDN ")
            .replace("/v1", "/reference")
            .replace("/single", "/reference"),
    };
    vec![(asked, status); times]
}
