//! What an endpoint's block should say, and how it differs from what it says.

use serde_json::Value as Json;
use toml::{Table, Value};

use super::document::Block;
use super::kind::{gives, lacks_max_output};
use super::model::{Model, bare_key, listed, quoted};
use super::offer::Offer;
use super::price::Price;
use super::row::{Budget, Caps, Controls};

/// The keys of an endpoint in the order in which they are written.
pub(super) const ORDER: [&str; 32] = [
    "model",
    "id",
    "aliases",
    "variant",
    "mode",
    "region",
    "quantization",
    "tee",
    "dialect",
    "base_url",
    "billing",
    "price",
    "context",
    "max_output",
    "max_input",
    "input_modalities",
    "output_modalities",
    "tools",
    "structured_output",
    "temperature",
    "reasoning",
    "reasoning_controls",
    "body",
    "headers",
    "service_tiers",
    "resold",
    "status",
    "floating",
    "assumed",
    "note",
    "source",
    "source_id",
];

/// What a key should say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// This, as TOML.
    Say(String),
    /// Nothing.
    Nothing,
    /// Whatever it says: the source is silent on it, or it is kept by hand.
    Leave,
}

impl Wish {
    fn some(text: Option<String>) -> Wish {
        text.map_or(Wish::Nothing, Wish::Say)
    }

    fn flag(flag: bool) -> Wish {
        Wish::some(flag.then(|| "true".to_owned()))
    }

    fn text(text: Option<&str>) -> Wish {
        Wish::some(text.map(quoted))
    }

    fn only_if(self, wanted: bool) -> Wish {
        if wanted { self } else { Wish::Leave }
    }
}

/// What every key of the block of an offer should say.
///
/// `block` is what stands there; what is kept by hand is set only where nothing stands.
pub(super) fn wishes(
    offer: &Offer,
    model: &Model,
    provider_dialect: &str,
    block: Option<&Block>,
) -> Vec<(&'static str, Wish)> {
    let (serving, is_new) = (&offer.serving, block.is_none());
    let was_quarantined = block.is_some_and(|block| block.str("billing") == Some("quarantined"));
    let is_quarantined = offer.billing == "quarantined";
    let changes_quarantine = !is_new && was_quarantined != is_quarantined;
    let dialect = Some(offer.dialect.as_str()).filter(|dialect| *dialect != provider_dialect);
    let billing = Some(offer.billing.as_str()).filter(|billing| *billing != "token");
    let source_id = (offer.directory.is_some() && offer.source_id != offer.id)
        .then(|| quoted(&offer.source_id));
    let mut wishes = vec![
        ("model", Wish::Say(quoted(offer.model()))),
        ("id", Wish::Say(quoted(&offer.id))),
        ("aliases", Wish::some(listed(&offer.aliases))),
        ("variant", Wish::text(serving.variant.as_deref())),
        ("mode", Wish::text(serving.mode.as_deref())),
        ("region", Wish::text(serving.region.as_deref())),
        ("quantization", Wish::text(serving.quantization.as_deref())),
        ("tee", Wish::flag(serving.tee)),
        ("dialect", Wish::text(dialect).only_if(is_new)),
        ("base_url", Wish::text(offer.base_url.as_deref()).only_if(is_new)),
        ("billing", Wish::text(billing)),
        ("price", price(offer, block)),
    ];
    wishes.extend(capabilities(offer, model));
    wishes.extend([
        ("body", extras(&offer.body).only_if(is_new || !offer.body.is_empty())),
        ("headers", headers(offer).only_if(is_new || !offer.headers.is_empty())),
        ("service_tiers", service_tiers(offer)),
        ("resold", Wish::flag(offer.resold).only_if(is_new)),
        ("status", Wish::text(offer.status.as_deref())),
        ("floating", Wish::flag(serving.floating).only_if(is_new)),
        ("assumed", Wish::flag(serving.assumed).only_if(is_new)),
        ("note", Wish::text(offer.note.as_deref()).only_if(is_new || changes_quarantine)),
        ("source", Wish::text(offer.source.as_deref()).only_if(is_new)),
        ("source_id", Wish::some(source_id)),
    ]);
    wishes
}

