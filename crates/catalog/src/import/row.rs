//! One model of one directory of the source, read from JSON and bounded.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Number, Value};

use super::price::{Price, is_known_field};

/// No id, name or word of the source is longer.
const TEXT_MAX: usize = 256;
/// No address of the source is longer.
const URL_MAX: usize = 512;
/// No window of tokens is larger.
const TOKENS_MAX: u64 = 1_000_000_000;
/// Nothing that a row lists is longer.
const LIST_MAX: usize = 64;
/// What models read and write, in the order of writing; a PDF is a file to us.
const MODALITIES: [(&str, &str); 5] =
    [("text", "text"), ("image", "image"), ("audio", "audio"), ("video", "video"), ("pdf", "file")];
const STATUSES: [&str; 3] = ["alpha", "beta", "deprecated"];

/// A row of the source.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Row {
    pub(super) name: Option<String>,
    pub(super) knowledge: Option<String>,
    pub(super) released: Option<String>,
    pub(super) open_weights: Option<bool>,
    pub(super) caps: Caps,
    pub(super) controls: Controls,
    pub(super) cost: Cost,
    pub(super) fast: Option<Fast>,
    pub(super) status: Option<String>,
    pub(super) package: Option<String>,
    pub(super) api: Option<String>,
    pub(super) shape: Option<String>,
}

/// What a row says that the model can do. `None` and empty are unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Caps {
    pub(super) input: Vec<String>,
    pub(super) output: Vec<String>,
    pub(super) context: Option<u64>,
    pub(super) max_input: Option<u64>,
    pub(super) max_output: Option<u64>,
    pub(super) tools: Option<bool>,
    pub(super) structured_output: Option<bool>,
    pub(super) temperature: Option<bool>,
    pub(super) reasoning: Option<bool>,
}

/// How thinking is controlled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Controls {
    pub(super) toggle: bool,
    pub(super) efforts: Option<Vec<String>>,
    pub(super) budget: Option<Budget>,
    pub(super) field: Option<String>,
}

/// A budget of tokens for thinking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Budget {
    Any,
    From(u64),
    Between(u64, u64),
}

/// What a row says of prices.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Cost {
    pub(super) price: Price,
    /// Prices above a count of prompt tokens, lowest count first.
    pub(super) tiers: Vec<(u64, Price)>,
    /// Fields that nobody here knows.
    pub(super) unknown: Vec<String>,
}

/// The fast mode of a model.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Fast {
    pub(super) price: Price,
    pub(super) body: BTreeMap<String, Value>,
    pub(super) headers: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Wire<'a> {
    name: Option<String>,
    reasoning: Option<bool>,
    tool_call: Option<ToolCall>,
    structured_output: Option<bool>,
    temperature: Option<bool>,
    knowledge: Option<String>,
    release_date: Option<String>,
    open_weights: Option<bool>,
    modalities: Option<WireModalities>,
    limit: Option<WireLimit>,
    #[serde(borrow)]
    cost: Option<BTreeMap<String, &'a RawValue>>,
    status: Option<String>,
    #[serde(borrow)]
    experimental: Option<WireExperimental<'a>>,
    provider: Option<WireProvider>,
    interleaved: Option<Value>,
    reasoning_options: Option<Vec<WireOption>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum ToolCall {
    Plain(bool),
    Detailed { supported: bool },
}

#[derive(Deserialize)]
struct WireModalities {
    #[serde(default)]
    input: Vec<String>,
    #[serde(default)]
    output: Vec<String>,
}

#[derive(Deserialize)]
struct WireLimit {
    context: Option<Number>,
    input: Option<Number>,
    output: Option<Number>,
}

#[derive(Deserialize)]
struct WireExperimental<'a> {
    #[serde(borrow)]
    modes: Option<BTreeMap<String, WireMode<'a>>>,
}

