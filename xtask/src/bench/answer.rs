//! Reading one HTTP/1.1 answer, byte by byte as it comes, and counting what streams in it.

/// One answer, and how far it has been read.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    /// 0 until the head has been read.
    pub(crate) status: u16,
    /// The body, where it is no stream of events: those are counted and not kept.
    pub(crate) body: Vec<u8>,
    /// Events of a stream, `[DONE]` apart.
    pub(crate) events: u64,
    /// Whether `[DONE]` has come, and nothing after it.
    pub(crate) is_done: bool,
    /// Whether the body is a stream of events.
    pub(crate) is_stream: bool,
    stage: Stage,
    /// The line under way: of the head, of a chunk's size, of the trailer.
    line: Vec<u8>,
    length: Option<usize>,
    is_chunked: bool,
    /// The beginning of the event line under way.
    event: Vec<u8>,
}

/// What comes next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Status,
    Header,
    /// So many bytes of a body whose length was told.
    Sized(usize),
    ChunkSize,
    /// So many bytes of a chunk.
    Chunk(usize),
    ChunkEnd,
    Trailer,
    Whole,
}

const LINE_BYTES_MAX: usize = 64 << 10;
const EVENT: &[u8] = b"data: ";
const DONE: &[u8] = b"data: [DONE]";

impl Answer {
    /// Takes in the next bytes. Returns whether the answer is whole.
    ///
    /// # Errors
    ///
    /// A sentence, when this is no HTTP, or more than one answer.
    pub(crate) fn feed(&mut self, mut bytes: &[u8]) -> Result<bool, String> {
        while !bytes.is_empty() {
            bytes = match self.stage {
                Stage::Whole => return Err("there are bytes behind the answer".to_owned()),
                Stage::Sized(left) => {
                    let (now, rest) = bytes.split_at(left.min(bytes.len()));
                    self.take(now);
                    let left = left - now.len();
                    self.stage = if left == 0 { Stage::Whole } else { Stage::Sized(left) };
                    rest
                }
                Stage::Chunk(left) => {
                    let (now, rest) = bytes.split_at(left.min(bytes.len()));
                    self.take(now);
                    let left = left - now.len();
                    self.stage = if left == 0 { Stage::ChunkEnd } else { Stage::Chunk(left) };
                    rest
                }
                _ => self.feed_line(bytes)?,
            };
        }
        Ok(self.stage == Stage::Whole)
    }

    /// Whether any of it has come.
    pub(crate) fn has_begun(&self) -> bool {
        self.stage != Stage::Status || !self.line.is_empty()
    }

    fn feed_line<'a>(&mut self, bytes: &'a [u8]) -> Result<&'a [u8], String> {
        let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else {
            self.line.extend(bytes);
            let fits = self.line.len() <= LINE_BYTES_MAX;
            return if fits { Ok(&[]) } else { Err("a line does not end".to_owned()) };
        };
        self.line.extend(&bytes[..end]);
        let line = String::from_utf8_lossy(self.line.trim_ascii_end()).into_owned();
        self.line.clear();
        self.stage = self.after(&line)?;
        Ok(&bytes[end + 1..])
    }

    fn after(&mut self, line: &str) -> Result<Stage, String> {
        match self.stage {
            Stage::Status => {
                let status = line.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3));
                let status = status.and_then(|status| status.parse().ok());
                self.status = status.ok_or_else(|| format!("this is no HTTP/1.1: {line}"))?;
                Ok(Stage::Header)
            }
            Stage::Header if line.is_empty() => match self.length {
                _ if self.is_chunked => Ok(Stage::ChunkSize),
                Some(0) => Ok(Stage::Whole),
                Some(length) => Ok(Stage::Sized(length)),
                None => Err("the answer has no length".to_owned()),
            },
            Stage::Header => {
                self.note(line)?;
                Ok(Stage::Header)
            }
            Stage::ChunkSize => {
                let digits = line.split(';').next().unwrap_or_default().trim();
                let size = usize::from_str_radix(digits, 16);
                match size.map_err(|_| format!("this is no chunk's size: {line}"))? {
                    0 => Ok(Stage::Trailer),
                    size => Ok(Stage::Chunk(size)),
                }
            }
            Stage::ChunkEnd if line.is_empty() => Ok(Stage::ChunkSize),
            Stage::Trailer if line.is_empty() => Ok(Stage::Whole),
            Stage::Trailer => Ok(Stage::Trailer),
            _ => Err(format!("this is no chunk's end: {line}")),
        }
    }

    fn note(&mut self, header: &str) -> Result<(), String> {
        let (name, value) = header.split_once(':').unwrap_or((header, ""));
        let value = value.trim();
        if name.eq_ignore_ascii_case("content-length") {
            let length = value.parse().map_err(|_| format!("this is no length: {value}"))?;
            self.length = Some(length);
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            self.is_chunked = value.eq_ignore_ascii_case("chunked");
        } else if name.eq_ignore_ascii_case("content-type") {
            self.is_stream = value.starts_with("text/event-stream");
        }
        Ok(())
    }

    fn take(&mut self, bytes: &[u8]) {
        if !self.is_stream {
            self.body.extend(bytes);
            return;
        }
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            // No more of an event is kept than tells what it is.
            let room = DONE.len() - self.event.len();
            self.event.extend(piece.iter().take(room));
            if piece.ends_with(b"\n") {
                self.count_event();
            }
        }
    }

    fn count_event(&mut self) {
        if self.event.starts_with(DONE) {
            self.is_done = true;
        } else if self.event.starts_with(EVENT) {
            self.events += 1;
            self.is_done = false;
        }
        self.event.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n\
        Transfer-Encoding: chunked\r\n\r\n\
        B\r\ndata: {\"a\":\r\n6\r\n1}\n\n: \r\n3\r\nw\n\n\r\n8\r\ndata: {}\r\n2\r\n\n\n\r\n\
        e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n";

    #[test]
    fn an_answer_is_read_alike_however_it_is_cut() {
        for size in 1..STREAM.len() {
            let mut answer = Answer::default();
            let pieces: Vec<&[u8]> = STREAM.as_bytes().chunks(size).collect();
            for (index, piece) in pieces.iter().enumerate() {
                let whole = answer.feed(piece).expect("it is HTTP");
                assert_eq!(whole, index + 1 == pieces.len(), "{size}");
            }
            assert_eq!((answer.status, answer.events, answer.is_done), (200, 2, true), "{size}");
        }
    }

    #[test]
    fn a_body_with_a_length_is_kept() {
        let mut answer = Answer::default();
        assert!(!answer.has_begun());
        let whole = answer.feed(b"HTTP/1.1 429 Slow Down\r\ncontent-length: 2\r\n\r\n{}");
        assert_eq!(whole, Ok(true));
        assert_eq!((answer.status, answer.body.as_slice()), (429, &b"{}"[..]));
        assert!(answer.feed(b"H").is_err());
    }

    #[test]
    fn what_comes_after_the_last_word_takes_it_back() {
        let late = STREAM.replace("0\r\n\r\n", "a\r\ndata: {}\n\n\r\n0\r\n\r\n");
        let mut answer = Answer::default();
        assert_eq!(answer.feed(late.as_bytes()), Ok(true));
        assert!(!answer.is_done);
    }

    #[test]
    fn what_is_no_http_is_refused() {
        for bytes in [
            "SSH-2.0-x\r\n",
            "HTTP/1.1 200 OK\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: two\r\n",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nab\r\n",
        ] {
            assert!(Answer::default().feed(bytes.as_bytes()).is_err(), "{bytes}");
        }
    }
}
