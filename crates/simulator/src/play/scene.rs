//! What a play is made of.
use crate::answer::Answer;
use crate::ask::Ask;
use crate::response::{Body, Head};
use crate::script::Script;
use crate::wire::Wire;

/// One answer and its circumstances.
pub(crate) struct Scene<'a> {
    pub(crate) wire: &'static dyn Wire,
    pub(crate) ask: &'a Ask,
    pub(crate) answer: Answer,
    pub(crate) script: &'a Script,
    pub(crate) keep_alive: bool,
    /// The caller takes a body in chunks.
    pub(crate) takes_chunks: bool,
}

pub(super) const JSON: &str = "application/json";

impl Scene<'_> {
    /// The head of a 200 with the content type of what was asked for.
    pub(super) fn head(&self, body: Body) -> Head<'_> {
        Head {
            status: 200,
            content_type: if self.ask.stream { self.wire.stream_type() } else { JSON },
            body,
            keep_alive: self.keep_alive && body != Body::UntilClose,
            headers: &self.script.headers,
        }
    }

    pub(super) fn written_head(&self, body: Body) -> Vec<u8> {
        let mut out = Vec::with_capacity(256);
        self.head(body).write(&mut out);
        out
    }

    /// How a body of unknown length is framed for this caller.
    pub(super) fn open_framing(&self) -> Body {
        if self.takes_chunks { Body::Chunked } else { Body::UntilClose }
    }

    pub(super) fn whole(&self) -> Vec<u8> {
        self.wire.whole(&self.answer, self.script)
    }
}
