//! A stream that passes through: each event found in place, stamped, and its known fields written
//! in the house's words.

use std::sync::Arc;

use domain::event::FinishReason;
use domain::failure::Failure;
use serde_json::{Map, Value};

use super::calls::Calls;
use super::found::{Found, Member, Part, What};
use super::lane::{Lane, observe, push_head, push_kept, reasoning};
use super::tail::{chunk_object, push_close, push_failure};
use super::usage::Tally;
use crate::error;
use crate::exchange::{Observed, Receipt, Step, StreamAnswer};
use crate::json::{Span, push_member, push_string, push_value};
use crate::sse::Frames;

/// A stream on its way to the caller.
pub(super) struct Passing {
    frames: Frames,
    state: State,
}

struct State {
    lane: Arc<Lane>,
    /// What every event begins with, up to the choices.
    head: Vec<u8>,
    found: Found,
    observed: Observed,
    tally: Tally,
    calls: Calls,
    /// The arguments of calls in the event at hand.
    pieces: Vec<(u32, Span)>,
    /// The caller has seen content.
    shown: bool,
    /// Choices that have begun, that have ended, that call tools: a bit each, the last one shared
    /// by all from the 128th on, which is more than may be asked for.
    begun: u128,
    ended: u128,
    calling: u128,
    done: bool,
}

impl Passing {
    pub(super) fn new(lane: Arc<Lane>) -> Passing {
        let mut head = b"data: ".to_vec();
        push_head(&lane.face, &mut head, chunk_object(&lane.face));
        head.extend_from_slice(b",\"choices\":[");
        Passing {
            frames: Frames::new(lane.host.event_bytes_max),
            state: State {
                lane,
                head,
                found: Found::default(),
                observed: Observed::default(),
                tally: Tally::default(),
                calls: Calls::default(),
                pieces: Vec::new(),
                shown: false,
                begun: 0,
                ended: 0,
                calling: 0,
                done: false,
            },
        }
    }
}

impl StreamAnswer for Passing {
    fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<Step, Failure> {
        let Passing { frames, state } = self;
        if state.done {
            return Ok(Step::Done);
        }
        let mut step = Step::Quiet;
        frames.push(bytes, &mut |frame| {
            step = step.max(state.frame(frame.data, out)?);
            Ok(())
        })?;
        Ok(step)
    }

    fn end(&mut self, out: &mut Vec<u8>) -> Result<(), Failure> {
        let Passing { frames, state } = self;
        if !state.done {
            frames.end(&mut |frame| state.frame(frame.data, out).map(|_| ()))?;
        }
        let is_complete = state.ended != 0 && state.begun & !state.ended == 0;
        if !state.done && !is_complete {
            return Err(error::nonsense("broke off"));
        }
        state.settle();
        Ok(())
    }

    fn observed(&self) -> &Observed {
        &self.state.observed
    }

    fn close(&mut self, receipt: &Receipt, out: &mut Vec<u8>) {
        push_close(&self.state.lane.face, &Map::new(), receipt, out);
    }

    fn fail(&mut self, failure: &Failure, out: &mut Vec<u8>) {
        push_failure(&self.state.lane.face, failure, out);
    }

    fn cut(&mut self, out: &mut Vec<u8>) -> bool {
        self.state.cut(out);
        true
    }
}

impl State {
    fn frame(&mut self, data: &[u8], out: &mut Vec<u8>) -> Result<Step, Failure> {
        let data = data.trim_ascii();
        if self.done {
            return Ok(Step::Done);
        }
        match data {
            [] => return Ok(Step::Quiet),
            b"[DONE]" => return self.finish(),
            _ => (),
        }
        let mut found = std::mem::take(&mut self.found);
        let outcome = found
            .fill(data, b"delta", self.lane.host.extra_fields())
            .map_err(|_| error::nonsense("holds an event that cannot be read"))
            .and_then(|()| self.chunk(data, &found, out));
        self.found = found;
        outcome
    }

    fn finish(&mut self) -> Result<Step, Failure> {
        if !self.shown && self.ended == 0 {
            return Err(error::nonsense("is empty"));
        }
        self.done = true;
        self.settle();
        Ok(Step::Done)
    }

