//! What loads, and to which spec.

use pullstorm::scenario::{self, Loaded, Request, SourceFile, library};

fn load(text: &str, request: &Request) -> Loaded {
    let file = SourceFile { name: "test.toml".into(), text: text.into() };
    scenario::load(&file, request).unwrap_or_else(|problems| panic!("{problems}"))
}

#[test]
fn every_scenario_of_the_library_loads_with_every_variant() {
    for (name, text) in library::all() {
        let base = load(text, &Request::default());
        assert!(base.warnings.is_empty(), "{name}: {:?}", base.warnings);
        for variant in &base.scenario.variants {
            let request = Request { variant: Some(variant.name.clone()), ..Request::default() };
            load(text, &request);
        }
    }
}

#[test]
fn print_it() {
    let text = library::find("cold-cluster").unwrap();
    let base = load(text, &Request { variant: Some("pull-secret".into()), ..Request::default() });
    println!("{:#?}", base.scenario);
}
