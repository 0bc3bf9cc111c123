//! Writing chat completion chunks.
use super::parts::{FINGERPRINT, answer_id, call_id, logprob};
use crate::answer::{Answer, Usage};
use crate::ask::Ask;
use crate::event::Event;
use crate::fault::OddUsage;
use crate::script::{ReasoningShape, Script, UsagePlace};
use crate::wire::dialect::StreamWriter;
use crate::wire::openai::{UsageBody, finish_reason};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Writes one answer as chunks.
pub(super) struct ChunkWriter {
    id: String,
    created_s: u64,
    model: String,
    place: UsagePlace,
    reasoning: ReasoningShape,
    asked_for_usage: bool,
    usage: Usage,
    odd_usage: Option<OddUsage>,
    top_logprobs: Option<u32>,
    /// Chunks with content so far: what usage on every chunk counts.
    sent_tokens: u64,
    /// The choices whose `<think>` is open.
    thinking: BTreeSet<u32>,
}

#[derive(Serialize)]
struct Chunk<'a> {
    id: &'a str,
    object: &'static str,
    created: u64,
    model: &'a str,
    service_tier: &'static str,
    system_fingerprint: &'static str,
    choices: &'a [ChunkChoice<'a>],
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Option<UsageBody>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    x_groq: Option<XGroq<'a>>,
}

#[derive(Serialize)]
struct XGroq<'a> {
    id: &'a str,
    usage: UsageBody,
}

#[derive(Serialize)]
struct ChunkChoice<'a> {
    index: u32,
    delta: Delta<'a>,
    logprobs: Option<Value>,
    finish_reason: Option<&'static str>,
}

#[derive(Default, Serialize)]
struct Delta<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none", rename = "content")]
    content_parts: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_content: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_calls: Option<[CallDelta<'a>; 1]>,
}

#[derive(Serialize)]
struct CallDelta<'a> {
    index: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", rename = "type")]
    kind: Option<&'static str>,
    function: FunctionDelta<'a>,
}

#[derive(Serialize)]
struct FunctionDelta<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    arguments: &'a str,
}

impl ChunkWriter {
    pub(super) fn new(ask: &Ask, answer: &Answer, script: &Script) -> ChunkWriter {
        let decreasing = answer.odd_usage == Some(OddUsage::Decreasing);
        ChunkWriter {
            id: answer_id(answer),
            created_s: answer.created_s,
            model: answer.model.clone(),
            place: if decreasing { UsagePlace::EveryChunk } else { script.usage },
            reasoning: script.reasoning,
            asked_for_usage: ask.include_usage,
            usage: answer.usage,
            odd_usage: answer.odd_usage,
            top_logprobs: answer.top_logprobs,
            sent_tokens: 0,
            thinking: BTreeSet::new(),
        }
    }

    fn chunk(&self, choices: &[ChunkChoice], usage: Option<Option<UsageBody>>, out: &mut Vec<u8>) {
        let last = choices.first().is_some_and(|choice| choice.finish_reason.is_some());
        let x_groq = (last && self.place == UsagePlace::XGroq && self.tells_usage())
            .then(|| XGroq { id: &self.id, usage: self.usage_body(self.usage) });
        let chunk = Chunk {
            id: &self.id,
            object: "chat.completion.chunk",
            created: self.created_s,
            model: &self.model,
            service_tier: "default",
            system_fingerprint: FINGERPRINT,
            choices,
            usage,
            x_groq,
        };
        out.extend(b"data: ");
        serde_json::to_writer(&mut *out, &chunk).expect("strings and numbers are always JSON");
        out.extend(b"\n\n");
    }

    fn delta(&mut self, index: u32, delta: Delta, finish: Option<&'static str>, out: &mut Vec<u8>) {
        let logprobs = match (self.top_logprobs, delta.content) {
            (Some(top), Some(text)) if !text.is_empty() => {
                Some(json!({ "content": [logprob(text, top)], "refusal": null }))
            }
            _ => None,
        };
        let choice = ChunkChoice { index, delta, logprobs, finish_reason: finish };
        self.chunk(&[choice], self.usage_so_far(), out);
    }

    fn tells_usage(&self) -> bool {
        self.odd_usage != Some(OddUsage::Missing)
    }

