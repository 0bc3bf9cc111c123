//! Reading HTTP/1 requests out of the bytes that a connection delivers.
use crate::ask::Refusal;
use bytes::{Buf, Bytes, BytesMut};
use std::mem::MaybeUninit;

/// One request, whole.
#[derive(Debug)]
pub(crate) struct Request {
    /// Request line and headers, as they came.
    head: Bytes,
    method: Span,
    target: Span,
    headers: Vec<(Span, Span)>,
    pub(crate) body: Bytes,
    /// The connection may serve another request after this.
    pub(crate) keep_alive: bool,
    /// HTTP/1.1, so that a body may come in chunks.
    pub(crate) takes_chunks: bool,
}

/// Where in the head something stands.
type Span = std::ops::Range<usize>;

/// What the bytes so far amount to.
#[derive(Debug)]
pub(crate) enum Reading {
    Whole(Request),
    /// More bytes are needed; `wants_continue` once, when the caller waits for leave to send them.
    Partial {
        wants_continue: bool,
    },
}

/// How a body's end is known.
#[derive(Clone, Copy)]
enum Framing {
    Length(usize),
    Chunked,
}

const HEAD_BYTES_MAX: usize = 64 << 10;
const BODY_BYTES_MAX: usize = 64 << 20;
const HEADERS_MAX: usize = 100;

/// Takes one request off the front of `input`, or says what is missing.
///
/// # Errors
/// 400 for bytes that are no HTTP/1, 413 and 431 for a body and a head beyond their bounds.
pub(crate) fn take(input: &mut BytesMut) -> Result<Reading, Refusal> {
    let mut headers = [const { MaybeUninit::uninit() }; HEADERS_MAX];
    let mut parsed = httparse::Request::new(&mut []);
    let head_bytes = match parsed.parse_with_uninit_headers(input, &mut headers) {
        Ok(httparse::Status::Complete(bytes)) if bytes <= HEAD_BYTES_MAX => bytes,
        Ok(httparse::Status::Partial) if input.len() < HEAD_BYTES_MAX => {
            return Ok(Reading::Partial { wants_continue: false });
        }
        Ok(_) => return Err(Refusal::new(431, "The request's headers exceed 64 KiB.")),
        Err(httparse::Error::TooManyHeaders) => {
            return Err(Refusal::new(431, "The request has more than 100 headers."));
        }
        Err(error) => return Err(Refusal::new(400, format!("Not an HTTP/1 request: {error}."))),
    };
    let span = |part: &[u8]| {
        let start = part.as_ptr().addr() - input.as_ptr().addr();
        start..start + part.len()
    };
    let version = parsed.version.unwrap_or(0);
    let mut request = Request {
        head: Bytes::new(),
        method: span(parsed.method.unwrap_or_default().as_bytes()),
        target: span(parsed.path.unwrap_or_default().as_bytes()),
        headers: Vec::with_capacity(parsed.headers.len()),
        body: Bytes::new(),
        keep_alive: version == 1,
        takes_chunks: version == 1,
    };
    let framing = framing(parsed.headers)?;
    let mut wants_continue = false;
    for header in parsed.headers.iter() {
        if header.name.eq_ignore_ascii_case("connection") {
            request.keep_alive = keeps_alive(header.value, request.keep_alive);
        } else if header.name.eq_ignore_ascii_case("expect") {
            wants_continue = header.value.eq_ignore_ascii_case(b"100-continue");
        }
        request.headers.push((span(header.name.as_bytes()), span(header.value)));
    }
    let Some(body_end) = body_end(&input[head_bytes..], framing)? else {
        let wants_continue = wants_continue && input.len() == head_bytes;
        return Ok(Reading::Partial { wants_continue });
    };
    request.head = input.split_to(head_bytes).freeze();
    let body = input.split_to(body_end).freeze();
    request.body = match framing {
        Framing::Length(_) => body,
        Framing::Chunked => dechunked(body)?,
    };
    Ok(Reading::Whole(request))
}

impl Request {
    pub(crate) fn method(&self) -> &str {
        self.text(&self.method)
    }