#[derive(Deserialize)]
struct WireMode<'a> {
    #[serde(borrow)]
    cost: Option<BTreeMap<String, &'a RawValue>>,
    provider: Option<WireModeProvider>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WireModeProvider {
    body: BTreeMap<String, Value>,
    headers: BTreeMap<String, String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WireProvider {
    npm: Option<String>,
    api: Option<String>,
    shape: Option<String>,
}

#[derive(Deserialize)]
struct WireOption {
    #[serde(rename = "type")]
    kind: String,
    values: Option<Vec<Option<String>>>,
    min: Option<Number>,
    max: Option<Number>,
}

#[derive(Deserialize)]
struct WireTier {
    tier: WireThreshold,
}

#[derive(Deserialize)]
struct WireThreshold {
    #[serde(rename = "type")]
    kind: Option<String>,
    size: Number,
}

impl Row {
    /// Reads one model of the source.
    ///
    /// # Errors
    /// What is wrong with the row, in words.
    pub(super) fn read(json: &RawValue) -> Result<Row, String> {
        let wire: Wire<'_> = serde_json::from_str(json.get()).map_err(|error| error.to_string())?;
        let (caps, controls) = (caps(&wire)?, controls(&wire)?);
        let provider = wire.provider.unwrap_or_default();
        let modes = wire.experimental.and_then(|experimental| experimental.modes);
        let fast = modes.and_then(|mut modes| modes.remove("fast")).map(fast).transpose()?;
        let status = optional_text(wire.status, TEXT_MAX)?;
        if let Some(status) = status.as_deref().filter(|status| !STATUSES.contains(status)) {
            return Err(format!("status `{status}` is unknown"));
        }
        Ok(Row {
            name: optional_text(wire.name, TEXT_MAX)?,
            knowledge: wire.knowledge.filter(|date| is_date(date)),
            released: wire.release_date.filter(|date| is_date(date)),
            open_weights: wire.open_weights,
            caps,
            controls,
            cost: wire.cost.map(|cost| read_cost(&cost)).transpose()?.unwrap_or_default(),
            fast,
            status,
            package: optional_text(provider.npm, TEXT_MAX)?,
            api: optional_text(provider.api, URL_MAX)?,
            shape: optional_text(provider.shape, TEXT_MAX)?,
        })
    }
}

/// Checks a text of the source: not too long, and nothing in it that does not print.
///
/// # Errors
/// What is wrong with it, in words.
pub(super) fn checked_text(text: &str, length_max: usize) -> Result<(), String> {
    if text.len() > length_max {
        return Err(format!("a text has {} bytes; at most {length_max} are read", text.len()));
    }
    if text.chars().any(char::is_control) {
        return Err("a text holds control characters".to_owned());
    }
    Ok(())
}

/// Whether it is `YYYY-MM` or `YYYY-MM-DD`.
pub(super) fn is_date(text: &str) -> bool {
    let shape = |byte: u8| if byte.is_ascii_digit() { b'0' } else { byte };
    let shape: Vec<u8> = text.bytes().map(shape).collect();
    shape == b"0000-00" || shape == b"0000-00-00"
}

fn optional_text(text: Option<String>, length_max: usize) -> Result<Option<String>, String> {
    if let Some(text) = &text {
        checked_text(text, length_max)?;
    }
    Ok(text.filter(|text| !text.is_empty()))
}

fn tokens(number: Option<&Number>) -> Result<Option<u64>, String> {
    let Some(number) = number else { return Ok(None) };
    let whole = number.as_u64().or_else(|| whole_float(number.as_f64()?));
    let count = whole.filter(|count| *count <= TOKENS_MAX);
    count.map(Some).ok_or_else(|| format!("{number} is no count of tokens"))
}

/// `128000.0` is a whole number too.
fn whole_float(number: f64) -> Option<u64> {
    let fits = number.fract() == 0.0 && (0.0..=TOKENS_MAX as f64).contains(&number);
    fits.then_some(number as u64)
}

fn caps(wire: &Wire<'_>) -> Result<Caps, String> {
    let empty = WireModalities { input: Vec::new(), output: Vec::new() };
    let modalities = wire.modalities.as_ref().unwrap_or(&empty);
    let none = WireLimit { context: None, input: None, output: None };
    let limit = wire.limit.as_ref().unwrap_or(&none);
    let some = |count: Option<u64>| count.filter(|count| *count > 0);
    let known = |named: &[String]| {
        let named = MODALITIES.iter().filter(|(name, _)| named.iter().any(|one| one == name));
        named.map(|(_, ours)| (*ours).to_owned()).collect::<Vec<_>>()
    };
    let mut output = known(&modalities.output);
    output.retain(|modality| modality != "file");
    Ok(Caps {
        input: known(&modalities.input),
        output,
        context: some(tokens(limit.context.as_ref())?),
        max_input: some(tokens(limit.input.as_ref())?),
        max_output: some(tokens(limit.output.as_ref())?),
        tools: wire.tool_call.as_ref().map(|tools| match tools {
            ToolCall::Plain(supported) | ToolCall::Detailed { supported } => *supported,
        }),
        structured_output: wire.structured_output,
        temperature: wire.temperature,
        reasoning: wire.reasoning,
    })
}

fn controls(wire: &Wire<'_>) -> Result<Controls, String> {
    let mut controls = Controls::default();
    let options = wire.reasoning_options.as_deref().unwrap_or_default();
    if options.len() > LIST_MAX {
        return Err(format!("{} ways to control thinking", options.len()));
    }
    for option in options {
        match option.kind.as_str() {
            "toggle" => controls.toggle = true,
            "effort" => controls.efforts = Some(efforts(option.values.as_deref())?),
            "budget_tokens" => controls.budget = Some(budget(option)?),
            _ => {}
        }
    }
    let field = wire.interleaved.as_ref().and_then(|interleaved| interleaved.get("field"));
    controls.field = optional_text(field.and_then(Value::as_str).map(str::to_owned), TEXT_MAX)?;
    Ok(controls)
}

fn efforts(values: Option<&[Option<String>]>) -> Result<Vec<String>, String> {
    let values = values.unwrap_or_default();
    if values.len() > LIST_MAX {
        return Err(format!("{} efforts", values.len()));
    }
    let mut efforts = Vec::new();
    for value in values {
        let effort = value.as_deref().filter(|value| *value != "null").unwrap_or("none");
        checked_text(effort, TEXT_MAX)?;
        efforts.push(effort.to_owned());
    }
    Ok(efforts)
}

fn budget(option: &WireOption) -> Result<Budget, String> {
    let (min, max) = (tokens(option.min.as_ref())?, tokens(option.max.as_ref())?);
    Ok(match (min, max) {
        (min, Some(max)) => Budget::Between(min.unwrap_or(0), max),
        (Some(min), None) => Budget::From(min),
        (None, None) => Budget::Any,
    })
}

fn read_cost(cost: &BTreeMap<String, &RawValue>) -> Result<Cost, String> {
    let unknown = cost.keys().filter(|field| !is_known_field(field)).cloned().collect();
    let mut tiers = Vec::new();
    if let Some(listed) = cost.get("tiers").filter(|listed| listed.get() != "null") {
        let listed: Vec<&RawValue> =
            serde_json::from_str(listed.get()).map_err(|error| error.to_string())?;
        if listed.len() > LIST_MAX {
            return Err(format!("{} price tiers", listed.len()));
        }
        for tier in listed {
            tiers.push(read_tier(tier)?);
        }
    } else if let Some(over) = cost.get("context_over_200k").filter(|over| over.get() != "null") {
        let over: BTreeMap<String, &RawValue> =
            serde_json::from_str(over.get()).map_err(|error| error.to_string())?;
        tiers.push((200_000, plain_price(&over)?));
    }
    tiers.sort_by_key(|(tokens_min, _)| *tokens_min);
    Ok(Cost { price: plain_price(cost)?, tiers, unknown })
}

fn read_tier(tier: &RawValue) -> Result<(u64, Price), String> {
    let wrong = |error: serde_json::Error| error.to_string();
    let threshold: WireTier = serde_json::from_str(tier.get()).map_err(wrong)?;
    let cost: BTreeMap<String, &RawValue> = serde_json::from_str(tier.get()).map_err(wrong)?;
    if let Some(kind) = threshold.tier.kind.filter(|kind| kind != "context") {
        return Err(format!("a price tier by `{kind}` is unknown"));
    }
    let size = tokens(Some(&threshold.tier.size))?.unwrap_or(0);
    Ok((size, plain_price(&cost)?))
}

fn plain_price(cost: &BTreeMap<String, &RawValue>) -> Result<Price, String> {
    let fields = cost.iter().filter(|(_, number)| number.get() != "null");
    let fields = fields.map(|(field, number)| (field.as_str(), number.get()));
    Price::of_cost(fields).map_err(|field| {
        let number = cost.get(&field).map_or("", |number| number.get());
        let shown: String = number.chars().take(40).collect();
        format!("`{field}` is no price that can be billed: {shown}")
    })
}

fn fast(mode: WireMode<'_>) -> Result<Fast, String> {
    let provider = mode.provider.unwrap_or_default();
    if provider.body.len() > LIST_MAX || provider.headers.len() > LIST_MAX {
        return Err("a mode adds too many fields".to_owned());
    }
    for (name, value) in &provider.headers {
        checked_text(name, TEXT_MAX)?;
        checked_text(value, TEXT_MAX)?;
    }
    for (name, value) in &provider.body {
        checked_text(name, TEXT_MAX)?;
        checked_text(&value.to_string(), URL_MAX)?;
    }
    let price = mode.cost.map(|cost| plain_price(&cost)).transpose()?.unwrap_or_default();
    Ok(Fast { price, body: provider.body, headers: provider.headers })
}
