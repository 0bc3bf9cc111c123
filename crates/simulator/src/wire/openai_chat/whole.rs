//! Writing a chat completion in one.
use super::parts::{FINGERPRINT, answer_id, call_id, logprob};
use crate::answer::{Answer, Choice, Text};
use crate::script::{ReasoningShape, Script};
use crate::wire::openai::{UsageBody, finish_reason, whole_usage};
use serde::Serialize;
use serde_json::{Value, json};

#[derive(Serialize)]
struct Whole<'a> {
    id: String,
    object: &'static str,
    created: u64,
    model: &'a str,
    choices: Vec<WholeChoice<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<UsageBody>,
    service_tier: &'static str,
    system_fingerprint: &'static str,
}

#[derive(Serialize)]
struct WholeChoice<'a> {
    index: u32,
    message: Message<'a>,
    logprobs: Option<Value>,
    finish_reason: Option<&'static str>,
}

#[derive(Serialize)]
struct Message<'a> {
    role: &'static str,
    content: Content<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_content: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning: Option<&'a str>,
    refusal: Option<&'static str>,
    annotations: [(); 0],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<Call<'a>>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Content<'a> {
    Null,
    Text(&'a str),
    Joined(String),
    Parts(Value),
}

#[derive(Serialize)]
struct Call<'a> {
    id: String,
    #[serde(rename = "type")]
    kind: &'static str,
    function: Function<'a>,
}

#[derive(Serialize)]
struct Function<'a> {
    name: &'a str,
    arguments: &'a str,
}

/// Writes a whole answer.
pub(super) fn whole(answer: &Answer, script: &Script) -> Vec<u8> {
    let choices = (0..).zip(&answer.choices);
    let whole = Whole {
        id: answer_id(answer),
        object: "chat.completion",
        created: answer.created_s,
        model: &answer.model,
        choices: choices
            .map(|(index, choice)| whole_choice(index, choice, answer, script))
            .collect(),
        usage: whole_usage(answer, script),
        service_tier: "default",
        system_fingerprint: FINGERPRINT,
    };
    let mut body = Vec::with_capacity(1_024);
    serde_json::to_writer(&mut body, &whole).expect("strings and numbers are always JSON");
    body
}

fn whole_choice<'a>(
    index: u32,
    choice: &'a Choice,
    answer: &Answer,
    script: &Script,
) -> WholeChoice<'a> {
    let thought = Some(choice.reasoning.whole.as_str()).filter(|thought| !thought.is_empty());
    let calls = choice.calls.iter().map(|call| Call {
        id: call_id(call.number),
        kind: "function",
        function: Function { name: &call.name, arguments: &call.arguments.whole },
    });
    let in_field = |shape| thought.filter(|_| script.reasoning == shape);
    WholeChoice {
        index,
        message: Message {
            role: "assistant",
            content: content(choice, thought, script.reasoning),
            reasoning_content: in_field(ReasoningShape::ReasoningContent),
            reasoning: in_field(ReasoningShape::Reasoning),
            refusal: None,
            annotations: [],
            tool_calls: calls.collect(),
        },
        logprobs: answer.top_logprobs.map(|top| logprobs(&choice.text, top)),
        finish_reason: choice.finish.map(finish_reason),
    }
}

fn content<'a>(choice: &'a Choice, thought: Option<&str>, shape: ReasoningShape) -> Content<'a> {
    let text = &choice.text.whole;
    match (thought, shape) {
        (Some(thought), ReasoningShape::ThinkTags) => {
            Content::Joined(format!("<think>{thought}</think>{text}"))
        }
        (Some(thought), ReasoningShape::ContentParts) => Content::Parts(json!([
            { "type": "reasoning", "text": thought },
            { "type": "text", "text": text },
        ])),
        _ if text.is_empty() && !choice.calls.is_empty() => Content::Null,
        _ => Content::Text(text),
    }
}

fn logprobs(text: &Text, top: u32) -> Value {
    let content: Vec<Value> = text.pieces().map(|piece| logprob(piece, top)).collect();
    json!({ "content": content, "refusal": null })
}
