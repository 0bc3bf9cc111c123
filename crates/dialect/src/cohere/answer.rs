//! A whole answer, read into the house's form.

use domain::answer::{Answer, Choice, ToolCall};
use serde_json::{Value, json};

use super::usage;
use crate::dialect::Host;
use crate::finish::meaning;

/// Reads an answer that is known to be one.
pub(super) fn decode(body: &Value, host: &Host) -> Answer {
    let message = &body["message"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut choice = Choice { reasoning: text(&message["tool_plan"]), ..Choice::default() };
    for part in message["content"].as_array().into_iter().flatten() {
        match part["type"].as_str() {
            Some("text") => choice.text.push_str(&text(&part["text"])),
            Some("thinking") => choice.reasoning.push_str(&text(&part["thinking"])),
            _ => (),
        }
    }
    for (place, call) in message["tool_calls"].as_array().into_iter().flatten().enumerate() {
        let id = Some(text(&call["id"])).filter(|id| !id.is_empty());
        let function = &call["function"];
        choice.tool_calls.push(ToolCall {
            id: id.unwrap_or_else(|| format!("call_{place}")),
            name: text(&function["name"]),
            arguments: text(&function["arguments"]),
        });
    }
    let citations = message["citations"].as_array().into_iter().flatten();
    choice.annotations.extend(citations.flat_map(annotations));
    let native = body["finish_reason"].as_str();
    let calls = !choice.tool_calls.is_empty();
    choice.finish = native.map(|native| meaning(native, calls, &host.quirks));
    choice.native_finish = native.map(str::to_owned);
    Answer {
        upstream_id: body["id"].as_str().filter(|id| !id.is_empty()).map(str::to_owned),
        choices: vec![choice],
        usage: usage::read(&body["usage"]),
        ..Answer::default()
    }
}

/// Reads a citation as OpenAI writes them, one for each of its sources. A source that has no
/// address is told by its id.
pub(super) fn annotations(citation: &Value) -> Vec<Value> {
    let sources = citation["sources"].as_array().into_iter().flatten();
    let one = |source: &Value| {
        let told = [&source["document"], &source["tool_output"]]
            .into_iter()
            .find(|it| it.is_object())
            .unwrap_or(&Value::Null);
        let url = told["url"].as_str().or_else(|| source["id"].as_str())?;
        let title = told["title"].as_str().or_else(|| told["id"].as_str()).unwrap_or(url);
        Some(json!({"type": "url_citation", "url_citation": {
            "url": url, "title": title, "content": citation["text"],
            "start_index": citation["start"], "end_index": citation["end"],
        }}))
    };
    sources.filter_map(one).collect()
}
