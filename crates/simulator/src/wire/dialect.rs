//! What a dialect is to the simulator: verbs between bytes and answers.
use crate::answer::Answer;
use crate::ask::{Ask, Refusal};
use crate::event::Event;
use crate::request::Request;
use crate::script::Script;

/// A dialect, from a provider's side: it reads requests and writes answers.
pub(crate) trait Wire: Sync {
    /// Reads a request's body.
    fn read(&self, body: &[u8]) -> Result<Ask, Refusal>;
    /// Reads a request whose address says something, too.
    fn read_at(&self, path: &str, body: &[u8]) -> Result<Ask, Refusal> {
        let _ = path;
        self.read(body)
    }
    /// Whether a request shows the credential that is wanted, in the dialect's way.
    fn admits(&self, wanted: &str, request: &Request) -> bool {
        bearer(request) == Some(wanted)
    }
    /// The content type of a stream.
    fn stream_type(&self) -> &'static str {
        "text/event-stream; charset=utf-8"
    }
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

/// Returns the bearer that a request shows.
pub(super) fn bearer(request: &Request) -> Option<&str> {
    request.header("authorization").and_then(|value| value.strip_prefix("Bearer "))
}