    /// The path, without the query.
    pub(crate) fn path(&self) -> &str {
        let target = self.text(&self.target);
        target.split_once('?').map_or(target, |(path, _)| path)
    }

    /// What follows the `?`, or nothing.
    pub(crate) fn query(&self) -> &str {
        self.text(&self.target).split_once('?').map_or("", |(_, query)| query)
    }

    /// The value of the first header of that name, where it is text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers();
        headers.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// All headers whose values are text.
    pub(crate) fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers.iter().filter_map(|(name, value)| {
            Some((self.text(name), str::from_utf8(&self.head[value.clone()]).ok()?))
        })
    }

    /// Methods, targets and names are ASCII, or httparse had refused them.
    fn text(&self, span: &Span) -> &str {
        str::from_utf8(&self.head[span.clone()]).unwrap_or_default()
    }
}

fn keeps_alive(connection: &[u8], usual: bool) -> bool {
    let mut keeps = usual;
    for option in connection.split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
        if option.eq_ignore_ascii_case(b"close") {
            return false;
        }
        keeps |= option.eq_ignore_ascii_case(b"keep-alive");
    }
    keeps
}

fn framing(headers: &[httparse::Header]) -> Result<Framing, Refusal> {
    let mut length = None;
    let mut chunked = false;
    for header in headers {
        if header.name.eq_ignore_ascii_case("content-length") {
            let digits = str::from_utf8(header.value)
                .ok()
                .filter(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()));
            let Some(bytes) = digits.and_then(|digits| digits.parse::<u64>().ok()) else {
                return Err(Refusal::new(400, "The content-length is no number."));
            };
            if length.is_some_and(|known| known != bytes) {
                return Err(Refusal::new(400, "Two content-lengths."));
            }
            length = Some(bytes);
        } else if header.name.eq_ignore_ascii_case("transfer-encoding") {
            if !header.value.eq_ignore_ascii_case(b"chunked") {
                return Err(Refusal::new(400, "A transfer-encoding other than chunked."));
            }
            chunked = true;
        }
    }
    match (length, chunked) {
        (Some(_), true) => Err(Refusal::new(400, "Both content-length and transfer-encoding.")),
        (None, true) => Ok(Framing::Chunked),
        (Some(bytes), false) if BODY_BYTES_MAX as u64 <= bytes => Err(too_large()),
        (Some(bytes), false) => Ok(Framing::Length(bytes as usize)),
        (None, false) => Ok(Framing::Length(0)),
    }
}

fn too_large() -> Refusal {
    Refusal::new(413, "The request's body exceeds 64 MiB.")
}

/// How many bytes of `rest` the body takes, or `None` while it is not all there.
fn body_end(rest: &[u8], framing: Framing) -> Result<Option<usize>, Refusal> {
    match framing {
        Framing::Length(bytes) => Ok(Some(bytes).filter(|bytes| *bytes <= rest.len())),
        Framing::Chunked => {
            let mut at = 0;
            loop {
                let Some((head, size)) = chunk_head(&rest[at..])? else {
                    // Chunk heads of all sizes count too, or empty ones could fill the memory.
                    return if BODY_BYTES_MAX < rest.len() { Err(too_large()) } else { Ok(None) };
                };
                at += head + size + 2;
                if BODY_BYTES_MAX < at {
                    return Err(too_large());
                }
                if rest.len() < at {
                    return Ok(None);
                }
                if rest[at - 2..at] != *b"\r\n" {
                    return Err(Refusal::new(400, "A chunk without its end, or with trailers."));
                }
                if size == 0 {
                    return Ok(Some(at));
                }
            }
        }
    }
}

/// The bytes that a chunk's size line takes, and the size; `None` while the line is not all there.
fn chunk_head(rest: &[u8]) -> Result<Option<(usize, usize)>, Refusal> {
    match httparse::parse_chunk_size(rest) {
        Ok(httparse::Status::Complete((_, size))) if BODY_BYTES_MAX as u64 <= size => {
            Err(too_large())
        }
        Ok(httparse::Status::Complete((head, size))) => Ok(Some((head, size as usize))),
        Ok(httparse::Status::Partial) => Ok(None),
        Err(_) => Err(Refusal::new(400, "A chunk size that is none.")),
    }
}

