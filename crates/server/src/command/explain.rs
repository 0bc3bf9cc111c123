//! `interline explain`: how a request was planned, in words.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use catalog::Layers;
use domain::id::GenerationId;
use domain::secret::Secret;
use serde_json::Value;
use store::generations;

use super::trouble::Trouble;
use crate::cli::Explain;
use crate::database::open_beside;
use crate::receipt::view;
use crate::snapshot::read_overlays;
use crate::upstream::Clients;

/// The largest receipt that is read.
const RECEIPT_BYTES_MAX: usize = 4 << 20;
/// How long an instance may take to answer.
const FETCH: Duration = Duration::from_secs(30);

/// Tells how a request was planned and what came of it.
///
/// # Errors
/// When there is no such generation or no receipt of it, or neither folder nor instance answers.
pub(super) fn run(explain: &Explain) -> Result<ExitCode, Trouble> {
    let id = GenerationId::parse(&explain.id).ok_or("an id begins with `gen-`")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let receipt = runtime.block_on(async {
        match &explain.url {
            Some(url) => from_instance(url, &id, explain.key.clone()).await,
            None => from_folder(explain, &id).await,
        }
    })?;
    let text = if explain.json { format!("{receipt:#}\n") } else { told(&receipt) };
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

async fn from_instance(
    url: &str,
    id: &GenerationId,
    key: Option<String>,
) -> Result<Value, Trouble> {
    let base = url.trim_end_matches('/').trim_end_matches("/api/v1");
    let address = format!("{base}/api/v1/generation/receipt?id={id}");
    let key = key.map(Secret::new);
    let clients = Clients::new(Duration::from_secs(10), &[])?;
    let asked = clients.ask(&address, key.as_ref(), RECEIPT_BYTES_MAX);
    let (status, body) = tokio::time::timeout(FETCH, asked)
        .await
        .map_err(|_| format!("{base}: no answer within {FETCH:?}"))??;
    let answer: Value = serde_json::from_slice(&body)
        .map_err(|_| format!("{base}: status {status}, and no answer that can be read"))?;
    let Some(receipt) = answer.get("data").filter(|_| status == 200) else {
        let why = answer["error"]["message"].as_str().unwrap_or("no receipt");
        return Err(format!("{base}: {why}").into());
    };
    Ok(receipt.clone())
}

async fn from_folder(explain: &Explain, id: &GenerationId) -> Result<Value, Trouble> {
    let layers = Layers { base: catalog::shipped(), overlays: read_overlays(&explain.catalog)? };
    let loaded = catalog::load(&layers).map_err(|faults| {
        format!("the catalog has {} faults; `interline catalog check` tells them", faults.len())
    })?;
    let db = open_beside(&explain.data, explain.database_url.as_deref()).await?;
    let found = generations::find(&db, id).await?;
    db.close().await;
    let generation = found.ok_or_else(|| format!("there is no generation {id}"))?;
    view(&generation, &loaded.catalog).ok_or_else(|| format!("no receipt was kept of {id}").into())
}

/// Returns a receipt in words.
fn told(receipt: &Value) -> String {
    let mut text = String::new();
    head(receipt, &mut text);
    table(receipt, &mut text);
    tries(receipt, &mut text);
    foot(receipt, &mut text);
    text
}

fn word<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or("-")
}

