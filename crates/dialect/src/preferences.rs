//! The `provider` object: where a request wants to go.

use domain::failure::Failure;
use domain::price::Rate;
use domain::request::{Cutoffs, MaxPrice, Preferences, Sort};
use serde_json::{Map, Value};

/// How weights are stored, in the words of requests.
pub(crate) const QUANTIZATIONS: [&str; 12] = [
    "int4", "int8", "fp4", "mxfp4", "nvfp4", "fp6", "fp8", "mxfp8", "fp16", "bf16", "fp32",
    "unknown",
];
/// Names in one list, at most.
const NAMES_MAX: usize = 256;
/// Bytes of a name, at most.
const NAME_MAX: usize = 128;
/// What `max_price` bounds.
const PRICES: [&str; 5] = ["prompt", "completion", "request", "image", "audio"];
const TOKENS_PER_PRICE: f64 = 1e6;
const PICOS_PER_DOLLAR: f64 = 1e12;

/// Reads the object. What it holds without effect is added to `ignored`.
///
/// # Errors
/// When a known key has a value that makes no sense.
pub(crate) fn preferences(
    object: &Map<String, Value>,
    ignored: &mut Vec<String>,
) -> Result<Preferences, Failure> {
    let mut wants = Preferences::default();
    for (key, value) in object.iter().filter(|(_, value)| !value.is_null()) {
        match key.as_str() {
            "order" => wants.order = names(key, value)?,
            "only" => wants.only = names(key, value)?,
            "ignore" => wants.ignore = names(key, value)?,
            "allow_fallbacks" => wants.allow_fallbacks = truth(key, value)?,
            "require_parameters" => wants.require_parameters = truth(key, value)?,
            "data_collection" => wants.allow_data_collection = collection(value)?,
            "zdr" => wants.zero_retention = truth(key, value)?,
            "quantizations" => wants.quantizations = quantizations(value)?,
            "sort" => {
                (wants.sort, wants.sort_across_models) = sort(value)?;
            }
            "max_price" => {
                wants.max_price = max_price(value)?;
                let unknown = value.as_object().into_iter().flatten().map(|(name, _)| name);
                for name in unknown.filter(|name| !PRICES.contains(&name.as_str())) {
                    ignored.push(format!("provider.max_price.{}: not known", shown(name)));
                }
            }
            "preferred_min_throughput" => wants.min_throughput = cutoffs(key, value, 1.0)?,
            "preferred_max_latency" => wants.max_latency_ms = cutoffs(key, value, 1_000.0)?,
            "resume" => wants.resume = truth(key, value)?,
            "hedge" => wants.hedge = truth(key, value)?,
            "enforce_distillable_text" => wants.distillable = truth(key, value)?,
            unknown => ignored.push(format!("provider.{}: not known", shown(unknown))),
        }
    }
    Ok(wants)
}

/// Returns a name from a request as it may be shown.
pub(crate) fn shown(name: &str) -> String {
    name.chars().filter(|letter| !letter.is_control() && *letter != ',').take(64).collect()
}

fn wrong(key: &str, must: &str) -> Failure {
    Failure::invalid(format!("`provider.{key}` has to be {must}.")).at(format!("provider.{key}"))
}

fn truth(key: &str, value: &Value) -> Result<bool, Failure> {
    value.as_bool().ok_or_else(|| wrong(key, "true or false"))
}

fn names(key: &str, value: &Value) -> Result<Vec<String>, Failure> {
    let must = || wrong(key, "a list of at most 256 names of providers");
    let items = value.as_array().filter(|items| items.len() <= NAMES_MAX).ok_or_else(must)?;
    let name = |item: &Value| item.as_str().filter(|it| it.len() <= NAME_MAX).map(str::to_owned);
    items.iter().map(|item| name(item).ok_or_else(must)).collect()
}

/// Reads what is bounded at points of a distribution: a number bounds the median. `units` are in
/// one of what the caller writes.
fn cutoffs(key: &str, value: &Value, units: f64) -> Result<Cutoffs, Failure> {
    let bound = |value: &Value| match value.as_f64() {
        Some(number) if 0.0 <= number => Some((number * units).ceil() as u32),
        _ => None,
    };
    let must = || wrong(key, "a number, or an object of numbers under p50, p75, p90 and p99");
    let Some(points) = value.as_object() else {
        let p50 = Some(bound(value).ok_or_else(must)?);
        return Ok(Cutoffs { p50, ..Cutoffs::default() });
    };
    let mut found = Cutoffs::default();
    for (point, value) in points.iter().filter(|(_, value)| !value.is_null()) {
        let place = match point.as_str() {
            "p50" => &mut found.p50,
            "p75" => &mut found.p75,
            "p90" => &mut found.p90,
            "p99" => &mut found.p99,
            _ => return Err(must()),
        };
        *place = Some(bound(value).ok_or_else(must)?);
    }
    Ok(found)
}

fn collection(value: &Value) -> Result<bool, Failure> {
    match value.as_str() {
        Some("allow") => Ok(true),
        Some("deny") => Ok(false),
        _ => Err(wrong("data_collection", "`allow` or `deny`")),
    }
}

fn quantizations(value: &Value) -> Result<Vec<String>, Failure> {
    let wanted = names("quantizations", value)?;
    match wanted.iter().all(|name| QUANTIZATIONS.contains(&name.as_str())) {
        true => Ok(wanted),
        false => {
            let must = format!("a list of these: {}", QUANTIZATIONS.join(", "));
            Err(wrong("quantizations", &must))
        }
    }
}

