//! Server-sent events, cut out of bytes that the network cut elsewhere.
//!
//! Lines end with LF, CR or CRLF, and one end may arrive in two pieces. Comments and unknown fields
//! are passed over. A line or an event larger than its bound is an error, so that a stream cannot
//! make the house hold what it never ends.

use domain::failure::{Failure, FailureKind};

/// The largest event that is read where only text is expected.
pub(crate) const EVENT_BYTES_MAX: usize = 1 << 20;
/// The largest event that is read where images or speech are expected.
pub(crate) const MEDIA_EVENT_BYTES_MAX: usize = 32 << 20;

/// What keeps a silent stream of events alive: a comment.
pub(crate) const KEEP_ALIVE: &[u8] = b": INTERLINE PROCESSING\n\n";

/// One event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Frame<'a> {
    /// The last `event:` line, empty where there was none.
    pub(crate) event: &'a [u8],
    /// The `data:` lines, joined by spaces: JSON stands in them, to which one blank is as good as
    /// another, and a line feed would end the line in which an event passes.
    pub(crate) data: &'a [u8],
}

/// Cuts a stream into events.
#[derive(Debug)]
pub(crate) struct Frames {
    bytes_max: usize,
    /// The beginning of a line whose end has not come yet.
    line: Vec<u8>,
    event: Vec<u8>,
    data: Vec<u8>,
    has_data: bool,
    /// The last byte was a CR: an LF that follows belongs to it.
    after_cr: bool,
    /// The first line is over, and with it the place for a byte order mark.
    begun: bool,
}

/// Takes one event.
pub(crate) type Sink<'a> = dyn FnMut(Frame<'_>) -> Result<(), Failure> + 'a;

impl Frames {
    /// Returns a cutter that takes events of up to `bytes_max` bytes.
    pub(crate) fn new(bytes_max: usize) -> Frames {
        Frames {
            bytes_max,
            line: Vec::new(),
            event: Vec::new(),
            data: Vec::new(),
            has_data: false,
            after_cr: false,
            begun: false,
        }
    }

    /// Takes bytes and gives every event that they complete to `sink`.
    ///
    /// # Errors
    /// When a line or an event grows too large, or `sink` fails.
    pub(crate) fn push(&mut self, bytes: &[u8], sink: &mut Sink<'_>) -> Result<(), Failure> {
        let mut rest = bytes;
        if self.after_cr && !rest.is_empty() {
            self.after_cr = false;
            rest = rest.strip_prefix(b"\n").unwrap_or(rest);
        }
        while let Some(end) = memchr::memchr2(b'\n', b'\r', rest) {
            if self.line.is_empty() {
                self.take_line(&rest[..end], sink)?;
            } else {
                self.hold(&rest[..end])?;
                let line = std::mem::take(&mut self.line);
                let outcome = self.take_line(&line, sink);
                // The allocation serves the next line too.
                self.line = line;
                self.line.clear();
                outcome?;
            }
            let after = &rest[end + 1..];
            rest = match rest[end] {
                b'\r' if after.is_empty() => {
                    self.after_cr = true;
                    after
                }
                b'\r' => after.strip_prefix(b"\n").unwrap_or(after),
                _ => after,
            };
        }
        self.hold(rest)
    }

    /// Takes note that the stream has ended, and gives an event that no blank line ended to `sink`.
    ///
    /// # Errors
    /// When `sink` fails.
    pub(crate) fn end(&mut self, sink: &mut Sink<'_>) -> Result<(), Failure> {
        let line = std::mem::take(&mut self.line);
        if !line.is_empty() {
            self.take_line(&line, sink)?;
        }
        self.dispatch(sink)
    }

    fn hold(&mut self, piece: &[u8]) -> Result<(), Failure> {
        if self.bytes_max < self.line.len() + piece.len() {
            return Err(too_large());
        }
        self.line.extend_from_slice(piece);
        Ok(())
    }

    fn take_line(&mut self, line: &[u8], sink: &mut Sink<'_>) -> Result<(), Failure> {
        let line = match std::mem::replace(&mut self.begun, true) {
            true => line,
            false => line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line),
        };
        if line.is_empty() {
            return self.dispatch(sink);
        }
        let (name, value) = match memchr::memchr(b':', line) {
            Some(colon) => (&line[..colon], &line[colon + 1..]),
            None => (line, &line[line.len()..]),
        };
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match name {
            b"data" => {
                if self.bytes_max < self.data.len() + value.len() {
                    return Err(too_large());
                }
                if std::mem::replace(&mut self.has_data, true) {
                    self.data.push(b' ');
                }
                self.data.extend_from_slice(value);
            }
            b"event" => {
                self.event.clear();
                self.event.extend_from_slice(value);
            }
            _ => (),
        }
        Ok(())
    }

    fn dispatch(&mut self, sink: &mut Sink<'_>) -> Result<(), Failure> {
        let outcome = match self.has_data {
            true => sink(Frame { event: &self.event, data: &self.data }),
            false => Ok(()),
        };
        self.event.clear();
        self.data.clear();
        self.has_data = false;
        outcome
    }
}

fn too_large() -> Failure {
    Failure::upstream(FailureKind::ProviderUnavailable, "The provider sent an event without end.")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frames<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<String> {
        let mut seen = Vec::new();
        let mut frames = Frames::new(64);
        let mut sink = |frame: Frame<'_>| {
            let shown = [frame.event, b"|", frame.data].concat();
            seen.push(String::from_utf8(shown).unwrap());
            Ok(())
        };
        for piece in pieces {
            frames.push(piece, &mut sink).unwrap();
        }
        frames.end(&mut sink).unwrap();
        seen
    }

    const STREAM: &[u8] =
        b"\xef\xbb\xbfdata: a\n\n: ping\r\n\r\ndata:b\rdata:  c\r\revent: x\ndata\n\n\
        data: d\r\ndata: e\r\n\r\n\
        nonsense\nid: 4\n\ndata: \xc3\xbc\r\n\r\ndata: last";

    #[test]
    fn lines_end_in_three_ways_and_the_last_event_needs_no_blank_line() {
        assert_eq!(frames([STREAM]), ["|a", "|b  c", "x|", "|d e", "|ü", "|last"]);
    }

    #[test]
    fn cuts_do_not_matter() {
        let whole = frames([STREAM]);
        for cut in 0..=STREAM.len() {
            let (head, tail) = STREAM.split_at(cut);
            assert_eq!(frames([head, tail]), whole, "cut at byte {cut}");
        }
        assert_eq!(frames(STREAM.chunks(1)), whole);
    }

    #[test]
    fn what_never_ends_is_an_error() {
        let mut frames = Frames::new(64);
        let line = frames.push(&[b'x'; 65], &mut |_| Ok(()));
        assert!(line.is_err());
        let mut frames = Frames::new(64);
        let lines = b"data: 0123456789\n".repeat(7);
        assert!(frames.push(&lines, &mut |_| Ok(())).is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(pieces: Vec<Vec<u8>>) {
            let mut frames = Frames::new(64);
            for piece in &pieces {
                if frames.push(piece, &mut |_| Ok(())).is_err() {
                    return Ok(());
                }
            }
            let _ = frames.end(&mut |_| Ok(()));
        }
    }
}
