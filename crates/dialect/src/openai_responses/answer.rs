//! A whole response, read into the house's form and written from it.

use domain::answer::{Answer, Choice, ToolCall};
use domain::event::FinishReason;
use domain::failure::Failure;
use serde_json::{Value, json};

use super::usage;
use crate::dialect::Face;
use crate::error;
use crate::exchange::Receipt;
use crate::logprobs;
use crate::sealed;
use crate::thought::{OPENAI, is_of, said};

/// Reads a response.
///
/// # Errors
/// When it is none, or failed.
pub(super) fn decode(body: &Value) -> Result<Answer, Failure> {
    let failed = body.get("error").is_some_and(|error| !error.is_null());
    let Some(output) = body["output"].as_array().filter(|_| !failed) else {
        return Err(match failed || error::is_one(body) {
            true => error::inside(body),
            false => error::nonsense("holds no output"),
        });
    };
    let mut choice = Choice::default();
    for (index, item) in output.iter().enumerate() {
        take(&mut choice, item, index);
    }
    let (finish, native) = ending(body, !choice.tool_calls.is_empty());
    choice.finish = Some(finish);
    choice.native_finish = Some(native);
    Ok(Answer {
        upstream_id: body["id"].as_str().filter(|id| !id.is_empty()).map(str::to_owned),
        choices: vec![choice],
        usage: body["usage"].as_object().and_then(usage::read),
        ..Answer::default()
    })
}

/// Returns why a response ended, and in its own word.
pub(super) fn ending(response: &Value, has_calls: bool) -> (FinishReason, String) {
    let why = response["incomplete_details"]["reason"].as_str();
    let status = response["status"].as_str().unwrap_or("completed");
    let reason = match (status, why) {
        (_, Some("content_filter")) => FinishReason::ContentFilter,
        (_, Some(_)) | ("incomplete", None) => FinishReason::Length,
        ("failed" | "cancelled", None) => FinishReason::Error,
        _ if has_calls => FinishReason::ToolCalls,
        _ => FinishReason::Stop,
    };
    (reason, why.unwrap_or(status).to_owned())
}

fn take(choice: &mut Choice, item: &Value, index: usize) {
    let text = |name: &str| item[name].as_str().unwrap_or_default().to_owned();
    match item["type"].as_str() {
        Some("message") => {
            for part in item["content"].as_array().into_iter().flatten() {
                choice.text.push_str(part["text"].as_str().unwrap_or_default());
                choice.refusal.push_str(part["refusal"].as_str().unwrap_or_default());
                let cited = part["annotations"].as_array().into_iter().flatten();
                choice.annotations.extend(cited.map(annotation));
                if let Some(logprobs) = logprobs::of_response(&part["logprobs"]) {
                    choice.logprobs = Some(logprobs);
                }
            }
        }
        Some("function_call") => choice.tool_calls.push(ToolCall {
            id: text("call_id"),
            name: text("name"),
            arguments: text("arguments"),
        }),
        Some("reasoning") => choice.reasoning_details.extend(details(item, index)),
        Some("image_generation_call") => {
            choice.images.push(format!("data:image/png;base64,{}", text("result")));
        }
        _ => (),
    }
}

/// Reads an item of thinking as pieces that go back unchanged.
fn details(item: &Value, index: usize) -> Vec<Value> {
    let mut details = Vec::new();
    let mut told = |list: &str, kind: &str, name: &str| {
        let parts = item[list].as_array().into_iter().flatten();
        let text: String = parts.filter_map(|part| part["text"].as_str()).collect();
        if !text.is_empty() {
            details.push(json!({
                "type": kind, name: text, "format": OPENAI, "index": index, "id": item["id"]
            }));
        }
    };
    told("summary", "reasoning.summary", "summary");
    told("content", "reasoning.text", "text");
    details.extend(sealed_detail(item, &json!(index)));
    details
}

/// Returns the sealed part of an item of thinking.
pub(super) fn sealed_detail(item: &Value, index: &Value) -> Option<Value> {
    let data = item["encrypted_content"].as_str().filter(|data| !data.is_empty())?;
    Some(json!({
        "type": "reasoning.encrypted", "data": data, "format": OPENAI, "index": index,
        "id": item["id"]
    }))
}

