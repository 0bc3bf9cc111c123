//! Whether what a caller saw keeps the promise.

use serde_json::Value;

use super::rows::{Held, Shows};

/// What every provider says, and in so many words.
pub const TEXT: &str = "Alle meine Entchen schwimmen auf dem See, Köpfchen in das Wasser, \
                        Schwänzchen in die Höh.";

/// A request's circumstances.
#[derive(Clone, Copy)]
pub struct Case<'a> {
    pub provider: &'a str,
    pub shows: Shows,
    pub held: Held,
    pub streams: bool,
    /// Another provider is well.
    pub has_other: bool,
}

/// What a caller saw.
pub struct Seen {
    pub status: u16,
    pub retry_after: Option<String>,
    pub text: String,
    /// The body ended as HTTP prescribes.
    pub is_whole: bool,
}

fn rule(holds: bool, broken: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(broken.to_owned()) }
}

/// Returns what the caller was told that it cost, in nano-dollars.
pub fn judge(case: Case<'_>, seen: &Seen) -> Result<i64, String> {
    rule(seen.is_whole, "the body broke off")?;
    rule(!seen.text.contains("XUPSTREAMX"), "text of a provider that failed shows")?;
    match case.shows {
        Shows::Served => answered(case, seen, case.provider),
        Shows::Refusal(_) if case.has_other && case.held != Held::Caller => {
            answered(case, seen, "well")
        }
        Shows::Refusal(status) => refused(case, seen, status).map(|()| 0),
        Shows::Break(status) => broken(seen, status).map(|()| 0),
        Shows::Cut => cut(seen),
    }
}

fn answered(case: Case<'_>, seen: &Seen, by: &str) -> Result<i64, String> {
    rule(seen.status == 200, "no answer")?;
    if !case.streams {
        let answer: Value = serde_json::from_str(&seen.text).map_err(|it| it.to_string())?;
        let said = &answer["choices"][0]["message"]["content"];
        rule(said == TEXT, "another text")?;
        rule(answer["provider"] == by, "another provider")?;
        return cost(&answer["usage"]);
    }
    let chunks = chunks(&seen.text)?;
    rule(chunks.iter().all(|it| it["error"].is_null()), "an error beside an answer")?;
    rule(said(&chunks) == TEXT, "another text")?;
    rule(chunks.iter().all(|it| it["provider"] == by), "another provider")?;
    let mut usages = chunks.iter().map(|it| &it["usage"]).filter(|it| !it.is_null());
    let told = usages.next().ok_or("no usage")?;
    rule(usages.next().is_none(), "usage is told twice")?;
    cost(told)
}

/// A status, or an error inside a stream that had to be kept alive.
fn refused(case: Case<'_>, seen: &Seen, status: u16) -> Result<(), String> {
    let told = if seen.status == 200 && case.streams {
        rule(seen.text.starts_with(": "), "a stream that began without need")?;
        let chunks = chunks(&seen.text)?;
        rule(said(&chunks).is_empty(), "content beside a refusal")?;
        rule(chunks.len() == 1, "more than an error")?;
        chunks[0].clone()
    } else {
        let told: Value = serde_json::from_str(&seen.text).map_err(|it| it.to_string())?;
        rule(told["error"]["code"] == seen.status, "another code than the status")?;
        told
    };
    let code = told["error"]["code"].as_u64().unwrap_or_default();
    rule(code == u64::from(status), &format!("refused with {code}"))?;
    rule(told["error"]["message"].as_str().is_some_and(|it| !it.is_empty()), "no message")?;
    if case.held == Held::Limit {
        let seconds = seen.retry_after.as_ref().and_then(|it| it.parse::<u64>().ok());
        rule(seconds.is_some_and(|it| (1..=300).contains(&it)), "no sensible Retry-After")?;
    }
    Ok(())
}

/// A beginning, exactly one error, and no end that could be taken for one.
fn broken(seen: &Seen, status: u16) -> Result<(), String> {
    rule(seen.status == 200, "no stream")?;
    let chunks = chunks(&seen.text)?;
    let (last, before) = chunks.split_last().ok_or("an empty stream")?;
    rule(before.iter().all(|it| it["error"].is_null()), "more than one error")?;
    let code = last["error"]["code"].as_u64().unwrap_or_default();
    rule(code == u64::from(status), &format!("broke with {code}"))?;
    rule(last["choices"][0]["finish_reason"] == "error", "the last chunk tells no error")?;
    let ends = |it: &Value| !it["choices"][0]["finish_reason"].is_null();
    rule(!before.iter().any(ends), "an end before the error")?;
    let said = said(before);
    // A test of characters sets its own into the text.
    let plain = said.replace('🙂', "");
    rule(!plain.is_empty() && plain.len() < TEXT.len(), "nothing or everything was said")?;
    rule(TEXT.starts_with(&plain), "what was said is no beginning")
}

fn cut(seen: &Seen) -> Result<i64, String> {
    rule(seen.status == 200, "no stream")?;
    let chunks = chunks(&seen.text)?;
    rule(chunks.iter().all(|it| it["error"].is_null()), "an error")?;
    rule(!said(&chunks).is_empty(), "nothing was said")?;
    let reasons: Vec<&Value> = chunks
        .iter()
        .map(|it| &it["choices"][0]["finish_reason"])
        .filter(|it| !it.is_null())
        .collect();
    rule(reasons == ["length"], &format!("ended with {reasons:?}"))?;
    let told = chunks.iter().map(|it| &it["usage"]).find(|it| !it.is_null());
    cost(told.ok_or("no usage")?)
}

/// Reads a stream that ends once, and of which every event is JSON.
fn chunks(text: &str) -> Result<Vec<Value>, String> {
    let events: Vec<&str> = text
        .split_terminator("\n\n")
        .filter(|event| !event.starts_with(':'))
        .map(|event| event.strip_prefix("data: ").ok_or(format!("no event: {event}")))
        .collect::<Result<_, _>>()?;
    let (last, before) = events.split_last().ok_or("no event")?;
    rule(*last == "[DONE]", "no end")?;
    before.iter().map(|it| serde_json::from_str(it).map_err(|it| it.to_string())).collect()
}

fn said(chunks: &[Value]) -> String {
    chunks.iter().filter_map(|it| it["choices"][0]["delta"]["content"].as_str()).collect()
}

fn cost(usage: &Value) -> Result<i64, String> {
    let dollars = usage["cost"].as_f64().ok_or("no cost")?;
    Ok((dollars * 1e9).round() as i64)
}
