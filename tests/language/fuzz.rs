//! No text makes the reader panic, and what loads once loads again to the same.

use proptest::prelude::*;
use pullstorm::scenario::{self, Request, SourceFile, library};

fn try_load(text: &str, sets: Vec<String>) {
    let file = SourceFile { name: "fuzz.toml".into(), text: text.into() };
    match scenario::load(&file, &Request { sets, ..Request::default() }) {
        Ok(loaded) => assert!(!format!("{:?}", loaded.scenario.spec).is_empty()),
        Err(problems) => assert!(problems.render(true).contains("error")),
    }
}

/// Pieces that scenario text is made of, and some that it is not.
const PIECES: &[&str] = &[
    "\"",
    "[",
    "]",
    "{",
    "}",
    "=",
    ".",
    ",",
    "\n",
    "#",
    "-1",
    "0",
    "\"0s\"",
    "\"9999999999d\"",
    "1e9",
    "inf",
    "99999999999999999999",
    "\"100%\"",
    "[registry.x]",
    "[timeline.x.set]",
    "[variant.a]",
    "enabled = false",
    "from = \"api\"",
    "\"a.b\" = 1",
    "layers = [{}]",
    "nodes",
    "ä\u{301}日",
    "\t",
    "\r",
    "\0",
    "'''",
    "true",
    "[mirror.x]",
    "[expect]\nready_seconds_p95 = \"<\"",
    "platforms = []",
    "1979-05-27",
    "layer_count = 0",
];

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 400,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_mutated_scenario_never_panics(
        edits in prop::collection::vec(
            (any::<prop::sample::Index>(), 0usize..40, 0..PIECES.len()),
            1..6,
        ),
    ) {
        let mut text = library::find("cold-cluster").unwrap().to_owned();
        for (at, length, piece) in edits {
            let at = at.index(text.len() + 1);
            let at = (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap();
            let end = (at + length).min(text.len());
            let end = (end..=text.len()).find(|end| text.is_char_boundary(*end)).unwrap();
            text.replace_range(at..end, PIECES[piece]);
        }
        try_load(&text, Vec::new());
    }

    #[test]
    fn arbitrary_text_and_flags_never_panic(
        text in ".{0,60}",
        path in "[a-z.\\-=]{0,20}",
        value in ".{0,20}",
    ) {
        try_load(&text, Vec::new());
        let base = library::find("cold-cluster").unwrap();
        try_load(base, vec![format!("{path}={value}")]);
        for path in ["pool.workers.nodes", "horizon", "egress.nat", "workload.web.containers"] {
            try_load(base, vec![format!("{path}={value}")]);
        }
    }
}
