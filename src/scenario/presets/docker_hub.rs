//! Docker Hub: its endpoints, its pull limits, its abuse limit.
//!
//! A pull is not what the counter counts. The 2020 description (a Docker engineer in docker/docs
//! #11648) is that it counts manifest GETs and doubles the limit, so each GET costs half a unit;
//! the text since November 2024 counts one pull per architecture. Both make a multi-platform pull
//! cost 1; they differ for single-platform images. Whether the limit is still doubled is not known:
//! if it is not, every manifest GET costs a unit.

use super::{Counting, HALF_AND_DOUBLE, Preset, PresetKind, PresetValue, Reading, RegistryPreset};

const PULLS: &str = "docs.docker.com/docker-hub/usage/pulls";
const USAGE: &str = "docs.docker.com/docker-hub/usage";
const COUNTER: &str = "docker/docs pull request 11648, comment of a Docker engineer";
const CAPTURED: &str = "requests of containerd 1.6 to 2.3 captured against the protocol";
const TOKENS: &str = "replies of auth.docker.io, expires_in: 300, captured 2020 to 2024";
const NOW: &str = "2026-08";
const WINDOW: &str = "Docker's support page: denied \"until the six hour window elapses\"; headers \
                      name no reset";
const CONSUMED: &str = "as it was until a repair in February 2022 (docker/hub-feedback 2197)";

const fn v(path: &'static str, value: &'static str, text: &'static str) -> PresetValue {
    PresetValue::new(path, value, text, NOW)
}

pub(super) static DOCKER_HUB: Preset = Preset {
    kind: PresetKind::Registry,
    name: RegistryPreset::DockerHub.text(),
    title: "Docker Hub: 100 anonymous pulls per 6 h and address, 200 per personal account",
    values: &[
        v("host", "docker.io", "distribution/reference normalisation"),
        v("needs_token", "true", CAPTURED),
        v(
            "token_post",
            "true",
            "docker/distribution auth spec; not captured against auth.docker.io",
        )
        .unverified(&["false"], "every token service serves GET, and need not know the POST"),
        v("token_lifetime", "5m", TOKENS),
        v("redirects_blobs", "true", CAPTURED),
        v("limit.anonymous-pulls.for", "anonymous", PULLS),
        v("limit.anonymous-pulls.key", "prefix64", PULLS),
        v(
            "limit.anonymous-pulls.law",
            "sliding-log",
            "Docker blog, October 2020: six hour rolling window",
        )
        .unverified(&["fixed-window"], WINDOW),
        v("limit.anonymous-pulls.allow", "100", PULLS),
        v("limit.anonymous-pulls.window", "6h", PULLS),
        v("limit.anonymous-pulls.rejected_consume", "false", "docker/hub-feedback 2197")
            .unverified(&["true"], CONSUMED),
        v("limit.personal-pulls.for", "account", PULLS),
        v("limit.personal-pulls.tier", "personal", PULLS),
        v("limit.personal-pulls.key", "account", PULLS),
        v(
            "limit.personal-pulls.law",
            "sliding-log",
            "Docker blog, October 2020: six hour rolling window",
        )
        .unverified(&["fixed-window"], WINDOW),
        v("limit.personal-pulls.allow", "200", PULLS),
        v("limit.personal-pulls.window", "6h", PULLS),
        v("limit.personal-pulls.rejected_consume", "false", "docker/hub-feedback 2197")
            .unverified(&["true"], CONSUMED),
        v("limit.abuse.for", "everyone", USAGE),
        v("limit.abuse.key", "prefix64", USAGE),
        v("limit.abuse.law", "sliding-log", USAGE)
            .unverified(&["fixed-window", "token-bucket"], "\"per minute\" fits any of them"),
        v(
            "limit.abuse.allow",
            "3000",
            "\"order of thousands of requests per minute\"; best reading",
        )
        .unverified(&["1000", "10000"], "the ends of \"thousands\""),
        v("limit.abuse.window", "1m", USAGE),
        v("limit.abuse.edge", "true", USAGE),
        v("limit.abuse.rejected_consume", "false", "not documented; best reading")
            .unverified(&["true"], "not documented; the pull limits did so in January 2022"),
        v("limit.token-requests.enabled", "false", "no figure is published")
            .unverified(&["true"], "429s of the token service itself: docker/hub-feedback 2204"),
        v("limit.token-requests.for", "everyone", "docker/hub-feedback 2204").unverified(
            &["account"],
            "support blamed failed logins; glances 3133: ten requests at once of an account",
        ),
        v("limit.token-requests.key", "prefix64", "docker/hub-feedback 2204")
            .unverified(&["address"], "that it counts like the other limits is a guess"),
        v("limit.token-requests.law", "token-bucket", "no figure is published")
            .unverified(&["fixed-window", "sliding-log"], "nothing is known: the other laws"),
        v("limit.token-requests.allow", "100", "no figure is published: a guess, switched off")
            .unverified(&["50", "200"], HALF_AND_DOUBLE),
        v("limit.token-requests.window", "1s", "no figure is published: a guess, switched off")
            .unverified(&["500ms", "2s"], HALF_AND_DOUBLE),
        v("limit.token-requests.weight", "{ token = 1 }", "docker/hub-feedback 2204"),
        v("limit.token-requests.edge", "true", "docker/hub-feedback 2204")
            .unverified(&["false"], "that it stands before the check of credentials is a guess"),
    ],
    readings: &[
        Reading {
            key: "counting",
            word: Counting::Counter2020.text(),
            why: "a Docker engineer in 2020: counts manifest GETs against a doubled limit",
            values: &[
                v("limit.anonymous-pulls.weight", TWENTY, COUNTER),
                v("limit.personal-pulls.weight", TWENTY, COUNTER),
            ],
        },
        Reading {
            key: "counting",
            word: Counting::Text2024.text(),
            why: "the text since November 2024: one pull per architecture",
            values: &[
                v("limit.anonymous-pulls.weight", TWENTY_FOUR, PULLS),
                v("limit.personal-pulls.weight", TWENTY_FOUR, PULLS),
            ],
        },
        Reading {
            key: "counting",
            word: Counting::EveryGet.text(),
            why: "the counter of 2020 with the limit as it is published: no source says that it \
                  is still doubled",
            values: &[
                v("limit.anonymous-pulls.weight", EVERY_GET, PULLS),
                v("limit.personal-pulls.weight", EVERY_GET, PULLS),
            ],
        },
    ],
};

const TWENTY: &str = "{ head = 0, index = 0.5, platform = 0.5, single = 0.5 }";
const TWENTY_FOUR: &str = "{ head = 0, index = 0, platform = 1, single = 1 }";
const EVERY_GET: &str = "{ head = 0, index = 1, platform = 1, single = 1 }";