/// Reads a citation, as chat completions write it.
pub(super) fn annotation(annotation: &Value) -> Value {
    match annotation["type"].as_str() {
        Some("url_citation") => {
            let mut cited = annotation.clone();
            if let Some(fields) = cited.as_object_mut() {
                fields.shift_remove("type");
            }
            json!({"type": "url_citation", "url_citation": cited})
        }
        _ => annotation.clone(),
    }
}

/// Writes a citation, from how chat completions write it.
pub(super) fn citation(annotation: &Value) -> Value {
    let cited = &annotation["url_citation"];
    json!({
        "type": "url_citation", "url": cited["url"], "title": cited["title"],
        "start_index": cited["start_index"].as_u64().unwrap_or(0),
        "end_index": cited["end_index"].as_u64().unwrap_or(0),
    })
}

/// Writes a response.
pub(super) fn encode(answer: &Answer, face: &Face, receipt: &Receipt) -> Vec<u8> {
    let blank = Choice::default();
    let choice = answer.choices.first().unwrap_or(&blank);
    let output = output(choice, face);
    response(face, output, Status::of(choice.finish), Some(receipt)).to_string().into_bytes()
}

/// How a response stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    InProgress,
    Completed,
    /// The limit of tokens was reached.
    Cut,
    /// A filter cut it.
    Filtered,
    Failed,
}

impl Status {
    /// Returns how an answer that ended so stands.
    pub(super) fn of(finish: Option<FinishReason>) -> Status {
        match finish {
            Some(FinishReason::Length) => Status::Cut,
            Some(FinishReason::ContentFilter) => Status::Filtered,
            Some(FinishReason::Error) => Status::Failed,
            _ => Status::Completed,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Status::InProgress => "in_progress",
            Status::Completed => "completed",
            Status::Cut | Status::Filtered => "incomplete",
            Status::Failed => "failed",
        }
    }

    /// Returns the name of the event that ends a stream.
    pub(super) const fn event(self) -> &'static str {
        match self {
            Status::InProgress => "response.in_progress",
            Status::Completed => "response.completed",
            Status::Cut | Status::Filtered => "response.incomplete",
            Status::Failed => "response.failed",
        }
    }
}

/// Returns a response object, as far as it has come.
pub(super) fn response(
    face: &Face,
    output: Vec<Value>,
    status: Status,
    receipt: Option<&Receipt>,
) -> Value {
    let mut response = json!({
        "id": face.stamp.id,
        "object": "response",
        "created_at": face.stamp.created,
        "completed_at": null,
        "status": status.word(),
        "background": false,
        "error": null,
        "frequency_penalty": null,
        "incomplete_details": null,
        "instructions": null,
        "max_output_tokens": null,
        "max_tool_calls": null,
        "model": face.stamp.model,
        "provider": face.stamp.provider,
        "output": output,
        "parallel_tool_calls": true,
        "presence_penalty": null,
        "previous_response_id": null,
        "prompt_cache_key": null,
        "reasoning": {"effort": null, "summary": null},
        "safety_identifier": null,
        "service_tier": "default",
        "store": false,
        "temperature": null,
        "text": {"format": {"type": "text"}},
        "tool_choice": "auto",
        "tools": [],
        "top_logprobs": 0,
        "top_p": null,
        "truncation": "disabled",
        "usage": null,
        "user": null,
        "metadata": {},
    });
    let repeated = face.echo.as_deref().and_then(|echo| echo["repeated"].as_object());
    for (name, value) in repeated.into_iter().flatten() {
        response[name] = value.clone();
    }
    match status {
        Status::Cut => response["incomplete_details"] = json!({"reason": "max_output_tokens"}),
        Status::Filtered => response["incomplete_details"] = json!({"reason": "content_filter"}),
        Status::Completed => response["completed_at"] = json!(face.stamp.created),
        Status::InProgress | Status::Failed => (),
    }
    if let Some(receipt) = receipt {
        response["usage"] = usage::shown(receipt);
        if let Some(metadata) = &receipt.metadata {
            response["openrouter_metadata"] = metadata.clone();
        }
    }
    response
}

