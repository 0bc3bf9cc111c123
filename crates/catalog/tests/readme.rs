//! What the description of the format says is so.

use catalog::{Layers, SourceFile, load};
use domain::quirk::Quirks;

const README: &str = include_str!("../../../catalog/README.md");

/// The block of TOML that begins with these words.
fn block(beginning: &str) -> String {
    let blocks = README.split("```toml\n").skip(1);
    let mut blocks = blocks.filter_map(|rest| rest.split_once("```").map(|(block, _)| block));
    blocks.find(|block| block.starts_with(beginning)).expect("the block is there").to_owned()
}

fn file(path: &str, text: String) -> SourceFile {
    SourceFile { path: path.to_owned(), text }
}

#[test]
fn its_provider_model_and_endpoint_load_together() {
    let provider = format!("{}\n{}", block("[provider]"), block("[[endpoint]]\nmodel"));
    let base =
        vec![file("providers/acme.toml", provider), file("models/acme.toml", block("author = "))];
    let loaded = load(&Layers { base, overlays: Vec::new() }).expect("the examples are sound");
    let ids: Vec<&str> = loaded.catalog.endpoints().iter().map(|it| it.id.as_str()).collect();
    assert_eq!(ids, ["acme/turbo/non-reasoning/eu/fp8/tee:acme/one-70b"]);
    assert!(README.contains(ids[0]));
}

#[test]
fn its_overlay_can_be_laid_over_what_is_shipped() {
    let plain = load(&Layers::shipped()).expect("the shipped catalog is sound");
    let overlays = vec![vec![file("catalog.d/own.toml", block("[provider.groq]"))]];
    let laid = load(&Layers { overlays, ..Layers::shipped() }).unwrap_or_else(|faults| {
        panic!("{faults:#?}");
    });
    assert_eq!(laid.counts.providers, plain.counts.providers + 1);
    assert_eq!(laid.counts.models, plain.counts.models + 1);
    assert_eq!(laid.counts.endpoints, plain.counts.endpoints + 2);
    assert_eq!(laid.counts.routable, plain.counts.routable + 3);
    assert!(laid.catalog.find_model("gpt-4o-latest").is_some());
}

#[test]
fn its_model_without_a_maker_can_be_laid_over_its_provider() {
    let inhouse = block("[provider.groq]");
    let inhouse = inhouse.split_once("[provider.inhouse]").expect("it is there").1;
    let inhouse = inhouse.split_once("\n\n").expect("it ends").0;
    let overlay = format!("[provider.inhouse]{inhouse}\n{}", block("[[model]]\nid = \"stealth/"));
    let overlays = vec![vec![file("catalog.d/own.toml", overlay)]];
    let loaded = load(&Layers { overlays, ..Layers::shipped() }).unwrap_or_else(|faults| {
        panic!("{faults:#?}");
    });
    let place = loaded.catalog.find_model("stealth/heron").expect("the model is there");
    let stealth = loaded.catalog.model(place).stealth.clone().expect("its maker is not told");
    assert!(stealth.terms.starts_with("Heron belongs to a lab"), "{}", stealth.terms);
    assert_eq!(stealth.terms_hash.len(), 16);
    assert_eq!(loaded.authors["stealth"], "Stealth");
}

#[test]
fn it_explains_every_flag_and_no_other() {
    let table = README.split("## Quirks").nth(1).expect("the section is there");
    let table = table.split("## Overlays").next().expect("a section ends");
    let explained: Vec<&str> = table
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once("` |"))
        .map(|(flag, _)| flag)
        .collect();
    assert_eq!(explained, Quirks::NAMES);
}