    /// Ends every choice that is open for its length.
    fn cut(&mut self, out: &mut Vec<u8>) {
        let open = self.begun & !self.ended;
        for index in (0..128).filter(|index| open & bit(*index) != 0) {
            let said =
                if self.lane.face.is_legacy { r#""text":"""# } else { r#""delta":{"content":""}"# };
            out.extend_from_slice(&self.head);
            let choice = format!(
                "{{\"index\":{index},{said},\"finish_reason\":\"length\",\
                 \"native_finish_reason\":null,\"logprobs\":null}}]}}\n\n"
            );
            out.extend_from_slice(choice.as_bytes());
        }
        self.ended |= open;
        self.observed.finish = Some(FinishReason::Length);
    }

    /// Forgets a count that leaves out what was seen.
    fn settle(&mut self) {
        let silent = self.observed.usage.is_some_and(|usage| usage.output == 0);
        if silent && self.observed.content_bytes != 0 {
            self.observed.usage = None;
        }
    }

    fn chunk(&mut self, text: &[u8], found: &Found, out: &mut Vec<u8>) -> Result<Step, Failure> {
        self.refuse(text, found)?;
        if self.observed.upstream_id.is_none() {
            self.observed.upstream_id = found
                .id
                .and_then(|id| parsed(text, id))
                .and_then(|id| id.as_str().filter(|id| !id.is_empty()).map(str::to_owned));
        }
        if let Some(usage) = found.usage.and_then(|usage| parsed(text, usage)) {
            self.observed.usage = self.tally.take(&usage, &self.lane.host.quirks);
        }
        // What comes after a choice's end belongs to nothing.
        let ended = self.ended;
        let live = || found.choices.iter().filter(|part| ended & bit(part.index) == 0);
        for member in live().flat_map(|part| found.members(part)) {
            observe(&mut self.observed, member, text);
        }
        if !live().any(|part| self.says_something(part, found)) {
            return Ok(Step::Quiet);
        }
        if !self.shown && self.fails(text, found) {
            return Err(error::nonsense("ended with an error"));
        }
        self.shown = true;
        out.extend_from_slice(&self.head);
        for (place, part) in live().enumerate() {
            if place != 0 {
                out.push(b',');
            }
            self.choice(text, found, part, out);
        }
        out.push(b']');
        push_kept(out, text, found);
        out.extend_from_slice(b"}\n\n");
        Ok(Step::Content)
    }

    /// Checks that an event is no error.
    fn refuse(&self, text: &[u8], found: &Found) -> Result<(), Failure> {
        if let Some(error) = found.error.and_then(|error| parsed(text, error)) {
            return match error {
                Value::Bool(false) => Ok(()),
                other => Err(error::inside(&other)),
            };
        }
        if found.looks_failed && !found.has_choices && found.usage.is_none() {
            let whole = serde_json::from_slice(text).unwrap_or_default();
            return Err(error::inside(&whole));
        }
        Ok(())
    }

    fn says_something(&self, part: &Part, found: &Found) -> bool {
        part.finish.is_some()
            || part.logprobs.is_some()
            || found.members(part).iter().any(|member| {
                let hidden = matches!(member.what, What::Reasoning | What::ReasoningDetails)
                    && self.lane.face.hides_thinking;
                !member.is_empty && member.what != What::Role && !hidden
            })
    }

    /// Returns whether an event holds nothing but the news that the provider failed.
    fn fails(&self, text: &[u8], found: &Found) -> bool {
        found.choices.iter().all(|part| {
            let silent = Part { finish: None, logprobs: None, ..*part };
            part.finish.is_some_and(|finish| {
                self.lane.finish(finish.of(text), false).0 == FinishReason::Error
            }) && !self.says_something(&silent, found)
        })
    }

    fn choice(&mut self, text: &[u8], found: &Found, part: &Part, out: &mut Vec<u8>) {
        let members = found.members(part);
        out.extend_from_slice(b"{\"index\":");
        push_value(out, &part.index);
        if self.lane.face.is_legacy {
            self.text(text, members, out);
        } else {
            out.extend_from_slice(b",\"delta\":{");
            self.delta(text, members, part.index, out);
            out.push(b'}');
        }
        match part.finish {
            Some(finish) => self.ending(finish.of(text), part.index, out),
            None => out.extend_from_slice(b",\"finish_reason\":null,\"native_finish_reason\":null"),
        }
        out.extend_from_slice(b",\"logprobs\":");
        out.extend_from_slice(part.logprobs.map_or(b"null", |logprobs| logprobs.of(text)));
        out.push(b'}');
    }

    fn ending(&mut self, quoted: &[u8], index: u32, out: &mut Vec<u8>) {
        let calls_tools = self.calling & bit(index) != 0;
        let (finish, native) = self.lane.finish(quoted, calls_tools);
        out.extend_from_slice(b",\"finish_reason\":");
        push_string(out, finish.word());
        out.extend_from_slice(b",\"native_finish_reason\":");
        out.extend_from_slice(quoted);
        self.ended |= bit(index);
        self.observed.finish = Some(finish);
        self.observed.native_finish = Some(native);
    }

    /// Writes a delta in the legacy form.
    fn text(&mut self, text: &[u8], members: &[Member], out: &mut Vec<u8>) {
        out.extend_from_slice(b",\"text\":");
        let content = members.iter().find(|it| it.what == What::Content && it.is_text(text));
        out.extend_from_slice(content.map_or(b"\"\"", |content| content.value.of(text)));
        if let Some(thought) = reasoning(members).filter(|_| !self.lane.face.hides_thinking) {
            self.lane.push_reasoning(out, thought.value.of(text), true);
        }
    }

    fn delta(&mut self, text: &[u8], members: &[Member], index: u32, out: &mut Vec<u8>) {
        if self.begun & bit(index) == 0 {
            self.begun |= bit(index);
            out.extend_from_slice(b"\"role\":\"assistant\"");
        }
        let hides = self.lane.face.hides_thinking;
        let thought = reasoning(members);
        let has_details =
            members.iter().any(|it| it.what == What::ReasoningDetails && !it.is_empty);
        for member in members {
            match member.what {
                What::Role => (),
                What::Reasoning => {
                    if !hides && thought.is_some_and(|it| it.value == member.value) {
                        self.lane.push_reasoning(out, member.value.of(text), has_details);
                    }
                }
                What::ReasoningDetails if hides => (),
                What::ToolCalls => self.tool_calls(member.value.of(text), index, out),
                What::Content => self.lane.push_content(out, member.value.of(text)),
                What::ReasoningDetails | What::Images | What::Other => {
                    if out.last() != Some(&b'{') {
                        out.push(b',');
                    }
                    out.extend_from_slice(member.name.of(text));
                    out.push(b':');
                    out.extend_from_slice(member.value.of(text));
                }
            }
        }
    }

    fn tool_calls(&mut self, list: &[u8], index: u32, out: &mut Vec<u8>) {
        if let Some(bytes) = self.calls.passes(index, list, &mut self.pieces) {
            self.observed.content_bytes += bytes;
            for (call, arguments) in &self.pieces {
                self.observed.said.hear_json(arguments.of(list));
                self.observed.called.grow_json(index, *call, arguments.of(list));
            }
            push_member(out, "tool_calls");
            out.extend_from_slice(list);
            return;
        }
        let items: Vec<Value> = serde_json::from_slice(list).unwrap_or_default();
        let seed = self.observed.upstream_id.clone().unwrap_or_default();
        let mut fragments = Vec::with_capacity(items.len());
        for item in &items {
            let Some(fragment) = self.calls.take(index, item, &seed) else { continue };
            self.observed.content_bytes += fragment.bytes();
            if let Some((_, name)) = &fragment.start {
                self.observed.called.begin(index, fragment.index, name);
            }
            self.observed.called.grow(index, fragment.index, &fragment.args);
            self.calling |= bit(index);
            fragments.push(fragment.shown());
        }
        if !fragments.is_empty() {
            push_member(out, "tool_calls");
            push_value(out, &fragments);
        }
    }
}

const fn bit(index: u32) -> u128 {
    1 << if index < 127 { index } else { 127 }
}

fn parsed(text: &[u8], span: Span) -> Option<Value> {
    serde_json::from_slice(span.of(text)).ok()
}