fn price(offer: &Offer, block: Option<&Block>) -> Wish {
    let said = block.and_then(|block| price_at(&block.table, "price"));
    let price = with_hand_kept(&offer.price, said.as_ref());
    Wish::some((!price.is_empty()).then(|| price.to_toml()))
}

/// A price with the parts of what is said that the source has no field for.
fn with_hand_kept(price: &Price, said: Option<&Price>) -> Price {
    let mut price = price.clone();
    for (part, amount) in said.map(Price::hand_kept).unwrap_or_default().parts() {
        if price.part(part).is_none() {
            price.insert(part, amount);
        }
    }
    price
}

/// The price that a table says under `key`.
pub(super) fn price_at(table: &Table, key: &str) -> Option<Price> {
    Price::of_table(table.get(key)?.as_table()?)
}

fn service_tiers(offer: &Offer) -> Wish {
    let tiers =
        offer.priority.as_ref().map(|price| format!("{{ priority = {} }}", price.to_toml()));
    Wish::some(tiers)
}

/// What the offer can do, where that differs from its model; where the source is silent, it stays.
fn capabilities(offer: &Offer, model: &Model) -> Vec<(&'static str, Wish)> {
    let (own, its) = (&offer.caps, &model.caps);
    let kind = offer.kind.as_str();
    let differs = |own: Option<u64>, its: Option<u64>, fits: bool| match own {
        None => Wish::Leave,
        Some(own) => Wish::some((fits && Some(own) != its).then(|| own.to_string())),
    };
    let context_fits = kind != "stt";
    let output_fits = !lacks_max_output(kind) && !exceeds_whole(own, its);
    let max_input = match (own.max_input, own.context) {
        (None, _) => Wish::Leave,
        (Some(most), context) => {
            Wish::some(context.is_some_and(|whole| most < whole).then(|| most.to_string()))
        }
    };
    let words = |own: &[String], its: &[String], fits: bool| match own {
        [] => Wish::Leave,
        own => Wish::some(listed(own).filter(|_| fits && !its.is_empty() && own != its)),
    };
    let flag = |own: Option<bool>, its: Option<bool>| match own {
        None => Wish::Leave,
        Some(own) => Wish::some((Some(own) != its).then(|| own.to_string())),
    };
    vec![
        ("context", differs(own.context, its.context, context_fits)),
        ("max_output", differs(own.max_output, its.max_output, output_fits)),
        ("max_input", max_input),
        ("input_modalities", words(&own.input, &its.input, true)),
        ("output_modalities", words(&own.output, &its.output, gives(kind).is_none())),
        ("tools", flag(own.tools, its.tools)),
        ("structured_output", flag(own.structured_output, its.structured_output)),
        ("temperature", flag(own.temperature, its.temperature)),
        ("reasoning", flag(own.reasoning, its.reasoning)),
        ("reasoning_controls", reasoning_controls(own, &offer.controls)),
    ]
}

/// More output than context is the model's own limit, where that is its whole context.
fn exceeds_whole(own: &Caps, its: &Caps) -> bool {
    let whole = own.context.or(its.context);
    its.max_output.is_some() && own.max_output > its.max_output && its.max_output == whole
}