fn output(choice: &Choice, face: &Face) -> Vec<Value> {
    let mut output = Vec::new();
    let name = |kind: &str, place: usize| id(face, kind, place);
    if !face.hides_thinking {
        if !choice.reasoning.is_empty() {
            output.push(json!({
                "type": "reasoning", "id": name("rs", 0), "status": "completed",
                "summary": [{"type": "summary_text", "text": choice.reasoning}],
            }));
        }
        for group in groups(&choice.reasoning_details) {
            output.push(thinking(group, &name("rs", output.len())));
        }
    }
    if !choice.text.is_empty() || !choice.refusal.is_empty() {
        let mut content = Vec::new();
        if !choice.text.is_empty() {
            let citations: Vec<Value> = choice.annotations.iter().map(citation).collect();
            content.push(json!({
                "type": "output_text", "text": choice.text, "annotations": citations,
                "logprobs": logprobs::to_response(choice.logprobs.as_ref())
            }));
        }
        if !choice.refusal.is_empty() {
            content.push(json!({"type": "refusal", "refusal": choice.refusal}));
        }
        let id = name("msg", output.len());
        output.push(json!({
            "type": "message", "id": id, "status": "completed", "role": "assistant",
            "content": content
        }));
    }
    for call in &choice.tool_calls {
        let item = call_item(call, face, output.len());
        output.push(item);
    }
    for image in &choice.images {
        let data = image.split_once(";base64,").map_or(image.as_str(), |(_, data)| data);
        let id = name("ig", output.len());
        output.push(json!({
            "type": "image_generation_call", "id": id, "status": "completed", "result": data
        }));
    }
    output
}

/// Returns a call as an item: of a function, or of a tool that takes free text.
pub(super) fn call_item(call: &ToolCall, face: &Face, place: usize) -> Value {
    if takes_text(face, &call.name) {
        return json!({
            "type": "custom_tool_call", "id": id(face, "ctc", place), "status": "completed",
            "call_id": call.id, "name": call.name, "input": free_text(&call.arguments)
        });
    }
    json!({
        "type": "function_call", "id": id(face, "fc", place), "status": "completed",
        "call_id": call.id, "name": call.name, "arguments": call.arguments
    })
}

/// Returns whether a tool takes free text instead of arguments.
pub(super) fn takes_text(face: &Face, name: &str) -> bool {
    let custom = face.echo.as_deref().and_then(|echo| echo["custom"].as_array());
    custom.is_some_and(|names| names.iter().any(|it| it == name))
}

/// Returns the free text out of the arguments that it was asked for as.
pub(super) fn free_text(arguments: &str) -> String {
    let read: Value = serde_json::from_str(arguments).unwrap_or_default();
    read["input"].as_str().map_or_else(|| arguments.to_owned(), str::to_owned)
}

/// Returns the id of an item: the response's own, the kind and the place.
pub(super) fn id(face: &Face, kind: &str, place: usize) -> String {
    let own = face.stamp.id.trim_start_matches("gen-");
    format!("{kind}_{own}_{place}")
}

/// Tells pieces of thinking apart by the items that they belong to.
fn groups(details: &[Value]) -> Vec<&[Value]> {
    details
        .chunk_by(|left, right| left["index"] == right["index"] || left["id"] == right["id"])
        .collect()
}

/// Returns whether a piece is thinking itself, of a model in this dialect: that of others, and what
/// sums it up, is told as a summary.
pub(super) fn is_content(detail: &Value) -> bool {
    is_of(detail, OPENAI) && said(detail, "type") == "reasoning.text"
}

/// Writes an item of thinking: OpenAI's as it is, that of others packed into what comes back.
pub(super) fn thinking(details: &[Value], id: &str) -> Value {
    let (own, told): (Vec<&Value>, Vec<&Value>) = details.iter().partition(|it| is_content(it));
    let text: String =
        told.iter().map(|it| [said(it, "summary"), said(it, "text")].concat()).collect();
    let summary = match text.is_empty() {
        true => json!([]),
        false => json!([{"type": "summary_text", "text": text}]),
    };
    let mut item = json!({"type": "reasoning", "id": id, "summary": summary});
    if !own.is_empty() {
        let text: String = own.iter().map(|it| said(it, "text")).collect();
        item["content"] = json!([{"type": "reasoning_text", "text": text}]);
    }
    if details.iter().all(|detail| is_of(detail, OPENAI)) {
        let own = details.iter().map(|it| said(it, "id")).find(|it| !it.is_empty());
        item["id"] = json!(own.unwrap_or(id));
        let data = details.iter().map(|it| said(it, "data")).find(|it| !it.is_empty());
        item["encrypted_content"] = json!(data);
    } else {
        let untold: Vec<Value> = details.iter().map(sealed::untold).collect();
        item["encrypted_content"] = json!(sealed::pack(&untold));
    }
    item
}
