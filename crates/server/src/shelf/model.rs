//! A model as the API shows it.

use std::collections::BTreeSet;

use domain::catalog::{Endpoint, EndpointIx, Modality, Model, ModelIx};
use domain::price::Rate;
use domain::time::Timestamp;
use serde_json::{Value, json};

use super::pricing::{in_force, pricing};
use super::reasoning::reasoning;
use super::view::View;

/// Returns a model as listings show it. `offered` are the endpoints that speak for it; the price
/// and the limits of its provider are those of the cheapest.
///
/// `available`, whether it can be called here, is ours.
pub(crate) fn model(view: &View<'_>, place: ModelIx, offered: &[EndpointIx]) -> Value {
    let model = view.catalog.model(place);
    let endpoints: Vec<&Endpoint> =
        offered.iter().map(|place| view.catalog.endpoint(*place)).collect();
    let top = cheapest(&endpoints, view.now);
    let mut shown = json!({
        "id": model.id,
        "canonical_slug": model.permaslug,
        "hugging_face_id": model.hugging_face_id,
        "name": model.name,
        "created": created(model).unwrap_or(0),
        "description": model.description,
        "context_length": context(model, &endpoints),
        "architecture": architecture(model),
        "pricing": top.map_or_else(no_price, |top| pricing(top, view.now)),
        "top_provider": {
            "context_length": top.and_then(|top| top.context).or(model.context),
            "max_completion_tokens": top.and_then(|top| top.max_output).or(model.max_output),
            "is_moderated": false,
        },
        "per_request_limits": null,
        "supported_parameters": parameters(&endpoints),
        "default_parameters": null,
        "supported_voices": null,
        "knowledge_cutoff": model.knowledge.as_deref().map(full_date),
        "expiration_date": null,
        "links": { "details": details(model) },
        "available": !(view.callable)(place).is_empty(),
    });
    if let Some(reasoning) = reasoning(&endpoints) {
        shown["reasoning"] = reasoning;
    }
    show_launch(view, model, &mut shown);
    shown
}

/// Shows the terms of a stealth model; and of any other which stealth models it was, and until
/// when, where it was any.
pub(crate) fn show_launch(view: &View<'_>, model: &Model, shown: &mut Value) {
    if let Some(stealth) = &model.stealth {
        shown["stealth"] = json!({ "terms": stealth.terms, "terms_hash": stealth.terms_hash });
    }
    let was = view.catalog.was(&model.id);
    let cloaks: Vec<Value> =
        was.map(|it| json!({ "id": it.stealth, "until": it.at.to_string() })).collect();
    if !cloaks.is_empty() {
        shown["cloaked"] = Value::Array(cloaks);
    }
}

/// Returns `architecture` as it is shown.
pub(crate) fn architecture(model: &Model) -> Value {
    let words = |modalities: &[Modality]| -> Vec<&'static str> {
        let sorted: BTreeSet<Modality> = modalities.iter().copied().collect();
        sorted.into_iter().map(Modality::word).collect()
    };
    let (input, output) = (words(&model.input_modalities), words(&model.output_modalities));
    json!({
        "modality": format!("{}->{}", input.join("+"), output.join("+")),
        "input_modalities": input,
        "output_modalities": output,
        "tokenizer": tokenizer(model),
        "instruct_type": null,
    })
}

/// Returns the family of a model's tokenizer, `Other` where it is not known.
pub(crate) fn tokenizer(model: &Model) -> &str {
    model.tokenizer.as_deref().unwrap_or("Other")
}

/// Returns the seconds since 1970 at which a model was released, where that is known.
pub(crate) fn created(model: &Model) -> Option<i64> {
    let date = full_date(model.released.as_deref()?);
    Timestamp::parse(&date).map(Timestamp::seconds)
}

/// Returns the tokens of prompt and answer together that some endpoint takes.
pub(crate) fn context(model: &Model, offered: &[&Endpoint]) -> Option<u32> {
    offered.iter().filter_map(|endpoint| endpoint.context).max().or(model.context)
}

/// Returns the parameters that some endpoint takes, sorted.
pub(crate) fn parameters(offered: &[&Endpoint]) -> Vec<&'static str> {
    let all: BTreeSet<&'static str> = offered
        .iter()
        .flat_map(|endpoint| dialect::registry::supported_parameters(endpoint))
        .collect();
    all.into_iter().collect()
}

/// Returns where a model's endpoints are listed.
pub(crate) fn details(model: &Model) -> String {
    format!("/api/v1/models/{}/endpoints", model.id)
}

