//! A whole answer that passes through: found in place, stamped, its known fields written in the
//! house's words.

use std::sync::Arc;

use bytes::Bytes;
use domain::event::FinishReason;
use domain::failure::Failure;
use serde_json::{Value, json};

use super::answer;
use super::calls;
use super::encoder::Encoder;
use super::found::{Found, Member, Part, What};
use super::lane::{Lane, observe, push_head, push_kept, push_receipt, reasoning};
use super::usage::Tally;
use crate::dialect::StreamEncoder;
use crate::error;
use crate::exchange::{Observed, Receipt, WholeAnswer};
use crate::json::{push_member, push_value};

/// A whole answer on its way to the caller.
pub(super) struct Passed {
    lane: Arc<Lane>,
    body: Bytes,
    found: Found,
    observed: Observed,
    /// The tool calls of each choice, where it makes any.
    calls: Vec<Vec<Value>>,
    endings: Vec<Option<(FinishReason, String)>>,
}

/// Reads a whole answer.
///
/// # Errors
/// When it is none.
pub(super) fn read(lane: Arc<Lane>, body: Bytes) -> Result<Passed, Failure> {
    // Some hosts keep the line alive with blank lines in front.
    let body = body.slice_ref(body.trim_ascii());
    if body.is_empty() {
        return Err(error::nonsense("is empty"));
    }
    let mut found = Found::default();
    found
        .fill(&body, b"message", lane.host.extra_fields())
        .map_err(|_| error::nonsense("cannot be read"))?;
    refuse(&body, &found)?;
    let mut passed = Passed {
        lane,
        body,
        found,
        observed: Observed::default(),
        calls: Vec::new(),
        endings: Vec::new(),
    };
    passed.look();
    let says_nothing = passed.observed.content_bytes == 0 && passed.observed.images == 0;
    if says_nothing && passed.observed.finish == Some(FinishReason::Error) {
        return Err(error::nonsense("ended with an error"));
    }
    Ok(passed)
}

fn refuse(body: &[u8], found: &Found) -> Result<(), Failure> {
    let failed = found.looks_failed && !found.has_choices;
    if found.error.is_some() || failed {
        let whole: Value = serde_json::from_slice(body).unwrap_or_default();
        return Err(error::inside(&whole));
    }
    match found.choices.is_empty() {
        true => Err(error::nonsense("holds no choices")),
        false => Ok(()),
    }
}

impl Passed {
    /// Takes note of what the answer shows.
    fn look(&mut self) {
        let Passed { lane, body, found, observed, calls, endings } = self;
        let text: &[u8] = body;
        let parsed = |span: crate::json::Span| serde_json::from_slice(span.of(text)).ok();
        let id: Option<Value> = found.id.and_then(parsed);
        observed.upstream_id = id.and_then(|id| id.as_str().map(str::to_owned));
        let seed = observed.upstream_id.clone().unwrap_or_default();
        for part in &found.choices {
            let mut own = Vec::new();
            for member in found.members(part) {
                observe(observed, member, text);
                if member.what == What::ToolCalls {
                    let list: Vec<Value> = parsed(member.value)
                        .and_then(|list: Value| list.as_array().cloned())
                        .unwrap_or_default();
                    own = calls::whole(&list, part.index, &seed);
                }
            }
            for (place, call) in (0..).zip(&own) {
                observed.called.begin(part.index, place, &call.name);
                observed.called.grow(part.index, place, &call.arguments);
                observed.content_bytes += (call.name.len() + call.arguments.len()) as u64;
                observed.said.hear(&call.name);
                observed.said.hear(&call.arguments);
            }
            let ending = part.finish.map(|it| lane.finish(it.of(text), !own.is_empty()));
            if let Some((finish, native)) = &ending {
                observed.finish = Some(*finish);
                observed.native_finish = Some(native.clone());
            }
            endings.push(ending);
            calls.push(own.iter().map(answer::call).collect());
        }
        let usage: Option<Value> = found.usage.and_then(parsed);
        observed.usage = usage
            .and_then(|usage| Tally::default().take(&usage, &lane.host.quirks))
            .filter(|usage| usage.output != 0 || observed.content_bytes == 0);
    }

