//! What the compiled-in catalog holds.

use std::collections::HashMap;

use catalog::{Layers, Loaded, load};

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