/// Joins the chunks of a body that `body_end` has found to be whole.
fn dechunked(mut body: Bytes) -> Result<Bytes, Refusal> {
    let mut joined = BytesMut::with_capacity(body.len());
    while let Some((head, size)) = chunk_head(&body)? {
        if size == 0 {
            break;
        }
        joined.extend_from_slice(&body[head..head + size]);
        body.advance(head + size + 2);
    }
    Ok(joined.freeze())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(bytes: &str) -> (Request, BytesMut) {
        let mut input = BytesMut::from(bytes);
        match take(&mut input).unwrap() {
            Reading::Whole(request) => (request, input),
            partial => panic!("{partial:?}"),
        }
    }

    #[test]
    fn a_request_is_taken_and_what_follows_stays() {
        let (request, rest) =
            whole("POST /a?b=c HTTP/1.1\r\nX-Y: z\r\ncontent-length: 2\r\n\r\nhiGET ");
        assert_eq!((request.method(), request.path(), request.query()), ("POST", "/a", "b=c"));
        assert_eq!(request.header("x-y"), Some("z"));
        assert_eq!(&request.body[..], b"hi");
        assert_eq!(&rest[..], b"GET ");
    }

    #[test]
    fn chunks_are_joined() {
        let chunks = "2\r\nhi\r\n3;x=y\r\n yo\r\n0\r\n\r\n";
        let (request, rest) =
            whole(&format!("POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n{chunks}"));
        assert_eq!(&request.body[..], b"hi yo");
        assert!(rest.is_empty());
    }

    #[test]
    fn a_request_cut_anywhere_is_partial() {
        let bytes = "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n";
        for end in 0..bytes.len() {
            let mut input = BytesMut::from(&bytes[..end]);
            assert!(matches!(take(&mut input), Ok(Reading::Partial { .. })), "{end}");
        }
    }

    #[test]
    fn a_caller_who_waits_for_leave_is_known() {
        let mut input =
            BytesMut::from("POST / HTTP/1.1\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n");
        assert!(matches!(take(&mut input), Ok(Reading::Partial { wants_continue: true })));
    }

    #[test]
    fn connections_end_as_version_and_header_say() {
        for (head, kept) in [
            ("GET / HTTP/1.1\r\n\r\n", true),
            ("GET / HTTP/1.0\r\n\r\n", false),
            ("GET / HTTP/1.1\r\nConnection: Close\r\n\r\n", false),
            ("GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n", true),
        ] {
            assert_eq!(whole(head).0.keep_alive, kept, "{head}");
        }
    }

    #[test]
    fn hostile_requests_are_refused() {
        let long = "a".repeat(70_000);
        for (bytes, status) in [
            ("GET / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n".to_owned(), 400),
            (
                "GET / HTTP/1.1\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n"
                    .to_owned(),
                400,
            ),
            ("GET / HTTP/1.1\r\ncontent-length: -1\r\n\r\n".to_owned(), 400),
            ("GET / HTTP/1.1\r\ncontent-length: 99999999999\r\n\r\n".to_owned(), 413),
            ("GET / HTTP/1.1\r\ntransfer-encoding: gzip\r\n\r\n".to_owned(), 400),
            (format!("GET / HTTP/1.1\r\nx: {long}"), 431),
            (format!("GET / HTTP/1.1\r\n{}\r\n", "x: y\r\n".repeat(101)), 431),
            ("\u{1}\u{2}\r\n\r\n".to_owned(), 400),
            ("POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nffffffff\r\n".to_owned(), 413),
        ] {
            let refusal = take(&mut BytesMut::from(bytes.as_str())).unwrap_err();
            assert_eq!(refusal.status, status, "{}", &bytes[..bytes.len().min(60)]);
        }
    }
}
