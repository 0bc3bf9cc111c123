//! Reading usage exports: CSV or JSON, whatever their columns are called.

use domain::money::Money;
use domain::time::Timestamp;
use serde_json::{Map, Value};

/// One row of an invoice: a request, or all requests of a day and model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvoiceLine {
    /// The provider's id of the request, where the row is one.
    pub id: Option<String>,
    /// The day, counted since 1970, as the provider counts days.
    pub day: i64,
    /// The model, as the provider calls it.
    pub model: String,
    /// Prompt tokens, where they are told.
    pub prompt: Option<i64>,
    /// Completion tokens, where they are told.
    pub completion: Option<i64>,
    /// What it cost.
    pub cost: Money,
}

/// Why a text is no invoice that can be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotAnInvoice(String);

/// What a column can hold, and the names that it goes by, reduced to letters and digits.
const DAY: [&str; 14] = [
    "date",
    "day",
    "usagedate",
    "timestamp",
    "time",
    "starttime",
    "starttimeiso",
    "startdate",
    "createdat",
    "created",
    "usagestart",
    "bucketstart",
    "datetime",
    "usagedateutc",
];
const MODEL: [&str; 9] = [
    "model",
    "modelid",
    "modelname",
    "modelslug",
    "sku",
    "modelversion",
    "lineitem",
    "product",
    "modelpermaslug",
];
const PROMPT: [&str; 9] = [
    "inputtokens",
    "prompttokens",
    "tokensprompt",
    "tokensin",
    "ncontexttokenstotal",
    "input",
    "prompt",
    "nativetokensprompt",
    "totalinputtokens",
];
const COMPLETION: [&str; 9] = [
    "outputtokens",
    "completiontokens",
    "tokenscompletion",
    "tokensout",
    "ngeneratedtokenstotal",
    "output",
    "completion",
    "nativetokenscompletion",
    "totaloutputtokens",
];
const COST: [&str; 14] = [
    "cost",
    "costusd",
    "costinusd",
    "amount",
    "amountusd",
    "total",
    "totalcost",
    "usage",
    "price",
    "amountvalue",
    "charge",
    "spend",
    "usd",
    "costtotal",
];
const ID: [&str; 7] =
    ["id", "requestid", "generationid", "responseid", "completionid", "upstreamid", "messageid"];

/// Reads a usage export: CSV with a line of names, a JSON list of objects, an object that holds
/// such a list, or an object a line.
///
/// # Errors
/// When a column is missing or a value cannot be read; says which, and in which row.
pub fn read(text: &str) -> Result<Vec<InvoiceLine>, NotAnInvoice> {
    let text = text.trim_start_matches('\u{feff}').trim();
    let records = if text.starts_with(['[', '{']) { from_json(text)? } else { from_csv(text)? };
    let mut lines = Vec::new();
    for (place, record) in records.iter().enumerate() {
        let line =
            line(record).map_err(|what| NotAnInvoice(format!("row {}: {what}", place + 1)))?;
        lines.push(line);
    }
    Ok(lines)
}

/// A row: names, reduced to letters and digits, and what stands there.
type Record = Vec<(String, String)>;

fn from_csv(text: &str) -> Result<Vec<Record>, NotAnInvoice> {
    let first = text.lines().next().unwrap_or_default();
    let separators = [b',', b';', b'\t'];
    let count = |byte: &u8| first.bytes().filter(|other| other == byte).count();
    let separator = separators.into_iter().max_by_key(count).unwrap_or(b',');
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(separator)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let broken = |error: csv::Error| NotAnInvoice(error.to_string());
    let names: Vec<String> = reader.headers().map_err(broken)?.iter().map(reduced).collect();
    let mut records = Vec::new();
    for row in reader.records() {
        let row = row.map_err(broken)?;
        records.push(names.iter().cloned().zip(row.iter().map(str::to_owned)).collect());
    }
    Ok(records)
}

fn from_json(text: &str) -> Result<Vec<Record>, NotAnInvoice> {
    let rows = match serde_json::from_str::<Value>(text) {
        Ok(Value::Array(rows)) => rows,
        Ok(Value::Object(whole)) => listed(whole),
        Ok(_) => return Err(NotAnInvoice("it is no list of objects".to_owned())),
        Err(error) => {
            let rows: Result<Vec<Value>, _> = text
                .lines()
                .filter(|line| !line.trim().is_empty())
                .map(serde_json::from_str::<Value>)
                .collect();
            rows.map_err(|_| NotAnInvoice(error.to_string()))?
        }
    };
    let record = |row: Value| match row {
        Value::Object(fields) => Ok(flat(&fields, "")),
        _ => Err(NotAnInvoice("it is no list of objects".to_owned())),
    };
    rows.into_iter().map(record).collect()
}