fn words(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Returns dollars as people read them.
fn dollars(value: &Value) -> String {
    match value.as_f64() {
        Some(amount) => {
            let text = format!("{amount:.9}");
            format!("${}", text.trim_end_matches('0').trim_end_matches('.'))
        }
        None => "-".to_owned(),
    }
}

/// Returns a rate by the unit as dollars for a million.
fn by_million(value: &Value) -> String {
    let rate = value.as_str().and_then(|text| text.parse::<f64>().ok());
    rate.map_or_else(|| "-".to_owned(), |rate| dollars(&Value::from(rate * 1e6)))
}

fn head(receipt: &Value, text: &mut String) {
    let asked = words(&receipt["requested"]).join(", ");
    let _ = writeln!(text, "{}, {}", word(receipt, "id"), word(receipt, "created_at"));
    let _ = writeln!(text, "asked for  {asked} ({})", word(receipt, "strategy"));
    for model in list(receipt, "models") {
        let variants: String =
            words(&model["variants"]).iter().map(|variant| format!(":{variant}")).collect();
        let _ = writeln!(text, "meant      {}{variants}", word(model, "id"));
    }
    let router = &receipt["router"];
    if router.is_object() {
        let task = word(router, "task");
        let _ = writeln!(text, "chosen by  {} for the task `{task}`:", word(router, "name"));
        for it in list(router, "chosen") {
            let (quality, cheapness) = (&it["quality"], &it["cheapness"]);
            let score = &it["score"];
            let model = word(it, "model");
            let _ = writeln!(
                text,
                "             {model}: quality {quality}, cheapness {cheapness}, score {score}"
            );
        }
    }
    let served = word(receipt, "served_by");
    let _ = writeln!(text, "served by  {served} ({})", word(receipt, "outcome"));
    let price = &receipt["price"];
    let _ = writeln!(
        text,
        "paid       {}; expected {}, at {} and {} for a million tokens of prompt and completion",
        dollars(&price["paid"]),
        dollars(&price["expected_cost"]),
        by_million(&price["quoted"]["prompt"]),
        by_million(&price["quoted"]["completion"]),
    );
}

fn table(receipt: &Value, text: &mut String) {
    let mut candidates: Vec<&Value> = list(receipt, "candidates").iter().collect();
    // Those that were to be tried first, then those that might have been, then the rest.
    let rank = |it: &Value| {
        (it["place"].as_u64().unwrap_or(u64::MAX), !list(it, "excluded_by").is_empty())
    };
    candidates.sort_by_key(|it| rank(it));
    let longest = candidates.iter().map(|it| word(it, "endpoint").len()).max().unwrap_or(0);
    let _ = writeln!(text, "\nlooked at {}:", candidates.len());
    for it in candidates {
        let place = it["place"].as_u64().map_or_else(|| "-".to_owned(), |it| it.to_string());
        let _ = write!(text, "  {place}  {:longest$}  ", word(it, "endpoint"));
        let rules = words(&it["excluded_by"]);
        if rules.is_empty() {
            let _ = writeln!(text, "{}{}", dollars(&it["expected_cost"]), state(it));
        } else {
            let _ = writeln!(text, "left out by {}", rules.join(", "));
        }
    }
}

/// Returns what is worth telling of how an endpoint fared.
fn state(candidate: &Value) -> String {
    let mut told = String::new();
    let gate = word(candidate, "gate");
    if gate != "open" {
        let _ = write!(told, ", {gate}");
    }
    for (key, said) in [("had_outage_lately", "had an outage"), ("is_demoted", "worse than others")]
    {
        if candidate[key] == Value::Bool(true) {
            let _ = write!(told, ", {said}");
        }
    }
    if let Some(ms) = candidate["latency_ms"].as_u64() {
        let _ = write!(told, ", first token in {ms} ms");
    }
    if let Some(rate) = candidate["throughput"].as_u64() {
        let _ = write!(told, ", {rate} tokens/s");
    }
    told
}

fn tries(receipt: &Value, text: &mut String) {
    let _ = writeln!(text, "\ntried:");
    for (at, it) in list(receipt, "attempts").iter().enumerate() {
        let status = it["status"].as_u64().map_or_else(String::new, |it| format!(" {it}"));
        let failure = it["error"].as_str().map_or_else(String::new, |it| format!(" {it}"));
        let after =
            it["latency_ms"].as_u64().map_or_else(String::new, |it| format!(" after {it} ms"));
        let credential =
            it["credential"].as_u64().map_or_else(String::new, |it| format!(", credential {it}"));
        let left = match it["credential_left"].as_str() {
            Some(why) => format!(" (the cache's is {})", why.replace('_', " ")),
            None => String::new(),
        };
        let _ = writeln!(
            text,
            "  {}. {}:{status}{failure}{after}, {}{credential}{left}",
            at + 1,
            word(it, "endpoint"),
            dollars(&it["cost"])
        );
    }
}

fn foot(receipt: &Value, text: &mut String) {
    let stay = &receipt["stickiness"];
    if stay.is_object() {
        let outcome = word(stay, "outcome").replace('_', " ");
        let worth = match (stay.get("saving"), stay.get("gain")) {
            (Some(saving), Some(gain)) => format!(
                ": its cache saves about {}, another is better by {}",
                dollars(saving),
                dollars(gain)
            ),
            _ => String::new(),
        };
        let endpoint = word(stay, "endpoint");
        let _ = writeln!(text, "\nthe conversation's cache is at {endpoint}: {outcome}{worth}");
    }
    let replay = &receipt["replay"];
    let told = match replay["same"].as_bool() {
        Some(true) => "the same inputs give the same plan".to_owned(),
        Some(false) => {
            "the same inputs give ANOTHER plan: this version decides differently".to_owned()
        }
        None => format!("not possible: {}", word(replay, "why")),
    };
    let _ = writeln!(text, "\nmade again: {told}");
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_receipt_reads_like_this() {
        let receipt = json!({
            "id": "gen-1787000000-abc", "created_at": "2026-08-18T00:53:20Z",
            "requested": ["interline/auto"], "strategy": "auto",
            "router": {"name": "interline/auto", "task": "agent", "looked_at": 3, "chosen": [
                {"model": "x/one", "quality": 80, "cheapness": 40, "score": 68}]},
            "models": [{"id": "x/one", "variants": ["floor"]}],
            "candidates": [
                {"endpoint": "c:x/one", "place": null, "excluded_by": ["max_price"]},
                {"endpoint": "long-name:x/one", "place": 2, "excluded_by": [],
                 "expected_cost": 0.00031, "gate": "closed until 2026-08-18T00:54:00Z",
                 "had_outage_lately": true, "latency_ms": null, "throughput": null},
                {"endpoint": "a:x/one", "place": 1, "excluded_by": [], "expected_cost": 0.00012,
                 "gate": "open", "had_outage_lately": false, "latency_ms": 210, "throughput": 90}],
            "stickiness": {"outcome": "stays", "endpoint": "a:x/one", "saving": 0.0121, "gain": 0.0},
            "attempts": [
                {"endpoint": "a:x/one", "status": 503, "error": "provider_overloaded",
                 "latency_ms": 120, "cost": 0.0},
                {"endpoint": "long-name:x/one", "status": 200, "error": null,
                 "latency_ms": 340, "cost": 0.00029}],
            "outcome": "finished", "served_by": "long-name:x/one",
            "price": {"quoted": {"prompt": "0.00000059", "completion": "0.00000079"},
                      "expected_cost": 0.00031, "paid": 0.00029},
            "replay": {"same": true, "why": null},
        });
        insta::assert_snapshot!(told(&receipt));
    }
}