fn sort(value: &Value) -> Result<(Option<Sort>, bool), Failure> {
    let (by, partition) = match value {
        Value::Object(object) => {
            (object.get("by").filter(|by| !by.is_null()), object.get("partition"))
        }
        by => (Some(by), None),
    };
    let by = by.map(sort_by).transpose()?;
    let across = match partition {
        None | Some(Value::Null) => false,
        Some(partition) => match partition.as_str() {
            Some("model") => false,
            Some("none") => true,
            _ => return Err(wrong("sort.partition", "`model` or `none`")),
        },
    };
    Ok((by, across))
}

fn sort_by(by: &Value) -> Result<Sort, Failure> {
    let must = || wrong("sort", "one of price, throughput, latency, exacto");
    by.as_str().and_then(Sort::parse).ok_or_else(must)
}

fn max_price(value: &Value) -> Result<MaxPrice, Failure> {
    let object = value.as_object().ok_or_else(|| wrong("max_price", "an object"))?;
    let rate = |name: &str, units: f64| match object.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(price) => dollars(price)
            .map(|dollars| Some(ceiling(dollars, units)))
            .ok_or_else(|| wrong(&format!("max_price.{name}"), "a number of dollars")),
    };
    Ok(MaxPrice {
        prompt: rate("prompt", TOKENS_PER_PRICE)?,
        completion: rate("completion", TOKENS_PER_PRICE)?,
        request: rate("request", 1.0)?,
        image: rate("image", 1.0)?,
        audio: rate("audio", 1.0)?,
    })
}

fn dollars(price: &Value) -> Option<f64> {
    let number = match price {
        Value::String(text) => text.trim().parse().ok()?,
        other => other.as_f64()?,
    };
    (number.is_finite() && 0.0 <= number).then_some(number)
}

/// Returns a price as a rate, rounded to the nearest so that a price equal to it stays within it.
/// What is above every price that exists excludes none.
fn ceiling(dollars: f64, units: f64) -> Rate {
    let picos = (dollars * PICOS_PER_DOLLAR / units).round();
    Rate::from_picos(picos as u64).unwrap_or(Rate::MAX)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(object: Value) -> Result<(Preferences, Vec<String>), Failure> {
        let mut ignored = Vec::new();
        preferences(object.as_object().unwrap(), &mut ignored).map(|wants| (wants, ignored))
    }

    #[test]
    fn every_key_finds_its_place() {
        let (wants, ignored) = read(json!({
            "order": ["groq"], "only": ["groq", "DeepInfra"], "ignore": ["together/lite"],
            "allow_fallbacks": false, "require_parameters": true, "data_collection": "deny",
            "zdr": true, "quantizations": ["fp8"], "sort": {"by": "price", "partition": "none"},
            "max_price": {"prompt": 0.14, "completion": "1.2", "request": null},
            "preferred_max_latency": 2, "preferred_min_throughput": {"p90": 40.5, "p99": null},
            "enforce_distillable_text": true, "colour": "blue", "options": null
        }))
        .unwrap();
        assert_eq!(wants.order, ["groq"]);
        assert_eq!(wants.only, ["groq", "DeepInfra"]);
        assert_eq!(wants.ignore, ["together/lite"]);
        assert!(!wants.allow_fallbacks && wants.require_parameters && wants.zero_retention);
        assert!(!wants.allow_data_collection && wants.sort_across_models);
        assert_eq!(wants.quantizations, ["fp8"]);
        assert_eq!(wants.sort, Some(Sort::Price));
        assert_eq!(wants.max_price.prompt, Rate::parse("0.14", 1_000_000));
        assert_eq!(wants.max_price.completion, Rate::parse("1.2", 1_000_000));
        assert_eq!(wants.max_price.request, None);
        let names: Vec<&str> =
            ignored.iter().filter_map(|it| it.split_once(':')).map(|(name, _)| name).collect();
        assert_eq!(names, ["provider.colour"]);
        assert_eq!(wants.max_latency_ms, Cutoffs { p50: Some(2_000), ..Cutoffs::default() });
        assert_eq!(wants.min_throughput, Cutoffs { p90: Some(41), ..Cutoffs::default() });
        assert!(wants.distillable);
    }

    #[test]
    fn a_price_that_no_float_holds_is_within_itself() {
        let (wants, _) = read(json!({"max_price": {"prompt": 2.01}})).unwrap();
        assert_eq!(wants.max_price.prompt, Rate::parse("2.01", 1_000_000));
    }

    #[test]
    fn a_wrong_value_names_its_key() {
        for (object, param) in [
            (json!({"order": "groq"}), "provider.order"),
            (json!({"only": [1]}), "provider.only"),
            (json!({"allow_fallbacks": "yes"}), "provider.allow_fallbacks"),
            (json!({"data_collection": true}), "provider.data_collection"),
            (json!({"quantizations": ["fp7"]}), "provider.quantizations"),
            (json!({"sort": "speed"}), "provider.sort"),
            (json!({"sort": {"partition": "all"}}), "provider.sort.partition"),
            (json!({"preferred_max_latency": "soon"}), "provider.preferred_max_latency"),
            (json!({"preferred_max_latency": {"p42": 1}}), "provider.preferred_max_latency"),
            (json!({"preferred_min_throughput": -1}), "provider.preferred_min_throughput"),
            (json!({"only": ["x".repeat(129)]}), "provider.only"),
            (json!({"max_price": {"prompt": -1}}), "provider.max_price.prompt"),
            (json!({"max_price": {"image": "NaN"}}), "provider.max_price.image"),
        ] {
            let failure = read(object).unwrap_err();
            assert_eq!(failure.param.as_deref(), Some(param));
        }
    }
}