/// Returns the list that an object holds, or the object itself as the only row.
fn listed(whole: Map<String, Value>) -> Vec<Value> {
    let list = whole.values().find_map(Value::as_array).cloned();
    list.unwrap_or_else(|| vec![Value::Object(whole)])
}

fn flat(fields: &Map<String, Value>, prefix: &str) -> Record {
    let mut record = Vec::new();
    for (name, value) in fields {
        let name = format!("{prefix}{}", reduced(name));
        match value {
            Value::Object(inner) => record.extend(flat(inner, &name)),
            Value::String(text) => record.push((name, text.clone())),
            Value::Number(number) => record.push((name, number.to_string())),
            Value::Null | Value::Bool(_) | Value::Array(_) => (),
        }
    }
    record
}

fn reduced(name: &str) -> String {
    let letters = name.chars().filter(char::is_ascii_alphanumeric);
    letters.map(|letter| letter.to_ascii_lowercase()).collect()
}

fn line(record: &Record) -> Result<InvoiceLine, String> {
    let cost = field(record, &COST).ok_or("there is no column for the cost")?;
    let day = field(record, &DAY).ok_or("there is no column for the day")?;
    let model = field(record, &MODEL).ok_or("there is no column for the model")?;
    Ok(InvoiceLine {
        id: field(record, &ID).map(str::to_owned),
        day: self::day(day).ok_or_else(|| format!("`{day}` is no day"))?,
        model: model.to_owned(),
        prompt: field(record, &PROMPT).and_then(count),
        completion: field(record, &COMPLETION).and_then(count),
        cost: money(cost).ok_or_else(|| format!("`{cost}` is no amount in dollars"))?,
    })
}

/// Returns what stands under the first of the names that has something.
fn field<'a>(record: &'a Record, names: &[&str]) -> Option<&'a str> {
    let found = |name: &&str| {
        let (_, text) = record.iter().find(|(own, text)| own == name && !text.is_empty())?;
        Some(text.as_str())
    };
    names.iter().find_map(found)
}

fn count(text: &str) -> Option<i64> {
    let digits: String = text.chars().filter(|letter| !matches!(letter, ',' | '_' | ' ')).collect();
    digits.strip_suffix(".0").unwrap_or(&digits).parse().ok()
}

/// Reads dollars with any number of decimals, an exponent, a sign for the currency and separators
/// of thousands; rounds to the nano-dollar.
fn money(text: &str) -> Option<Money> {
    let plain: String =
        text.chars().filter(|letter| !matches!(letter, '$' | ',' | ' ' | '"')).collect();
    let plain = plain.strip_suffix("USD").unwrap_or(&plain);
    if let Ok(exact) = Money::parse_dollars(plain) {
        return Some(exact);
    }
    let dollars: f64 = plain.parse().ok()?;
    let nanos = (dollars * 1e9).round();
    (nanos.abs() < 9e18).then(|| Money::from_nanos(nanos as i64))
}

/// Reads a date, an instant, or seconds since 1970, as the day that it says.
fn day(text: &str) -> Option<i64> {
    if let Ok(seconds) = text.parse::<f64>()
        && 1e8 < seconds
    {
        let seconds = if 1e11 < seconds { seconds / 1e3 } else { seconds };
        return Some((seconds / 86_400.0).floor() as i64);
    }
    // The day as it is written counts, in whatever zone: that is the provider's day.
    let date = text.get(..10).unwrap_or(text).replace('/', "-");
    Timestamp::parse(&date).map(Timestamp::day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_go_by_many_names() {
        let csv = "\u{feff}Usage Date;Model ID;Input Tokens;Output Tokens;Cost (USD)\n\
                   2026-11-01T07:00:00Z;gpt-4o;1,000;20;$0.0125\n";
        let json = r#"{"data":[{"date":"2026-11-01","model":"gpt-4o","prompt_tokens":1000,
                       "completion_tokens":20,"amount":{"value":0.0125}}]}"#;
        let lines = r#"{"start_time":1793491200,"model":"gpt-4o","n_context_tokens_total":1000,"output_tokens":20,"cost":1.25e-2}"#;
        let expected = InvoiceLine {
            id: None,
            day: Timestamp::parse("2026-11-01").unwrap().day(),
            model: "gpt-4o".to_owned(),
            prompt: Some(1_000),
            completion: Some(20),
            cost: Money::from_nanos(12_500_000),
        };
        for text in [csv, json, lines] {
            assert_eq!(read(text).unwrap(), std::slice::from_ref(&expected), "{text}");
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        let said = |text: &str| read(text).unwrap_err().to_string();
        assert_eq!(said("date,model\n2026-11-01,m\n"), "row 1: there is no column for the cost");
        assert_eq!(said("date,model,cost\nsoon,m,1\n"), "row 1: `soon` is no day");
        assert_eq!(said("date,model,cost\n2026-11-01,m,x\n"), "row 1: `x` is no amount in dollars");
        assert_eq!(said("[1]"), "it is no list of objects");
    }
}
