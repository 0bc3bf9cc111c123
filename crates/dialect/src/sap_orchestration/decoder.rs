//! A stream of envelopes, each opened and given to whoever reads what is in it.

use domain::event::Event;
use domain::failure::Failure;
use serde_json::Value;

use crate::decoding::parse;
use crate::dialect::StreamDecoder;
use crate::error;
use crate::sse::{Frame, Frames};

/// Opens envelopes.
pub(super) struct Opening {
    frames: Frames,
    inner: Box<dyn StreamDecoder>,
    done: bool,
}

impl Opening {
    /// Gives what is in envelopes of up to `bytes_max` bytes to `inner`.
    pub(super) fn new(bytes_max: usize, inner: Box<dyn StreamDecoder>) -> Opening {
        Opening { frames: Frames::new(bytes_max), inner, done: false }
    }
}

fn open(
    frame: Frame<'_>,
    inner: &mut dyn StreamDecoder,
    events: &mut Vec<Event>,
) -> Result<bool, Failure> {
    let data = frame.data.trim_ascii();
    if data.is_empty() {
        return Ok(false);
    }
    if data == b"[DONE]" {
        return inner.push(b"data: [DONE]\n\n", events);
    }
    let envelope = parse(data)?;
    match envelope.get("final_result") {
        Some(chunk @ Value::Object(_)) => {
            inner.push(format!("data: {chunk}\n\n").as_bytes(), events)
        }
        _ if error::is_one(&envelope) => Err(error::inside(&envelope)),
        // What came of the steps before the model.
        _ => Ok(false),
    }
}

impl StreamDecoder for Opening {
    fn push(&mut self, bytes: &[u8], events: &mut Vec<Event>) -> Result<bool, Failure> {
        let Opening { frames, inner, done } = self;
        if !*done {
            frames.push(bytes, &mut |frame| {
                *done |= open(frame, inner.as_mut(), events)?;
                Ok(())
            })?;
        }
        Ok(*done)
    }

    fn end(&mut self, events: &mut Vec<Event>) -> Result<(), Failure> {
        let Opening { frames, inner, done } = self;
        if !*done {
            frames.end(&mut |frame| open(frame, inner.as_mut(), events).map(|_| ()))?;
        }
        inner.end(events)
    }
}
