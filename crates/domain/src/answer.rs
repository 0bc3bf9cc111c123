//! A whole answer, in no provider's format.
//!
//! It is what a stream's events add up to, and what a stream's events are made from where a
//! provider gives the answer in one piece.

use serde_json::{Map, Value};

use crate::event::{Delta, Event, FinishReason};
use crate::usage::Usage;

/// A whole answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// The provider's id of it.
    pub upstream_id: Option<String>,
    /// What was answered: one choice, unless more were asked for. By rising index.
    pub choices: Vec<Choice>,
    /// What it used, where the provider said so.
    pub usage: Option<Usage>,
    /// Fields beside the choices that are passed on.
    pub extra: Map<String, Value>,
}

/// One of the answers to a request.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Choice {
    /// Its place among the choices.
    pub index: u32,
    /// What was said.
    pub text: String,
    /// What was thought.
    pub reasoning: String,
    /// What was thought, in the pieces that a provider wants back unchanged.
    pub reasoning_details: Vec<Value>,
    /// Why nothing was said, in the model's words.
    pub refusal: String,
    /// The tools that are to be called.
    pub tool_calls: Vec<ToolCall>,
    /// The images that were made, as addresses or `data:` addresses.
    pub images: Vec<String>,
    /// What was spoken, as OpenAI writes it.
    pub audio: Option<Value>,
    /// Citations, as OpenAI writes them.
    pub annotations: Vec<Value>,
    /// Probabilities of tokens, as OpenAI writes them.
    pub logprobs: Option<Value>,
    /// Why it ended; `None` where the provider did not say.
    pub finish: Option<FinishReason>,
    /// Why it ended, in the provider's word.
    pub native_finish: Option<String>,
}

/// A tool that is to be called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ToolCall {
    /// Its id, by which the result is told.
    pub id: String,
    /// The name of the function.
    pub name: String,
    /// Its arguments: JSON as text, which the model may have got wrong.
    pub arguments: String,
}

impl Answer {
    /// Adds what an event tells.
    pub fn take(&mut self, event: Event) {
        match event {
            Event::Named { upstream_id } => self.upstream_id = Some(upstream_id),
            Event::Delta { choice, delta } => self.choice(choice).take(delta),
            Event::Finish { choice, reason, native } => {
                let choice = self.choice(choice);
                choice.finish = reason;
                choice.native_finish = native;
            }
            Event::Used(usage) => self.usage = usage,
            Event::Extra { name, value } => {
                self.extra.insert(name, value);
            }
        }
    }

    /// Returns the events that add up to this answer, each choice in one delta of a kind.
    pub fn into_events(self) -> Vec<Event> {
        let Answer { upstream_id, choices, usage, extra } = self;
        let mut events: Vec<Event> =
            upstream_id.map(|upstream_id| Event::Named { upstream_id }).into_iter().collect();
        for choice in choices {
            choice.into_events(&mut events);
        }
        events.extend(extra.into_iter().map(|(name, value)| Event::Extra { name, value }));
        events.extend(usage.map(|usage| Event::Used(Some(usage))));
        events
    }

    /// Returns the choice of that index, which is made where there is none yet.
    fn choice(&mut self, index: u32) -> &mut Choice {
        let place = match self.choices.binary_search_by_key(&index, |choice| choice.index) {
            Ok(place) => place,
            Err(place) => {
                self.choices.insert(place, Choice { index, ..Choice::default() });
                place
            }
        };
        &mut self.choices[place]
    }
}

impl Choice {
    fn take(&mut self, delta: Delta) {
        match delta {
            Delta::Text(text) => self.text.push_str(&text),
            Delta::Reasoning(text) => self.reasoning.push_str(&text),
            Delta::ReasoningDetail(detail) => join_detail(&mut self.reasoning_details, detail),
            Delta::Refusal(text) => self.refusal.push_str(&text),
            Delta::ToolCallStart { index, id, name } => {
                let call = self.tool_call(index);
                call.id = id;
                call.name = name;
            }
            Delta::ToolCallArgs { index, json } => {
                self.tool_call(index).arguments.push_str(&json);
            }
            Delta::Image { url } => self.images.push(url),
            Delta::Audio(audio) => join_audio(&mut self.audio, audio),
            Delta::Annotation(annotation) => self.annotations.push(annotation),
            Delta::Logprobs(logprobs) => join_logprobs(&mut self.logprobs, logprobs),
        }
    }

    fn tool_call(&mut self, index: u32) -> &mut ToolCall {
        // Decoders number calls from zero without gaps; what is beyond is one new call.
        let place = (index as usize).min(self.tool_calls.len());
        if place == self.tool_calls.len() {
            self.tool_calls.push(ToolCall::default());
        }
        &mut self.tool_calls[place]
    }

