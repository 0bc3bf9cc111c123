//! Writing the heads and the framing of HTTP/1 responses.
use std::collections::BTreeMap;

/// How a response's body is framed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Body {
    Length(usize),
    Chunked,
    /// The connection's end is the body's.
    UntilClose,
    /// Nothing is said of it: for faults that say it themselves.
    Unsaid,
}

/// The head of a response.
pub(crate) struct Head<'a> {
    pub(crate) status: u16,
    pub(crate) content_type: &'a str,
    pub(crate) body: Body,
    pub(crate) keep_alive: bool,
    /// Further headers.
    pub(crate) headers: &'a BTreeMap<String, String>,
}

impl Head<'_> {
    /// Appends status line and headers, less the blank line that ends them.
    pub(crate) fn open(&self, out: &mut Vec<u8>) {
        let mut digits = Decimal::default();
        out.extend(b"HTTP/1.1 ");
        out.extend(digits.write(usize::from(self.status)));
        out.push(b' ');
        out.extend(reason(self.status).as_bytes());
        header(out, "content-type", self.content_type);
        match self.body {
            Body::Length(bytes) => {
                out.extend(b"\r\ncontent-length: ");
                out.extend(digits.write(bytes));
            }
            Body::Chunked => out.extend(b"\r\ntransfer-encoding: chunked"),
            Body::UntilClose | Body::Unsaid => {}
        }
        if !self.keep_alive {
            header(out, "connection", "close");
        }
        for (name, value) in self.headers {
            header(out, name, value);
        }
        out.extend(b"\r\n");
    }

    /// Appends the whole head.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        self.open(out);
        out.extend(b"\r\n");
    }
}

/// Appends `bytes` as one chunk.
pub(crate) fn chunk(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend(format!("{:x}\r\n", bytes.len()).into_bytes());
    out.extend(bytes);
    out.extend(b"\r\n");
}

/// What ends a body in chunks.
pub(crate) const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

fn header(out: &mut Vec<u8>, name: &str, value: &str) {
    out.extend(b"\r\n");
    out.extend(name.as_bytes());
    out.extend(b": ");
    out.extend(value.as_bytes());
}

/// Room for the digits of a number, so that the busiest path does not allocate for them.
#[derive(Default)]
struct Decimal([u8; 20]);

impl Decimal {
    fn write(&mut self, mut value: usize) -> &[u8] {
        let mut at = self.0.len();
        loop {
            at -= 1;
            self.0[at] = b'0' + (value % 10) as u8;
            value /= 10;
            if value == 0 {
                return &self.0[at..];
            }
        }
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        204 => "No Content",
        301 => "Moved Permanently",
        302 => "Found",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        402 => "Payment Required",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        409 => "Conflict",
        413 => "Content Too Large",
        422 => "Unprocessable Content",
        425 => "Too Early",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        529 => "Overloaded",
        _ => "Status",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_written_line_by_line() {
        let headers = BTreeMap::from([("x-a".to_owned(), "b".to_owned())]);
        let head = Head {
            status: 503,
            content_type: "text/plain",
            body: Body::Length(1_203),
            keep_alive: false,
            headers: &headers,
        };
        let mut out = Vec::new();
        head.write(&mut out);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "HTTP/1.1 503 Service Unavailable\r\ncontent-type: text/plain\r\n\
             content-length: 1203\r\nconnection: close\r\nx-a: b\r\n\r\n"
        );
    }

    #[test]
    fn a_chunk_is_framed_by_its_size() {
        let mut out = Vec::new();
        chunk(b"0123456789abcdef!", &mut out);
        assert_eq!(out, b"11\r\n0123456789abcdef!\r\n");
    }
}