/// Returns the endpoint with the lowest price of a prompt token and a completion token together.
/// One that does not name both comes after all that do, and one of unknown price is never it.
pub(crate) fn cheapest<'a>(offered: &[&'a Endpoint], now: Timestamp) -> Option<&'a Endpoint> {
    let priced = offered.iter().filter_map(|endpoint| {
        let price = in_force(endpoint, now)?;
        let unnamed = usize::from(price.input.is_none()) + usize::from(price.output.is_none());
        let picos = |rate: Option<Rate>| rate.map_or(0, Rate::picos);
        let rest = picos(price.request) + picos(price.image);
        Some(((unnamed, picos(price.input) + picos(price.output), rest), *endpoint))
    });
    priced.min_by_key(|(cost, _)| *cost).map(|(_, endpoint)| endpoint)
}

fn no_price() -> Value {
    json!({ "prompt": null, "completion": null })
}

/// Returns a date of which the month or the day may be missing with the first one of each.
fn full_date(date: &str) -> String {
    match date.len() {
        4 => format!("{date}-01-01"),
        7 => format!("{date}-01"),
        _ => date.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use domain::catalog::ModelKind;

    use super::super::samples::{NOON, Sample, sample};
    use super::*;

    fn shown(id: &str) -> Value {
        let sample = sample();
        sample.at(NOON, |view| {
            let place = sample.model(id);
            model(view, place, &view.offered(place))
        })
    }

    #[test]
    fn a_model_is_shown_with_its_cheapest_endpoint() {
        let mut shown = shown("acme/talker");
        let parts = shown.as_object_mut().unwrap();
        // These are held apart: by the tests of prices, and of the dialects.
        assert_eq!(parts.shift_remove("pricing").unwrap()["prompt"], json!("0.0000005"));
        assert!(parts.shift_remove("supported_parameters").unwrap()[0].is_string());
        insta::assert_snapshot!(format!("{shown:#}"), @r#"
        {
          "id": "acme/talker",
          "canonical_slug": "acme/talker-2026-05-01",
          "hugging_face_id": "acme/Talker",
          "name": "Talker <1>",
          "created": 1777593600,
          "description": "Talks & listens.",
          "context_length": 256000,
          "architecture": {
            "modality": "text+image->text",
            "input_modalities": [
              "text",
              "image"
            ],
            "output_modalities": [
              "text"
            ],
            "tokenizer": "Llama3",
            "instruct_type": null
          },
          "top_provider": {
            "context_length": 128000,
            "max_completion_tokens": 8000,
            "is_moderated": false
          },
          "per_request_limits": null,
          "default_parameters": null,
          "supported_voices": null,
          "knowledge_cutoff": "2025-11-01",
          "expiration_date": null,
          "links": {
            "details": "/api/v1/models/acme/talker/endpoints"
          },
          "available": true,
          "reasoning": {
            "mandatory": false,
            "supported_efforts": [
              "high",
              "low",
              "none"
            ]
          }
        }
        "#);
    }

    #[test]
    fn a_model_that_cannot_be_called_shows_what_a_credential_would_bring() {
        let thinker = shown("acme/thinker");
        assert_eq!(thinker["available"], json!(false));
        // Not the deprecated one, although it is cheaper.
        assert_eq!(thinker["pricing"]["prompt"], json!("0.000003"));
        assert_eq!(thinker["created"], json!(1_788_220_800));
        assert_eq!(shown("acme/riddle")["pricing"]["prompt"], Value::Null);
    }

    #[test]
    fn every_shipped_model_is_shown_whole() {
        let loaded = catalog::load(&catalog::Layers::shipped());
        let sample =
            Sample::of(loaded.unwrap_or_else(|faults| panic!("{}", faults[0])).catalog, "");
        let unpriced: Vec<Value> = sample.at(NOON, |view| {
            (0..view.catalog.models().len() as u32)
                .map(ModelIx)
                // What only judges texts may be free of charge.
                .filter(|place| view.catalog.model(*place).kind != ModelKind::Moderation)
                .map(|place| model(view, place, &view.offered(place)))
                .filter(|shown| shown["available"] == json!(true))
                .filter(|shown| shown["architecture"]["output_modalities"] == json!(["text"]))
                .filter(|shown| !is_priced(shown))
                .map(|shown| shown["id"].clone())
                .collect()
        });
        assert_eq!(unpriced, Vec::<Value>::new());
    }

    /// What a strict client insists on, of a model that answers in text.
    fn is_priced(shown: &Value) -> bool {
        let rate = |key: &str| shown["pricing"][key].as_str().and_then(|text| Rate::parse(text, 1));
        rate("prompt").is_some() && rate("completion").is_some()
    }
}
