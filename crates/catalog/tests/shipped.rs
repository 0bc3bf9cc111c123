//! What the compiled-in catalog holds.

use std::collections::HashMap;

use catalog::{Layers, Loaded, load};
use domain::catalog::Bare;

fn shipped() -> Loaded {
    load(&Layers::shipped()).unwrap_or_else(|faults| {
        let report: Vec<String> = faults.iter().map(ToString::to_string).collect();
        panic!("{}", report.join("\n"));
    })
}

#[test]
fn it_loads_without_a_fault_and_is_large() {
    let counts = shipped().counts;
    assert!(80 <= counts.providers, "{counts:?}");
    assert!(450 <= counts.models, "{counts:?}");
    assert!(1_400 <= counts.endpoints, "{counts:?}");
    assert!(1_200 <= counts.routable, "{counts:?}");
}

#[test]
fn no_variable_of_the_environment_opens_two_providers() {
    let loaded = shipped();
    let mut owners: HashMap<&str, &str> = HashMap::new();
    for provider in loaded.catalog.providers() {
        for name in &provider.key_env {
            let other = owners.insert(name, &provider.slug);
            assert_eq!(other, None, "{name} would send one provider's key to {}", provider.slug);
        }
    }
}

#[test]
fn only_the_provider_with_a_local_proxy_leads_inwards() {
    let loaded = shipped();
    let inwards: Vec<&str> = loaded
        .catalog
        .providers()
        .iter()
        .filter(|provider| provider.private_network)
        .map(|provider| provider.slug.as_str())
        .collect();
    assert_eq!(inwards, ["privatemode-ai"]);
}

#[test]
fn endpoints_are_named_after_provider_qualifiers_and_model() {
    let loaded = shipped();
    let ids: Vec<&str> = loaded.catalog.endpoints().iter().map(|it| it.id.as_str()).collect();
    for id in [
        "openai:openai/gpt-4o",
        "amazon-bedrock/us:anthropic/claude-sonnet-4.5",
        "anthropic/fast:anthropic/claude-opus-4.8-fast",
    ] {
        assert!(ids.contains(&id), "{id}");
    }
}

#[test]
fn the_names_that_the_makers_clients_send_are_known() {
    let loaded = shipped();
    for (name, id) in [
        ("claude-sonnet-4-5-20250929", "anthropic/claude-sonnet-4.5"),
        ("claude-sonnet-4-5", "anthropic/claude-sonnet-4.5"),
        ("claude-haiku-4-5-20251001", "anthropic/claude-haiku-4.5"),
        ("claude-haiku-4-5", "anthropic/claude-haiku-4.5"),
        ("claude-opus-4-8", "anthropic/claude-opus-4.8"),
        ("claude-sonnet-5", "anthropic/claude-sonnet-5"),
        ("claude-3-5-haiku-latest", "anthropic/claude-3.5-haiku"),
        ("gpt-4o-mini", "openai/gpt-4o-mini"),
        ("gpt-4o-mini-2024-07-18", "openai/gpt-4o-mini-2024-07-18"),
        ("gpt-5-mini-2025-08-07", "openai/gpt-5-mini"),
        ("gpt-4o-2024-05-13", "openai/gpt-4o-2024-05-13"),
        ("gpt-5-codex", "openai/gpt-5-codex"),
        ("text-embedding-3-small", "openai/text-embedding-3-small"),
        ("gemini-2.5-flash", "google/gemini-2.5-flash"),
        ("gemini-2.5-pro", "google/gemini-2.5-pro"),
    ] {
        let Some(Bare::One(model)) = loaded.catalog.find_bare(name) else {
            panic!("{name}: {:?}", loaded.catalog.find_bare(name));
        };
        assert_eq!(loaded.catalog.model(model).id, id, "{name}");
    }
}
