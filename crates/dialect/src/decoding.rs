//! Streams whose events are JSON: cut, read and given to whoever knows what they mean.

use domain::event::Event;
use domain::failure::Failure;
use serde_json::Value;

use crate::dialect::StreamDecoder;
use crate::error;
use crate::json::Cursor;
use crate::sse::{Frame, Frames};

/// What one stream's events mean.
pub(crate) trait Reading: Send + Sync {
    /// Takes an event: its name, empty where the framing has none, and what it says.
    ///
    /// # Errors
    /// When the stream turns out to be broken or to carry an error.
    fn take(&mut self, name: &[u8], value: &Value, events: &mut Vec<Event>) -> Result<(), Failure>;

    /// Takes note that nothing will follow. Returns whether the answer is complete.
    fn end(&mut self, events: &mut Vec<Event>) -> bool;

    /// Returns whether the prescribed end has come.
    fn is_done(&self) -> bool;
}

/// Reads server-sent events.
pub(crate) struct EventReader<R> {
    frames: Frames,
    reading: R,
}

impl<R: Reading> EventReader<R> {
    /// Reads events of up to `bytes_max` bytes.
    pub(crate) fn new(bytes_max: usize, reading: R) -> EventReader<R> {
        EventReader { frames: Frames::new(bytes_max), reading }
    }
}

fn take<R: Reading>(
    reading: &mut R,
    frame: Frame<'_>,
    events: &mut Vec<Event>,
) -> Result<(), Failure> {
    let data = frame.data.trim_ascii();
    if reading.is_done() || data.is_empty() || data == b"[DONE]" {
        return Ok(());
    }
    let value = parse(data)?;
    reading.take(frame.event, &value, events)
}

impl<R: Reading> StreamDecoder for EventReader<R> {
    fn push(&mut self, bytes: &[u8], events: &mut Vec<Event>) -> Result<bool, Failure> {
        let EventReader { frames, reading } = self;
        if !reading.is_done() {
            frames.push(bytes, &mut |frame| take(reading, frame, events))?;
        }
        Ok(reading.is_done())
    }

    fn end(&mut self, events: &mut Vec<Event>) -> Result<(), Failure> {
        let EventReader { frames, reading } = self;
        if !reading.is_done() {
            frames.end(&mut |frame| take(reading, frame, events))?;
        }
        whole(reading, events)
    }
}

/// Reads one JSON object a line.
pub(crate) struct LineReader<R> {
    bytes_max: usize,
    line: Vec<u8>,
    reading: R,
}

impl<R: Reading> LineReader<R> {
    /// Reads lines of up to `bytes_max` bytes.
    pub(crate) fn new(bytes_max: usize, reading: R) -> LineReader<R> {
        LineReader { bytes_max, line: Vec::new(), reading }
    }

    fn line(&mut self, events: &mut Vec<Event>) -> Result<(), Failure> {
        let line = std::mem::take(&mut self.line);
        let data = line.trim_ascii();
        if data.is_empty() || self.reading.is_done() {
            return Ok(());
        }
        self.reading.take(b"", &parse(data)?, events)
    }
}

impl<R: Reading> StreamDecoder for LineReader<R> {
    fn push(&mut self, bytes: &[u8], events: &mut Vec<Event>) -> Result<bool, Failure> {
        let mut rest = bytes;
        while let Some(end) = memchr::memchr(b'\n', rest) {
            self.hold(&rest[..end])?;
            self.line(events)?;
            rest = &rest[end + 1..];
        }
        self.hold(rest)?;
        Ok(self.reading.is_done())
    }

    fn end(&mut self, events: &mut Vec<Event>) -> Result<(), Failure> {
        self.line(events)?;
        whole(&mut self.reading, events)
    }
}

impl<R> LineReader<R> {
    fn hold(&mut self, piece: &[u8]) -> Result<(), Failure> {
        if self.bytes_max < self.line.len() + piece.len() {
            return Err(error::nonsense("holds a line without end"));
        }
        self.line.extend_from_slice(piece);
        Ok(())
    }
}

/// Reads JSON of a provider.
///
/// # Errors
/// When it is none.
pub(crate) fn parse(data: &[u8]) -> Result<Value, Failure> {
    serde_json::from_slice(data).map_err(|_| error::nonsense("holds an event that cannot be read"))
}

/// Checks that what gets the house's identity can have one: it is an object, or missing.
///
/// # Errors
/// When it is neither.
pub(crate) fn signable(value: &Value) -> Result<(), Failure> {
    match value {
        Value::Object(_) | Value::Null => Ok(()),
        _ => Err(error::nonsense("holds an event that makes no sense")),
    }
}

/// Checks that what passes unread is JSON.
///
/// # Errors
/// When it is none.
pub(crate) fn check(data: &[u8]) -> Result<(), Failure> {
    let read = Cursor::new(data).and_then(|mut cursor| {
        cursor.skip()?;
        cursor.end()
    });
    read.map_err(|_| error::nonsense("holds an event that cannot be read"))
}

/// Returns whether an event's name is a plain word, and the one that its data has as their type:
/// what passes unread is told by its name.
pub(crate) fn is_named(name: &[u8], data: &[u8]) -> bool {
    is_word(name) && memchr::memmem::find(data, name).is_some()
}

/// Returns whether a name may stand in the line of an event.
pub(crate) fn is_word(name: &[u8]) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"_.-".contains(byte);
    !name.is_empty() && name.iter().all(plain)
}

/// Ends a stream of which nothing more comes.
///
/// # Errors
/// When its answer is not complete.
pub(crate) fn whole<R: Reading>(reading: &mut R, events: &mut Vec<Event>) -> Result<(), Failure> {
    if reading.is_done() || reading.end(events) {
        Ok(())
    } else {
        Err(error::nonsense("broke off"))
    }
}
