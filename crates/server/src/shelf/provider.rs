//! A provider as the API shows it.

use domain::catalog::Provider;
use serde_json::{Value, json};

/// Returns a provider as the API shows it. `active`, whether it has here what it takes to call it,
/// and `data_policy` are ours; of credentials nothing else is told.
pub(crate) fn provider(provider: &Provider, active: bool) -> Value {
    let datacenters = (!provider.datacenters.is_empty()).then_some(&provider.datacenters);
    json!({
        "name": provider.display_name,
        "slug": provider.slug,
        "privacy_policy_url": provider.privacy_policy,
        "terms_of_service_url": provider.terms_of_service,
        "status_page_url": provider.status_page,
        "headquarters": provider.hq,
        "datacenters": datacenters,
        "data_policy": {
            "training": provider.data.train,
            "retention_days": provider.data.retention_days,
        },
        "active": active,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_is_shown_without_its_credentials() {
        let layers = catalog::Layers::shipped();
        let loaded = catalog::load(&layers).unwrap_or_else(|faults| panic!("{}", faults[0]));
        let place = loaded.catalog.find_provider("openai").unwrap();
        let shown = provider(loaded.catalog.provider(place), true);
        insta::assert_snapshot!(format!("{shown:#}"), @r#"
        {
          "name": "OpenAI",
          "slug": "openai",
          "privacy_policy_url": null,
          "terms_of_service_url": null,
          "status_page_url": null,
          "headquarters": "US",
          "datacenters": null,
          "data_policy": {
            "training": "no",
            "retention_days": 30
          },
          "active": true
        }
        "#);
    }
}