    fn usage_body(&self, usage: Usage) -> UsageBody {
        UsageBody::new(usage, self.odd_usage)
    }

    /// What a chunk with choices says of usage: counts where every chunk has them, null where a
    /// last chunk will bring them, else nothing.
    fn usage_so_far(&self) -> Option<Option<UsageBody>> {
        match self.place {
            UsagePlace::EveryChunk if self.tells_usage() => {
                let counted = self.sent_tokens.min(self.usage.completion);
                let completion = match self.odd_usage {
                    Some(OddUsage::Decreasing) => self.usage.completion - counted,
                    _ => counted,
                };
                let reasoning = self.usage.reasoning.min(completion);
                Some(Some(self.usage_body(Usage { completion, reasoning, ..self.usage })))
            }
            UsagePlace::OwnChunk if self.asked_for_usage => Some(None),
            _ => None,
        }
    }

    fn reasoning(&mut self, index: u32, text: &str, out: &mut Vec<u8>) {
        let opens = self.thinking.insert(index);
        let delta = match self.reasoning {
            ReasoningShape::ReasoningContent => {
                Delta { reasoning_content: Some(text), ..Delta::default() }
            }
            ReasoningShape::Reasoning => Delta { reasoning: Some(text), ..Delta::default() },
            ReasoningShape::ContentParts => Delta {
                content_parts: Some(json!([{ "type": "reasoning", "text": text }])),
                ..Delta::default()
            },
            ReasoningShape::ThinkTags => {
                let text = if opens { format!("<think>{text}") } else { text.to_owned() };
                return self.delta(
                    index,
                    Delta { content: Some(&text), ..Delta::default() },
                    None,
                    out,
                );
            }
        };
        self.delta(index, delta, None, out);
    }

    /// Closes the `<think>` of a choice before anything else is said.
    fn close_thinking(&mut self, index: u32, out: &mut Vec<u8>) {
        if self.thinking.remove(&index) && self.reasoning == ReasoningShape::ThinkTags {
            self.delta(index, Delta { content: Some("</think>"), ..Delta::default() }, None, out);
        }
    }

    fn call(&mut self, choice: u32, call: CallDelta, out: &mut Vec<u8>) {
        self.delta(choice, Delta { tool_calls: Some([call]), ..Delta::default() }, None, out);
    }

    fn last_usage(&mut self, out: &mut Vec<u8>) {
        let asked = match self.place {
            UsagePlace::Always => true,
            UsagePlace::OwnChunk => self.asked_for_usage,
            UsagePlace::EveryChunk | UsagePlace::XGroq | UsagePlace::Never => false,
        };
        if asked && self.tells_usage() {
            self.chunk(&[], Some(Some(self.usage_body(self.usage))), out);
        }
    }
}

impl StreamWriter for ChunkWriter {
    fn write(&mut self, event: &Event, out: &mut Vec<u8>) {
        self.sent_tokens += u64::from(event.has_content());
        match event {
            Event::Start { choice } => {
                let delta =
                    Delta { role: Some("assistant"), content: Some(""), ..Delta::default() };
                self.delta(*choice, delta, None, out);
            }
            Event::Reasoning { choice, text } => self.reasoning(*choice, text, out),
            Event::Text { choice, text } => {
                self.close_thinking(*choice, out);
                self.delta(*choice, Delta { content: Some(text), ..Delta::default() }, None, out);
            }
            Event::Call { choice, index, number, name } => {
                self.close_thinking(*choice, out);
                let function = FunctionDelta { name: Some(name), arguments: "" };
                let id = Some(call_id(*number));
                let call = CallDelta { index: *index, id, kind: Some("function"), function };
                self.call(*choice, call, out);
            }
            Event::Arguments { choice, index, fragment } => {
                let function = FunctionDelta { name: None, arguments: fragment };
                self.call(
                    *choice,
                    CallDelta { index: *index, id: None, kind: None, function },
                    out,
                );
            }
            Event::Finish { choice, finish } => {
                self.close_thinking(*choice, out);
                if let Some(finish) = finish {
                    self.delta(*choice, Delta::default(), Some(finish_reason(*finish)), out);
                }
            }
            Event::Usage => self.last_usage(out),
            Event::End => out.extend(b"data: [DONE]\n\n"),
        }
    }
}
