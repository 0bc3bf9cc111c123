//! A caller that keeps every byte it gets.
use serde_json::{Value, json};
use simulator::{Fault, Script, Simulator, SimulatorOptions};
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// How a response came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// In order.
    Closed,
    Reset,
    /// Nothing came for a while.
    Quiet,
    /// More came than the caller would read.
    Enough,
}

/// All that came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) bytes: Vec<u8>,
    pub(crate) end: End,
}

/// How long a caller waits before it says that nothing comes, where that is what it waits for.
const QUIET: Duration = Duration::from_millis(300);
/// How long it waits where an end should come: on a busy machine all things take longer.
const PATIENCE: Duration = Duration::from_secs(20);
/// How much it reads at most.
const ENOUGH_BYTES: usize = 24 << 20;

impl Reply {
    pub(crate) fn head(&self) -> String {
        String::from_utf8_lossy(&self.bytes[..self.body_at()]).into_owned()
    }

    pub(crate) fn status(&self) -> u16 {
        self.head()[9..12].parse().unwrap()
    }

    pub(crate) fn body(&self) -> &[u8] {
        &self.bytes[self.body_at()..]
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(self.body()).unwrap()
    }

    /// The body out of its chunks; what is cut inside a chunk stays out.
    pub(crate) fn dechunked(&self) -> Vec<u8> {
        let mut rest = self.body();
        let mut joined = Vec::new();
        while let Some(end) = rest.windows(2).position(|bytes| bytes == b"\r\n") {
            let size = std::str::from_utf8(&rest[..end]).unwrap();
            let size = usize::from_str_radix(size, 16).unwrap();
            rest = &rest[end + 2..];
            if size == 0 || rest.len() < size + 2 {
                break;
            }
            joined.extend(&rest[..size]);
            rest = &rest[size + 2..];
        }
        joined
    }

    /// Whether the body's last chunk came.
    pub(crate) fn is_finished(&self) -> bool {
        self.bytes.ends_with(b"\r\n0\r\n\r\n")
    }

    /// The payloads of the events, in order.
    pub(crate) fn payloads(&self) -> Vec<String> {
        let text = String::from_utf8(self.dechunked()).unwrap();
        text.lines().filter_map(|line| line.strip_prefix("data: ")).map(str::to_owned).collect()
    }

    /// The text that the events carry.
    pub(crate) fn streamed_text(&self) -> String {
        let texts = self.payloads().into_iter().filter_map(|payload| {
            let chunk: Value = serde_json::from_str(&payload).ok()?;
            chunk["choices"][0]["delta"]["content"].as_str().map(str::to_owned)
        });
        texts.collect()
    }

    fn body_at(&self) -> usize {
        let end = self.bytes.windows(4).position(|bytes| bytes == b"\r\n\r\n");
        end.map_or(self.bytes.len(), |end| end + 4)
    }
}

pub(crate) fn simulator() -> Simulator {
    Simulator::start(SimulatorOptions::default()).unwrap()
}

/// A request for a generation that says `hello`, with `fields` over it.
pub(crate) fn question(fields: Value) -> Value {
    let mut body = json!({ "model": "m", "messages": [{ "role": "user", "content": "hello" }] });
    if let (Value::Object(body), Value::Object(fields)) = (&mut body, fields) {
        body.extend(fields);
    }
    body
}

pub(crate) fn post(provider: &str, body: &Value, headers: &str) -> Vec<u8> {
    let body = body.to_string();
    format!(
        "POST /{provider}/v1/chat/completions HTTP/1.1\r\nhost: sim\r\n{headers}content-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// Sends `bytes` and reads until the connection ends.
pub(crate) fn send(simulator: &Simulator, bytes: &[u8]) -> Reply {
    let mut stream = TcpStream::connect(simulator.addr()).unwrap();
    stream.write_all(bytes).unwrap();
    read(&mut stream, End::Closed)
}

/// Reads until the other side ends or has sent enough; falls it quiet, the sooner if that is the
/// end that the caller `expects`.
pub(crate) fn read(stream: &mut TcpStream, expects: End) -> Reply {
    let patience = if expects == End::Quiet { QUIET } else { PATIENCE };
    stream.set_read_timeout(Some(patience)).unwrap();
    let mut bytes = Vec::new();
    let mut buffer = vec![0; 64 << 10];
    loop {
        let end = match stream.read(&mut buffer) {
            Ok(0) => End::Closed,
            Ok(count) => {
                bytes.extend(&buffer[..count]);
                if bytes.len() < ENOUGH_BYTES {
                    continue;
                }
                End::Enough
            }
            Err(error) if error.kind() == ErrorKind::ConnectionReset => End::Reset,
            Err(error) if error.kind() == ErrorKind::WouldBlock => End::Quiet,
            Err(error) => panic!("{error}"),
        };
        return Reply { bytes, end };
    }
}

/// What a plain request gets, on a connection that ends after it.
pub(crate) fn ask(simulator: &Simulator, fields: Value) -> Reply {
    send(simulator, &post("acme", &question(fields), "connection: close\r\n"))
}

/// What a provider with `fault` sends to a request for a whole answer, and to one for a stream,
/// until the connection ends.
pub(crate) fn failing(fault: Fault) -> [Reply; 2] {
    failing_until(End::Closed, fault)
}

/// As `failing`, where the caller `expects` another end.
pub(crate) fn failing_until(expects: End, fault: Fault) -> [Reply; 2] {
    let simulator = simulator();
    simulator.script("acme", Script::failing(fault));
    [false, true].map(|stream| {
        let request = post("acme", &question(json!({ "stream": stream })), "connection: close\r\n");
        let mut stream = TcpStream::connect(simulator.addr()).unwrap();
        stream.write_all(&request).unwrap();
        read(&mut stream, expects)
    })
}
