//! A lab that tells who it is wherever a provider can: in headers, ids, words and errors, in every
//! dialect.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use super::{RETRY_AFTER, words};

/// A lab, listening on loopback until the process ends.
pub struct Lab {
    pub address: SocketAddr,
}

/// What the lab was asked, as far as it matters for what it says.
pub struct Asked {
    /// The first part of the path: who is asked.
    pub root: String,
    pub dialect: String,
    /// What is to come, which the model's name ends in.
    pub scene: String,
    pub streams: bool,
}

/// How a response ends.
enum Ending {
    Whole,
    /// The connection is reset before everything is sent.
    Reset,
    /// Nothing more comes.
    Stall,
}

impl Lab {
    pub fn start() -> Lab {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                thread::spawn(move || serve(stream));
            }
        });
        Lab { address }
    }
}

/// Serves one request and closes.
fn serve(mut stream: TcpStream) {
    let _ = stream.set_read_timeout(Some(Duration::from_secs(20)));
    let Some((head, body)) = read(&mut stream) else { return };
    let Some(asked) = asked(&head, &body) else { return };
    let (status, kind, answer, ending) = answer(&asked);
    let root = &asked.root;
    let head = format!(
        "HTTP/1.1 {status} {root}-reason\r\ncontent-type: {kind}\r\nserver: {root}-server\r\n\
         x-request-id: {root}-request\r\nx-ratelimit-limit-requests: 5432\r\n\
         x-ratelimit-remaining-requests: 4321\r\nretry-after: {RETRY_AFTER}\r\n\
         openai-organization: {root}-org\r\nset-cookie: a={root}-cookie\r\n\
         via: 1.1 {root}-proxy\r\nconnection: close\r\n"
    );
    let length = match ending {
        Ending::Whole => answer.len(),
        Ending::Reset | Ending::Stall => answer.len() + 1_000,
    };
    let _ = stream.write_all(format!("{head}content-length: {length}\r\n\r\n").as_bytes());
    let _ = stream.write_all(&answer);
    let _ = stream.flush();
    match ending {
        Ending::Stall => thread::sleep(Duration::from_secs(3)),
        Ending::Reset | Ending::Whole => (),
    }
}

fn read(stream: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    let end = loop {
        let count = stream.read(&mut piece).ok().filter(|count| 0 < *count)?;
        bytes.extend(&piece[..count]);
        if let Some(end) = bytes.windows(4).position(|it| it == b"\r\n\r\n") {
            break end + 4;
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let length: usize = length.and_then(|it| it.trim().parse().ok()).unwrap_or(0);
    let mut body = bytes.split_off(end);
    while body.len() < length {
        let count = stream.read(&mut piece).ok().filter(|count| 0 < *count)?;
        body.extend(&piece[..count]);
    }
    Some((head, body))
}

fn asked(head: &str, body: &[u8]) -> Option<Asked> {
    let path = head.split(' ').nth(1)?.to_owned();
    let mut parts = path.trim_start_matches('/').split('/');
    let (root, dialect) = (parts.next()?.to_owned(), parts.next()?.to_owned());
    let body = String::from_utf8_lossy(body);
    let streams = body.contains("\"stream\":true")
        || path.contains(":streamgenerate")
        || path.ends_with("/converse-stream");
    // The name of the model is in the path or in the body: `{root}-model-{scene}`.
    let mark = format!("{root}-model-");
    let named = [path.as_str(), &body].into_iter().find_map(|it| it.split(&mark).nth(1))?;
    let scene: String =
        named.chars().take_while(|it| it.is_ascii_alphanumeric() || *it == '-').collect();
    Some(Asked { root, dialect, scene, streams })
}

fn answer(asked: &Asked) -> (u16, &'static str, Vec<u8>, Ending) {
    let Asked { root, scene, .. } = asked;
    let (kind, whole) = words::answer(asked);
    if let Ok(status) = scene.parse::<u16>() {
        return (status, "application/json", words::error(root).into_bytes(), Ending::Whole);
    }
    let half = whole[..whole.len() / 2].to_vec();
    match scene.as_str() {
        "html" => {
            let page = format!("<html><title>{root}</title>{root} is down</html>");
            (200, "text/html", page.into_bytes(), Ending::Whole)
        }
        "broken" => (200, kind, half, Ending::Whole),
        "refused" => (200, "application/json", words::error(root).into_bytes(), Ending::Whole),
        "reset" => (200, kind, half, Ending::Reset),
        "stall" => (200, kind, half, Ending::Stall),
        _ => (200, kind, whole, Ending::Whole),
    }
}
