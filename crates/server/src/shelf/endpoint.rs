//! An endpoint as the API shows it.

use domain::catalog::{Dialect, Endpoint, EndpointIx, ModelIx};
use serde_json::{Value, json};

use super::model::{architecture, created, show_launch};
use super::pricing::{in_force, pricing};
use super::view::{View, keeps_nothing, status};

/// Returns an endpoint as listings show it. Figures of its service are what this instance
/// measured, and `null` where it did not ask. `available`, whether it can be called here, is ours.
pub(crate) fn endpoint(view: &View<'_>, place: EndpointIx) -> Value {
    let (provider, endpoint) = view.look_up(place);
    let model = view.catalog.model(endpoint.model);
    let figures = (view.figures)(place).unwrap_or_default();
    let caches = in_force(endpoint, view.now).is_some_and(|price| price.cache_read.is_some());
    json!({
        "name": format!("{} | {}", provider.display_name, model.permaslug),
        "model_id": model.id,
        "model_name": model.name,
        "context_length": endpoint.context.or(model.context),
        "pricing": pricing(endpoint, view.now),
        "provider_name": provider.display_name,
        "tag": endpoint.tag,
        "quantization": endpoint.quantization.as_deref().unwrap_or("unknown"),
        "max_completion_tokens": endpoint.max_output,
        "max_prompt_tokens": endpoint.max_input,
        "supported_parameters": dialect::registry::supported_parameters(endpoint),
        "status": status(provider, endpoint),
        "uptime_last_5m": percent(figures.uptime_last_5m),
        "uptime_last_30m": percent(figures.uptime_last_30m),
        "uptime_last_1d": percent(figures.uptime_last_1d),
        "supports_tool_choice": tool_choice(endpoint),
        "native_tools": {},
        "service_tier": null,
        "supports_diarization": false,
        "supports_implicit_caching": caches && endpoint.dialect == Dialect::OpenaiChat,
        "latency_last_30m": figures.latency_last_30m,
        "throughput_last_30m": figures.throughput_last_30m,
        "available": view.is_callable(place),
    })
}

/// Returns a share in percent, from hundredths of one.
pub(crate) fn percent(hundredths: Option<u32>) -> Option<f64> {
    hundredths.map(|hundredths| f64::from(hundredths) / 100.0)
}

/// Returns which values of `tool_choice` an endpoint takes.
fn tool_choice(endpoint: &Endpoint) -> Value {
    let quirks = &endpoint.quirks;
    let taken = endpoint.tools
        && quirks.no_tools != Some(true)
        && !quirks.drops("tool_choice", endpoint.reasoning);
    json!({ "none": taken, "auto": taken, "required": taken, "function": taken })
}

/// Returns a model with those of its endpoints that can be called, or with `all` of them.
pub(crate) fn endpoints(view: &View<'_>, place: ModelIx, all: bool) -> Value {
    let model = view.catalog.model(place);
    let listed = if all { view.catalog.endpoints_of(place) } else { (view.callable)(place) };
    let shown: Vec<Value> = listed.iter().map(|place| endpoint(view, *place)).collect();
    let mut whole = json!({
        "id": model.id,
        "name": model.name,
        "created": created(model).unwrap_or(0),
        "description": model.description,
        "architecture": architecture(model),
        "endpoints": shown,
    });
    show_launch(view, model, &mut whole);
    whole
}

/// Returns the endpoints whose providers keep no prompt: those that can be called, or `all`.
pub(crate) fn without_retention(view: &View<'_>, all: bool) -> Vec<Value> {
    (0..)
        .map(EndpointIx)
        .take(view.catalog.endpoints().len())
        .filter(|place| keeps_nothing(view.look_up(*place).0))
        .filter(|place| all || view.is_callable(*place))
        .map(|place| endpoint(view, place))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::samples::{NOON, sample};
    use super::*;

    fn listed(id: &str, all: bool) -> Value {
        let sample = sample();
        sample.at(NOON, |view| endpoints(view, sample.model(id), all))
    }

    #[test]
    fn an_endpoint_is_shown_with_its_limits() {
        let mut shown = listed("acme/talker", false)["endpoints"][0].clone();
        // What a dialect takes is held by the dialects' own tests.
        let parameters = shown.as_object_mut().unwrap().shift_remove("supported_parameters");
        assert!(parameters.unwrap()[0].is_string());
        insta::assert_snapshot!(format!("{shown:#}"), @r#"
        {
          "name": "Fast | acme/talker-2026-05-01",
          "model_id": "acme/talker",
          "model_name": "Talker <1>",
          "context_length": 128000,
          "pricing": {
            "prompt": "0.0000005",
            "completion": "0.0000015",
            "input_cache_read": "0.00000005",
            "discount": 0,
            "overrides": [
              {
                "utc_start": 1630,
                "utc_end": 30,
                "days": [
                  "mon",
                  "tue"
                ],
                "holidays": [
                  "2026-12-25"
                ],
                "prompt": "0.00000025",
                "completion": "0.00000075",
                "input_cache_read": "0.000000025"
              },
              {
                "min_prompt_tokens": 64000,
                "prompt": "0.000001",
                "completion": "0.000003"
              }
            ]
          },
          "provider_name": "Fast",
          "tag": "fast/fp8",
          "quantization": "fp8",
          "max_completion_tokens": 8000,
          "max_prompt_tokens": 100000,
          "status": 0,
          "uptime_last_5m": null,
          "uptime_last_30m": null,
          "uptime_last_1d": null,
          "supports_tool_choice": {
            "none": true,
            "auto": true,
            "required": true,
            "function": true
          },
          "native_tools": {},
          "service_tier": null,
          "supports_diarization": false,
          "supports_implicit_caching": true,
          "latency_last_30m": null,
          "throughput_last_30m": null,
          "available": true
        }
        "#);
    }

    #[test]
    fn what_cannot_be_called_is_listed_on_request_with_its_status() {
        assert_eq!(listed("acme/thinker", false)["endpoints"], json!([]));
        let all = listed("acme/thinker", true);
        let status: Vec<(&Value, &Value)> = all["endpoints"]
            .as_array()
            .unwrap()
            .iter()
            .map(|endpoint| (&endpoint["status"], &endpoint["available"]))
            .collect();
        assert_eq!(status, [(&json!(0), &json!(false)), (&json!(-5), &json!(false))]);
    }

    #[test]
    fn only_providers_that_say_so_keep_nothing() {
        let tags: Vec<Value> = sample().at(NOON, |view| {
            without_retention(view, false).iter().map(|shown| shown["tag"].clone()).collect()
        });
        assert_eq!(tags, [json!("fast/fp8"), json!("fast"), json!("fast")]);
    }
}