    fn into_events(self, events: &mut Vec<Event>) {
        let choice = self.index;
        let mut say = |delta| events.push(Event::Delta { choice, delta });
        if !self.reasoning.is_empty() {
            say(Delta::Reasoning(self.reasoning));
        }
        self.reasoning_details.into_iter().for_each(|detail| say(Delta::ReasoningDetail(detail)));
        if !self.text.is_empty() {
            say(Delta::Text(self.text));
        }
        if !self.refusal.is_empty() {
            say(Delta::Refusal(self.refusal));
        }
        for (index, call) in (0..).zip(self.tool_calls) {
            say(Delta::ToolCallStart { index, id: call.id, name: call.name });
            say(Delta::ToolCallArgs { index, json: call.arguments });
        }
        self.images.into_iter().for_each(|url| say(Delta::Image { url }));
        self.audio.into_iter().for_each(|audio| say(Delta::Audio(audio)));
        self.annotations.into_iter().for_each(|it| say(Delta::Annotation(it)));
        self.logprobs.into_iter().for_each(|logprobs| say(Delta::Logprobs(logprobs)));
        events.push(Event::Finish { choice, reason: self.finish, native: self.native_finish });
    }
}

/// Adds a piece of a detail to the one it continues: the last of the same type and index.
fn join_detail(details: &mut Vec<Value>, piece: Value) {
    let same = |detail: &Value| {
        detail["type"] == piece["type"]
            && detail["index"] == piece["index"]
            && piece["index"].is_number()
    };
    let (Some(last), Some(fields)) = (details.last_mut().filter(|it| same(it)), piece.as_object())
    else {
        details.push(piece);
        return;
    };
    for (name, value) in fields {
        let grows = matches!(name.as_str(), "text" | "summary" | "data" | "signature");
        match (&mut last[name], value) {
            (Value::String(held), Value::String(more)) if grows => held.push_str(more),
            (held @ Value::Null, more) => *held = more.clone(),
            _ => (),
        }
    }
}

/// Adds a piece of speech: data and transcript grow, the rest is replaced.
fn join_audio(audio: &mut Option<Value>, piece: Value) {
    let (Some(Value::Object(held)), Value::Object(fields)) = (audio.as_mut(), &piece) else {
        *audio = Some(piece);
        return;
    };
    for (name, value) in fields {
        let grows = matches!(name.as_str(), "data" | "transcript");
        match (held.get_mut(name), value) {
            (Some(Value::String(held)), Value::String(more)) if grows => held.push_str(more),
            _ => {
                held.insert(name.clone(), value.clone());
            }
        }
    }
}

/// Adds the probabilities of further tokens to the lists of those before.
fn join_logprobs(logprobs: &mut Option<Value>, piece: Value) {
    let (Some(Value::Object(held)), Value::Object(fields)) = (logprobs.as_mut(), &piece) else {
        *logprobs = Some(piece);
        return;
    };
    for (name, value) in fields {
        match (held.get_mut(name), value) {
            (Some(Value::Array(held)), Value::Array(more)) => held.extend(more.iter().cloned()),
            _ => {
                held.insert(name.clone(), value.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_answer_is_the_sum_of_its_events() {
        let answer = Answer {
            upstream_id: Some("c1".to_owned()),
            choices: vec![Choice {
                text: "hi".to_owned(),
                reasoning: "hm".to_owned(),
                reasoning_details: vec![json!({"type": "reasoning.text", "text": "hm"})],
                tool_calls: vec![ToolCall {
                    id: "call_1".to_owned(),
                    name: "weather".to_owned(),
                    arguments: "{}".to_owned(),
                }],
                images: vec!["data:image/png;base64,AA".to_owned()],
                finish: Some(FinishReason::ToolCalls),
                native_finish: Some("tool_use".to_owned()),
                ..Choice::default()
            }],
            usage: Some(Usage { input: 3, output: 2, ..Usage::default() }),
            extra: Map::new(),
        };
        let mut sum = Answer::default();
        answer.clone().into_events().into_iter().for_each(|event| sum.take(event));
        assert_eq!(sum, answer);
    }

    #[test]
    fn pieces_of_a_detail_grow_together_and_late_signatures_join() {
        let mut details = Vec::new();
        for piece in [
            json!({"type": "reasoning.text", "text": "a", "index": 0}),
            json!({"type": "reasoning.text", "text": "b", "index": 0}),
            json!({"type": "reasoning.text", "signature": "s", "index": 0}),
            json!({"type": "reasoning.encrypted", "data": "x", "index": 1}),
        ] {
            join_detail(&mut details, piece);
        }
        assert_eq!(details.len(), 2);
        assert_eq!(details[0]["text"], "ab");
        assert_eq!(details[0]["signature"], "s");
    }
}