    fn choice(&self, place: usize, part: &Part, out: &mut Vec<u8>) {
        let text: &[u8] = &self.body;
        out.extend_from_slice(b"{\"index\":");
        push_value(out, &part.index);
        out.extend_from_slice(b",\"logprobs\":");
        out.extend_from_slice(part.logprobs.map_or(b"null", |logprobs| logprobs.of(text)));
        let ending = self.endings[place].as_ref();
        push_member(out, "finish_reason");
        push_value(out, &ending.map(|(finish, _)| finish.word()));
        push_member(out, "native_finish_reason");
        push_value(out, &ending.map(|(_, native)| native));
        let members = self.found.members(part);
        if self.lane.face.is_legacy {
            self.text(members, out);
        } else {
            out.extend_from_slice(b",\"message\":{\"role\":\"assistant\"");
            self.message(members, &self.calls[place], out);
            out.push(b'}');
        }
        out.push(b'}');
    }

    /// Writes a message in the legacy form.
    fn text(&self, members: &[Member], out: &mut Vec<u8>) {
        let text: &[u8] = &self.body;
        let content = members.iter().find(|it| it.what == What::Content && it.is_text(text));
        push_member(out, "text");
        out.extend_from_slice(content.map_or(b"\"\"", |content| content.value.of(text)));
        if let Some(thought) = reasoning(members).filter(|_| !self.lane.face.hides_thinking) {
            self.lane.push_reasoning(out, thought.value.of(text), true);
        }
    }

    fn message(&self, members: &[Member], calls: &[Value], out: &mut Vec<u8>) {
        let text: &[u8] = &self.body;
        let has = |what: What| members.iter().any(|member| member.what == what);
        let named = |name: &[u8]| members.iter().any(|it| it.name.inside().of(text) == name);
        let hides = self.lane.face.hides_thinking;
        if !has(What::Content) {
            out.extend_from_slice(b",\"content\":null");
        }
        if !named(b"refusal") {
            out.extend_from_slice(b",\"refusal\":null");
        }
        match reasoning(members).filter(|_| !hides) {
            Some(thought) => {
                let has_details =
                    members.iter().any(|it| it.what == What::ReasoningDetails && !it.is_empty);
                self.lane.push_reasoning(out, thought.value.of(text), has_details);
            }
            None if hides => (),
            None => out.extend_from_slice(b",\"reasoning\":null"),
        }
        for member in members {
            match member.what {
                What::Role | What::Reasoning => (),
                What::ReasoningDetails if hides => (),
                What::ToolCalls if calls.is_empty() => (),
                What::ToolCalls => {
                    push_member(out, "tool_calls");
                    push_value(out, &calls);
                }
                What::Content => self.lane.push_content(out, member.value.of(text)),
                What::ReasoningDetails | What::Images | What::Other => {
                    out.push(b',');
                    out.extend_from_slice(member.name.of(text));
                    out.push(b':');
                    out.extend_from_slice(member.value.of(text));
                }
            }
        }
    }
}

impl WholeAnswer for Passed {
    fn observed(&self) -> &Observed {
        &self.observed
    }

    fn render(self: Box<Self>, receipt: &Receipt) -> Bytes {
        let mut out = Vec::with_capacity(self.body.len() + 512);
        push_head(&self.lane.face, &mut out, answer::object(&self.lane.face));
        out.extend_from_slice(b",\"choices\":[");
        for (place, part) in self.found.choices.iter().enumerate() {
            if place != 0 {
                out.push(b',');
            }
            self.choice(place, part, &mut out);
        }
        out.push(b']');
        let named = |name: &[u8]| name == answer::FINGERPRINT.as_bytes();
        if !self.found.kept.iter().any(|(name, _)| named(name.inside().of(&self.body))) {
            push_member(&mut out, answer::FINGERPRINT);
            push_value(&mut out, &Value::Null);
        }
        push_kept(&mut out, &self.body, &self.found);
        push_receipt(&mut out, receipt);
        out.push(b'}');
        Bytes::from(out)
    }

    fn render_stream(self: Box<Self>, receipt: &Receipt) -> Bytes {
        let mut out = Vec::with_capacity(self.body.len() + 1024);
        let mut encoder = Encoder::new(&self.lane.face);
        let body: Value = serde_json::from_slice(&self.body).unwrap_or_else(|_| json!({}));
        let answer = answer::decode(&body, &self.lane.host);
        for event in answer.into_events() {
            encoder.push(&event, &mut out);
        }
        encoder.close(receipt, &mut out);
        Bytes::from(out)
    }
}
