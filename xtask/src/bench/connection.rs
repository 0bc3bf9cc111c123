//! One connection that is asked and waited for.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

use super::answer::Answer;
use super::ask::request;

const LIMIT: Duration = Duration::from_secs(30);

/// A connection to one of our servers.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    /// Opens a connection.
    ///
    /// # Errors
    ///
    /// A sentence, when nobody listens.
    pub(crate) fn open(address: SocketAddr) -> Result<Connection, String> {
        let open = || -> std::io::Result<TcpStream> {
            let stream = TcpStream::connect(address)?;
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(LIMIT))?;
            stream.set_write_timeout(Some(LIMIT))?;
            Ok(stream)
        };
        let stream = open().map_err(|error| format!("{address}: {error}"))?;
        Ok(Connection { stream, buffer: vec![0; 64 << 10] })
    }

    /// Sends a request and reads the answer to its end, whatever its status.
    ///
    /// # Errors
    ///
    /// A sentence, when the connection breaks or the answer is no HTTP.
    pub(crate) fn ask(&mut self, bytes: &[u8]) -> Result<Answer, String> {
        self.stream.write_all(bytes).map_err(|error| error.to_string())?;
        let mut answer = Answer::default();
        loop {
            let got = self.stream.read(&mut self.buffer).map_err(|error| error.to_string())?;
            if got == 0 {
                return Err("the connection was closed inside an answer".to_owned());
            }
            if answer.feed(&self.buffer[..got])? {
                return Ok(answer);
            }
        }
    }
}

/// Sends one request on a connection of its own, and returns the JSON of the answer.
///
/// # Errors
///
/// A sentence, when there is no answer or its status is no success.
pub(crate) fn call(
    address: SocketAddr,
    method: &str,
    path: &str,
    key: Option<&str>,
    body: &str,
) -> Result<Value, String> {
    let answer = Connection::open(address)?.ask(&request(method, path, key, body))?;
    if !(200..300).contains(&answer.status) {
        let body = String::from_utf8_lossy(&answer.body);
        return Err(format!("{method} {path}: {} {body}", answer.status));
    }
    Ok(serde_json::from_slice(&answer.body).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    /// Answers one request with `answer` and closes.
    fn server(answer: &'static str) -> SocketAddr {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("somebody comes");
            let _ = stream.read(&mut [0; 1024]);
            stream.write_all(answer.as_bytes()).expect("somebody listens");
        });
        address
    }

    #[test]
    fn a_call_returns_json_or_says_what_was_answered() {
        let good = server("HTTP/1.1 201 Created\r\ncontent-length: 9\r\n\r\n{\"key\":1}");
        assert_eq!(call(good, "GET", "/", None, "").expect("it answers")["key"], 1);
        let bad = server("HTTP/1.1 404 No\r\ncontent-length: 4\r\n\r\nnone");
        assert_eq!(call(bad, "GET", "/a", None, ""), Err("GET /a: 404 none".to_owned()));
    }

    #[test]
    fn an_answer_that_breaks_off_is_an_error() {
        let address = server("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{");
        assert!(call(address, "GET", "/", None, "").is_err());
    }
}
