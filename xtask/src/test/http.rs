//! Just enough HTTP to ask a server on the loopback whether it is ready, and for a key.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

const LIMIT: Duration = Duration::from_secs(10);

/// Status and body of an answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

impl Answer {
    /// The body as JSON, null when it is none.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }
}

/// Asks `GET path` of the server on `port`.
///
/// # Errors
///
/// When nobody answers within ten seconds, or with something other than HTTP.
pub(crate) fn get(port: u16, path: &str) -> io::Result<Answer> {
    // Version 1.0, so that the body ends with the connection and is never in chunks.
    exchange(port, &format!("GET {path} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\n\r\n"))
}

/// Posts `body` as JSON with the bearer `key`.
///
/// # Errors
///
/// As [`get`].
pub(crate) fn post(port: u16, path: &str, key: &str, body: &Value) -> io::Result<Answer> {
    let body = body.to_string();
    let length = body.len();
    let head = format!(
        "POST {path} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {key}\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    );
    exchange(port, &(head + &body))
}

fn exchange(port: u16, request: &str) -> io::Result<Answer> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(LIMIT))?;
    stream.set_write_timeout(Some(LIMIT))?;
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    parse(&String::from_utf8_lossy(&answer))
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "the answer is not HTTP"))
}

fn parse(answer: &str) -> Option<Answer> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.strip_prefix("HTTP/1.")?.split(' ').nth(1)?.parse().ok()?;
    Some(Answer { status, body: body.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_its_status_and_its_body() {
        let answer = parse("HTTP/1.0 201 Created\r\nA: b\r\n\r\n{\"key\":\"c\"}").expect("is HTTP");
        assert_eq!((answer.status, answer.json()["key"].as_str()), (201, Some("c")));
        assert!(parse("SSH-2.0-x\r\n\r\n").is_none());
    }
}
