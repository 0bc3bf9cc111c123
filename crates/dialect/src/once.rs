//! An attempt whose answer comes in one piece.

use bytes::Bytes;
use domain::failure::Failure;
use domain::usage::Usage;

use crate::error;
use crate::exchange::{
    Collector, Exchange, FinishReason, Observed, Receipt, Step, StreamAnswer, WholeAnswer, Wire,
};

/// An attempt whose answer comes in one piece.
pub(crate) struct Once {
    wire: Wire,
    read: Read,
}

/// How an answer is read.
type Read = Box<dyn Fn(&Bytes) -> Result<Whole, Failure> + Send + Sync>;

/// How an answer is written; for a caller who wants a stream where the flag says so.
type Write = Box<dyn FnOnce(&Receipt, bool) -> Vec<u8> + Send>;

/// A whole answer that was understood.
pub(crate) struct Whole {
    observed: Observed,
    write: Write,
}

impl Once {
    /// Joins what is sent and how the answer is read.
    pub(crate) fn exchange(
        wire: Wire,
        read: impl Fn(&Bytes) -> Result<Whole, Failure> + Send + Sync + 'static,
    ) -> Box<dyn Exchange> {
        Box::new(Once { wire, read: Box::new(read) })
    }
}

impl Whole {
    /// Joins what an answer used and how it is written.
    pub(crate) fn new(
        usage: Usage,
        upstream_id: Option<String>,
        write: impl FnOnce(&Receipt, bool) -> Vec<u8> + Send + 'static,
    ) -> Whole {
        let observed = Observed {
            usage: Some(usage.bounded()),
            finish: Some(FinishReason::Stop),
            upstream_id,
            images: usage.images,
            ..Observed::default()
        };
        Whole { observed, write: Box::new(write) }
    }
}

impl Exchange for Once {
    fn wire(&self) -> &Wire {
        &self.wire
    }

    fn decode_error(&self, status: u16, body: &[u8]) -> Failure {
        error::decode(status, body)
    }

    fn whole(&self, body: Bytes) -> Result<Box<dyn WholeAnswer>, Failure> {
        Ok(Box::new((self.read)(&body)?))
    }

    fn stream(&self) -> Box<dyn StreamAnswer> {
        Box::new(Unasked(Observed::default()))
    }

    fn collect(&self) -> Box<dyn Collector> {
        Box::new(Unasked(Observed::default()))
    }
}

impl WholeAnswer for Whole {
    fn observed(&self) -> &Observed {
        &self.observed
    }

    fn render(self: Box<Self>, receipt: &Receipt) -> Bytes {
        Bytes::from((self.write)(receipt, false))
    }

    fn render_stream(self: Box<Self>, receipt: &Receipt) -> Bytes {
        Bytes::from((self.write)(receipt, true))
    }
}

/// A stream that nobody asked for.
struct Unasked(Observed);

fn unasked() -> Failure {
    error::nonsense("came as a stream, which was not asked for")
}

impl StreamAnswer for Unasked {
    fn push(&mut self, _: &[u8], _: &mut Vec<u8>) -> Result<Step, Failure> {
        Err(unasked())
    }

    fn end(&mut self, _: &mut Vec<u8>) -> Result<(), Failure> {
        Err(unasked())
    }

    fn observed(&self) -> &Observed {
        &self.0
    }

    fn close(&mut self, _: &Receipt, _: &mut Vec<u8>) {}

    fn fail(&mut self, _: &Failure, _: &mut Vec<u8>) {}
}

impl Collector for Unasked {
    fn push(&mut self, _: &[u8]) -> Result<Step, Failure> {
        Err(unasked())
    }

    fn observed(&self) -> &Observed {
        &self.0
    }

    fn finish(self: Box<Self>) -> Result<Box<dyn WholeAnswer>, Failure> {
        Err(unasked())
    }
}
