//! The dialects in which simulated providers speak, one file each.
mod openai;
mod openai_chat;
mod openai_completions;

use crate::answer::Answer;
use crate::ask::{Ask, Refusal};
use crate::event::Event;
use crate::script::Script;

/// A dialect, from a provider's side: it reads requests and writes answers.
pub(crate) trait Wire: Sync {
    /// Reads a request's body.
    fn read(&self, body: &[u8]) -> Result<Ask, Refusal>;
    /// Writes a whole answer's body.
    fn whole(&self, answer: &Answer, script: &Script) -> Vec<u8>;
    /// Begins to write an answer as a stream.
    fn stream(&self, ask: &Ask, answer: &Answer, script: &Script) -> Box<dyn StreamWriter>;
    /// Writes an error's body.
    fn error(&self, refusal: &Refusal) -> Vec<u8>;
    /// Writes an error as an event of a stream, framed.
    fn error_event(&self, refusal: &Refusal) -> Vec<u8>;
}

/// Writes the steps of one answer.
pub(crate) trait StreamWriter: Send {
    /// Appends `event` to `out` as it goes over the wire, framed; some leave no trace.
    fn write(&mut self, event: &Event, out: &mut Vec<u8>);
}

/// What stands behind a path of a provider.
#[derive(Clone, Copy)]
pub(crate) enum Route {
    Generate(&'static dyn Wire),
    Models,
}

/// The paths below a provider's name, each with the one method it takes.
const ROUTES: [(&str, &str, Route); 3] = [
    ("POST", "/v1/chat/completions", Route::Generate(&openai_chat::OpenAiChat)),
    ("POST", "/v1/completions", Route::Generate(&openai_completions::OpenAiCompletions)),
    ("GET", "/v1/models", Route::Models),
];

/// Finds what stands behind `path`, whose query is already off.
///
/// # Errors
/// 404 for an unknown path, 405 for a known one with another method.
pub(crate) fn route(method: &str, path: &str) -> Result<Route, Refusal> {
    let Some((wants, _, route)) = ROUTES.iter().find(|(_, known, _)| *known == path) else {
        let code = Some("unknown_url".into());
        return Err(Refusal {
            code,
            ..Refusal::new(404, format!("Invalid URL ({method} {path})"))
        });
    };
    if method != *wants {
        return Err(Refusal::new(405, format!("Not allowed to {method} on {path}: use {wants}")));
    }
    Ok(*route)
}

/// The dialect for words to callers who asked for nothing we know.
pub(crate) fn default_wire() -> &'static dyn Wire {
    &openai_chat::OpenAiChat
}