fn reasoning_controls(caps: &Caps, controls: &Controls) -> Wish {
    if caps.reasoning.is_none() {
        return Wish::Leave;
    }
    let mut said = Vec::new();
    if controls.toggle {
        said.push("toggle = true".to_owned());
    }
    if let Some(efforts) = &controls.efforts {
        said.push(format!("efforts = {}", listed(efforts).unwrap_or_else(|| "[]".to_owned())));
    }
    match controls.budget {
        Some(Budget::Any) => said.push("budget = true".to_owned()),
        Some(Budget::From(min)) => said.push(format!("budget = [{min}]")),
        Some(Budget::Between(min, max)) => said.push(format!("budget = [{min}, {max}]")),
        None => {}
    }
    if let Some(field) = &controls.field {
        said.push(format!("field = {}", quoted(field)));
    }
    let reasons = caps.reasoning == Some(true) && !said.is_empty();
    Wish::some(reasons.then(|| format!("{{ {} }}", said.join(", "))))
}

fn headers(offer: &Offer) -> Wish {
    let lines = offer.headers.iter();
    let lines = lines.map(|(name, value)| format!("{} = {}", bare_key(name), quoted(value)));
    braced(lines.collect())
}

fn extras(body: &std::collections::BTreeMap<String, Json>) -> Wish {
    let fields = body
        .iter()
        .filter_map(|(name, value)| Some(format!("{} = {}", bare_key(name), json_inline(value)?)));
    braced(fields.collect())
}

fn braced(fields: Vec<String>) -> Wish {
    Wish::some((!fields.is_empty()).then(|| format!("{{ {} }}", fields.join(", "))))
}

/// Writes a JSON value as TOML, which has no null.
fn json_inline(value: &Json) -> Option<String> {
    Some(match value {
        Json::Null => return None,
        Json::String(text) => quoted(text),
        Json::Array(values) => {
            let values: Option<Vec<String>> = values.iter().map(json_inline).collect();
            format!("[{}]", values?.join(", "))
        }
        Json::Object(fields) => {
            let field = |(name, value): (&String, &Json)| {
                Some(format!("{} = {}", bare_key(name), json_inline(value)?))
            };
            let fields: Option<Vec<String>> = fields.iter().map(field).collect();
            format!("{{ {} }}", fields?.join(", "))
        }
        plain => plain.to_string(),
    })
}

/// The bodies of the `[[endpoint.price_over]]` of an offer; `said` is what its block says now.
pub(super) fn tier_bodies(offer: &Offer, said: &Table) -> Vec<String> {
    let said = said.get("price_over").and_then(Value::as_array).into_iter().flatten();
    let said: Vec<&Table> = said.filter_map(Value::as_table).collect();
    let body = |(tokens_min, price): &(u64, Price)| {
        let starts_here = |tier: &&&Table| {
            let start = tier.get("min_prompt_tokens").and_then(Value::as_integer);
            start.and_then(|start| u64::try_from(start).ok()) == Some(*tokens_min)
        };
        let tier = said.iter().find(starts_here).and_then(|tier| price_at(tier, "price"));
        let price = with_hand_kept(price, tier.as_ref()).to_toml();
        format!("min_prompt_tokens = {tokens_min}\nprice = {price}\n")
    };
    offer.tiers.iter().map(body).collect()
}

/// Whether two values say the same; amounts are compared as numbers.
pub(super) fn same(key: &str, one: &Value, other: &Value) -> bool {
    let prices = |value: &Value| match key {
        "price" => value.as_table().and_then(Price::of_table),
        "service_tiers" => value.as_table().and_then(|tiers| price_at(tiers, "priority")),
        _ => None,
    };
    match (prices(one), prices(other)) {
        (Some(one), Some(other)) => one == other,
        _ => one == other,
    }
}

/// Whether the sections under `key` say what `bodies` would.
pub(super) fn same_sections(table: &Table, key: &str, bodies: &[String]) -> bool {
    let said = table.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    said.len() == bodies.len()
        && said.iter().zip(bodies).all(|(said, body)| {
            let wished: Result<Table, _> = toml::from_str(body);
            let (Some(said), Ok(wished)) = (said.as_table(), wished) else { return false };
            said.keys().eq(wished.keys())
                && said.iter().all(|(key, value)| {
                    wished.get(key).is_some_and(|wished| same(key, value, wished))
                })
        })
}
