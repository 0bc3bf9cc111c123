//! Answers to a schema from endpoints that know tools and no schemas: the schema becomes a tool
//! that has to be called, and the call becomes the text.

use domain::answer::Answer;
use domain::catalog::Endpoint;
use domain::chat::{ChatRequest, Format, Tool, ToolChoice};
use domain::event::{Delta, Event, FinishReason};
use domain::failure::{Failure, FailureKind, Fault, Retry};

use crate::dialect::StreamDecoder;

/// The tool whose arguments are the answer.
const NAME: &str = "answer_in_this_form";

/// Returns whether a request wants an answer to a schema of an endpoint that knows none.
pub(crate) fn has_to(chat: &ChatRequest, endpoint: &Endpoint) -> bool {
    let wants = matches!(chat.output.format, Some(Format::JsonSchema { .. }));
    wants && !endpoint.structured_output
}

/// Returns the request with its schema as a tool that has to be called.
///
/// # Errors
/// When it offers tools itself, or the endpoint calls none: another endpoint may know schemas.
pub(crate) fn as_tool(chat: &ChatRequest, calls_tools: bool) -> Result<ChatRequest, Failure> {
    let Some(Format::JsonSchema { schema, description, .. }) = &chat.output.format else {
        return Ok(chat.clone());
    };
    if !calls_tools || !chat.tools.is_empty() {
        let detail = "The endpoint keeps to no JSON schema.";
        let kind = FailureKind::InvalidRequest;
        let failure = Failure::new(kind, Fault::Caller, Retry::NextEndpoint, detail);
        return Err(failure.at("response_format"));
    }
    let told = description.clone();
    let tool = Tool {
        name: NAME.to_owned(),
        description: Some(told.unwrap_or_else(|| "Gives the answer, in its form.".to_owned())),
        parameters: Some(schema.clone()),
        strict: None,
        cache: None,
    };
    let mut chat = chat.clone();
    chat.output.format = None;
    chat.tools = vec![tool];
    chat.tool_choice = Some(ToolChoice::Function(NAME.to_owned()));
    // A tool cannot be forced on a model that thinks first.
    if chat.reasoning.take().is_some() {
        chat.dropped.push("reasoning".to_owned());
    }
    Ok(chat)
}

/// Turns the call of a whole answer into its text.
pub(crate) fn as_text(answer: &mut Answer) {
    for choice in &mut answer.choices {
        if let Some(place) = choice.tool_calls.iter().position(|call| call.name == NAME) {
            choice.text = choice.tool_calls.remove(place).arguments;
            if choice.finish == Some(FinishReason::ToolCalls) {
                choice.finish = Some(FinishReason::Stop);
            }
        }
    }
}

/// Turns the call of a stream into its text.
pub(crate) struct Unwrapping {
    inner: Box<dyn StreamDecoder>,
    /// The number of the call whose arguments are the text.
    call: Option<u32>,
}

impl Unwrapping {
    /// Turns what `inner` reads.
    pub(crate) fn new(inner: Box<dyn StreamDecoder>) -> Unwrapping {
        Unwrapping { inner, call: None }
    }

    fn turn(&mut self, events: &mut Vec<Event>, from: usize) {
        let read = events.split_off(from);
        events.extend(read.into_iter().filter_map(|event| self.turned(event)));
    }

    fn turned(&mut self, event: Event) -> Option<Event> {
        match event {
            Event::Delta { delta: Delta::ToolCallStart { index, name, .. }, .. }
                if name == NAME && self.call.is_none() =>
            {
                self.call = Some(index);
                None
            }
            Event::Delta { choice, delta: Delta::ToolCallArgs { index, json } }
                if Some(index) == self.call =>
            {
                Some(Event::Delta { choice, delta: Delta::Text(json) })
            }
            // What a model says before it answers in the form is none of the answer.
            Event::Delta { delta: Delta::Text(_), .. } => None,
            Event::Finish { choice, reason: Some(FinishReason::ToolCalls), native } => {
                Some(Event::Finish { choice, reason: Some(FinishReason::Stop), native })
            }
            other => Some(other),
        }
    }
}

impl StreamDecoder for Unwrapping {
    fn push(&mut self, bytes: &[u8], events: &mut Vec<Event>) -> Result<bool, Failure> {
        let from = events.len();
        let outcome = self.inner.push(bytes, events);
        self.turn(events, from);
        outcome
    }

    fn end(&mut self, events: &mut Vec<Event>) -> Result<(), Failure> {
        let from = events.len();
        let outcome = self.inner.end(events);
        self.turn(events, from);
        outcome
    }
}
