//! An answer that is being given to one caller and to all who ask the same.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use domain::id::KeyId;
use futures_util::stream::unfold;
use http::{HeaderName, HeaderValue};
use http_body_util::BodyExt;
use tokio::sync::watch;

use super::head::Head;

/// Says of an answer that it was given before.
pub(crate) const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// An answer as far as it has been given. It is written once and read by any number.
pub(super) struct Tape {
    /// The keyed hash of what is asked.
    pub(super) fingerprint: KeyId,
    written: Mutex<Written>,
    turned: watch::Sender<()>,
}

#[derive(Default)]
struct Written {
    head: Option<Head>,
    pieces: Vec<Bytes>,
    bytes: usize,
    end: Option<End>,
    /// What has become too large to be held, for the first to read.
    rest: Option<Body>,
}

/// How an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// As it should.
    Complete,
    /// Not here: it became too large to be held, and only the first is told the rest.
    TooLarge,
}

impl Tape {
    /// Returns a tape with nothing on it.
    pub(super) fn new(fingerprint: KeyId) -> Tape {
        Tape { fingerprint, written: Mutex::default(), turned: watch::Sender::new(()) }
    }

    /// Writes the head.
    pub(super) fn begin(&self, head: Head) {
        self.written().head = Some(head);
        self.turned.send_replace(());
    }

    /// Writes a piece of the body, and returns how long it is now.
    pub(super) fn push(&self, piece: Bytes) -> usize {
        let mut written = self.written();
        written.bytes += piece.len();
        written.pieces.push(piece);
        let bytes = written.bytes;
        drop(written);
        self.turned.send_replace(());
        bytes
    }

    /// Writes the end, unless the rest was handed over.
    pub(super) fn end(&self) {
        self.written().end.get_or_insert(End::Complete);
        self.turned.send_replace(());
    }

    /// Gives the rest of the body to the first reader.
    pub(super) fn hand_over(&self, rest: Body) {
        let mut written = self.written();
        written.end = Some(End::TooLarge);
        written.rest = Some(rest);
        drop(written);
        self.turned.send_replace(());
    }

    /// Ends the body in a way that nobody takes for its end: it broke off.
    pub(super) fn tear(&self) {
        let torn = std::future::ready(Err::<Bytes, BrokenOff>(BrokenOff));
        self.hand_over(Body::from_stream(futures_util::stream::once(torn)));
    }

    /// Returns the pieces of the body so far.
    pub(super) fn pieces(&self) -> Vec<Bytes> {
        self.written().pieces.clone()
    }

    /// No section panics after its first write.
    fn written(&self) -> MutexGuard<'_, Written> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads a tape as a response, from its beginning to its end, as it is written.
pub(super) async fn play(tape: Arc<Tape>, first: bool) -> Response {
    let mut turns = tape.turned.subscribe();
    let head = loop {
        turns.mark_unchanged();
        let (head, is_over) = {
            let written = tape.written();
            (written.head.clone(), written.end.is_some())
        };
        match head {
            // A body that goes out in one is waited for.
            Some(head) if !head.whole || is_over => break head,
            _ => {}
        }
        if turns.changed().await.is_err() {
            break Head { status: http::StatusCode::OK, headers: Default::default(), whole: false };
        }
    };
    let mut response = Response::new(if head.whole && tape.written().rest.is_none() {
        Body::from(tape.pieces().concat())
    } else {
        let reader = Reader { tape, turns, place: 0, first, rest: None };
        Body::from_stream(unfold(reader, next))
    });
    *response.status_mut() = head.status;
    *response.headers_mut() = head.headers;
    if !first {
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    }
    response
}

struct Reader {
    tape: Arc<Tape>,
    turns: watch::Receiver<()>,
    place: usize,
    first: bool,
    rest: Option<Body>,
}

/// An answer that breaks off here, because it is too large to be told twice.
#[derive(Debug, thiserror::Error)]
#[error("the answer broke off, or became too large to be told to more than one")]
struct BrokenOff;

async fn next(mut reader: Reader) -> Option<(Result<Bytes, BrokenOff>, Reader)> {
    loop {
        if let Some(rest) = &mut reader.rest {
            let frame = rest.frame().await?;
            match frame.map(http_body::Frame::into_data) {
                Ok(Ok(piece)) => return Some((Ok(piece), reader)),
                Ok(Err(_)) => continue,
                Err(_) => return Some((Err(BrokenOff), reader)),
            }
        }
        reader.turns.mark_unchanged();
        let (piece, end) = {
            let written = reader.tape.written();
            (written.pieces.get(reader.place).cloned(), written.end)
        };
        if let Some(piece) = piece {
            reader.place += 1;
            return Some((Ok(piece), reader));
        }
        match end {
            Some(End::Complete) => return None,
            Some(End::TooLarge) if reader.first => {
                reader.rest = reader.tape.written().rest.take();
                reader.rest.as_ref()?;
            }
            Some(End::TooLarge) => {
                reader.first = true;
                return Some((Err(BrokenOff), reader));
            }
            None => {
                if reader.turns.changed().await.is_err() {
                    return None;
                }
            }
        }
    }
}

/// Turns the error of a service that has none into a response of the same.
pub(super) fn certain(answer: Result<Response, Infallible>) -> Response {
    match answer {
        Ok(response) => response,
        Err(never) => match never {},
    }
}
