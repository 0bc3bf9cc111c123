//! What providers were asked, and how it ended.
use crate::request::Request;
use serde::Serialize;
use std::collections::{BTreeMap, VecDeque};

/// One request as a provider saw it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RecordedRequest {
    /// Counts the requests to this provider from zero; it survives the clearing of the record.
    pub number: u64,
    /// Milliseconds from the simulator's start until the request was whole.
    pub received_ms: u64,
    /// Tells the caller's connections apart; the first is 1.
    pub connection: u64,
    /// The method, as sent.
    pub method: String,
    /// The path below the provider's name, without the query.
    pub path: String,
    /// The model asked for, where the body could be read.
    pub model: Option<String>,
    /// Whether a stream was asked for.
    pub stream: bool,
    /// All headers but the authorization, by lower-case name; of repeated ones the last.
    pub headers: BTreeMap<String, String>,
    /// The scheme and the last four characters of the authorization, if there was one.
    pub authorization: Option<String>,
    /// The first 64 KiB of the body.
    pub body: String,
    /// The length of the whole body.
    pub body_bytes: usize,
    /// The kind of the fault that this request met.
    pub fault: Option<String>,
    /// How it ended.
    pub ending: Ending,
    /// Chunks with content that were written.
    pub chunks: u64,
    /// Milliseconds from the simulator's start until the end.
    pub ended_ms: Option<u64>,
}

/// How a request ended, as far as it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// It has not.
    Open,
    /// All that was to be written was written.
    Answered,
    /// The provider broke the connection, as its script demands.
    Broken,
    /// The caller was gone before the end.
    ClientGone,
}

/// How many requests went which way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counters {
    /// Requests for generations, from the start or the last reset.
    pub attempts: u64,
    /// Those that met a fault.
    pub faulted: u64,
    /// Those that ended as `Answered`, faults included.
    pub answered: u64,
    /// Those that ended as `Broken`.
    pub broken: u64,
    /// Those that ended as `ClientGone`.
    pub client_gone: u64,
}

/// The last requests to one provider.
#[derive(Debug, Default)]
pub(crate) struct Record {
    requests: VecDeque<RecordedRequest>,
    next: u64,
}

const REQUESTS_MAX: usize = 1_000;
const BODY_BYTES_MAX: usize = 64 << 10;

impl Record {
    /// Adds a request that has just begun, and says its number.
    pub(crate) fn begin(&mut self, request: RecordedRequest) -> u64 {
        let number = self.next;
        self.next += 1;
        if self.requests.len() == REQUESTS_MAX {
            self.requests.pop_front();
        }
        self.requests.push_back(RecordedRequest { number, ..request });
        number
    }

    /// Notes the end of a request, if it is still remembered.
    pub(crate) fn end(&mut self, number: u64, ending: Ending, chunks: u64, now_ms: u64) {
        let Some(first) = self.requests.front().map(|request| request.number) else {
            return;
        };
        let at = number.checked_sub(first).and_then(|at| usize::try_from(at).ok());
        if let Some(request) = at.and_then(|at| self.requests.get_mut(at)) {
            request.ending = ending;
            request.chunks = chunks;
            request.ended_ms = Some(now_ms);
        }
    }

    pub(crate) fn clear(&mut self) {
        self.requests.clear();
    }

    pub(crate) fn all(&self) -> Vec<RecordedRequest> {
        self.requests.iter().cloned().collect()
    }
}

impl RecordedRequest {
    /// What there is to say of a request that has just come in.
    pub(crate) fn new(
        request: &Request,
        path: &str,
        connection: u64,
        received_ms: u64,
    ) -> RecordedRequest {
        let body = &request.body[..request.body.len().min(BODY_BYTES_MAX)];
        let others = request.headers().filter(|(name, _)| !is_credential(name));
        RecordedRequest {
            number: 0,
            received_ms,
            connection,
            method: request.method().to_owned(),
            path: path.to_owned(),
            model: None,
            stream: false,
            headers: others
                .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
                .collect(),
            authorization: request.header("authorization").map(masked),
            body: String::from_utf8_lossy(body).into_owned(),
            body_bytes: request.body.len(),
            fault: None,
            ending: Ending::Open,
            chunks: 0,
            ended_ms: None,
        }
    }
}

fn is_credential(name: &str) -> bool {
    ["authorization", "x-api-key", "api-key", "x-goog-api-key", "cookie", "proxy-authorization"]
        .iter()
        .any(|known| name.eq_ignore_ascii_case(known))
}

/// Keeps of a credential what tells two apart, and no more.
fn masked(authorization: &str) -> String {
    let (scheme, secret) = authorization.split_once(' ').unwrap_or(("", authorization));
    let length = secret.chars().count();
    // Of a short secret even four characters would be too much.
    let shown = if length < 12 { 0 } else { 4 };
    let last: String = secret.chars().skip(length - shown).collect();
    format!("{scheme} …{last}").trim_start().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::{Reading, take};

    fn recorded(head: &str) -> RecordedRequest {
        match take(&mut head.into()).unwrap() {
            Reading::Whole(request) => RecordedRequest::new(&request, "/x", 1, 0),
            partial => panic!("{partial:?}"),
        }
    }

    #[test]
    fn of_a_credential_only_the_last_four_characters_are_kept() {
        let request = recorded(
            "GET / HTTP/1.1\r\nAuthorization: Bearer sk-0123456789abcd\r\nx-api-key: secret\r\n\r\n",
        );
        assert_eq!(request.authorization.as_deref(), Some("Bearer …abcd"));
        assert!(request.headers.is_empty());
        let short = recorded("GET / HTTP/1.1\r\nAuthorization: Bearer sk-1\r\n\r\n");
        assert_eq!(short.authorization.as_deref(), Some("Bearer …"));
    }

    #[test]
    fn the_last_thousand_are_remembered_and_end_under_their_numbers() {
        let mut record = Record::default();
        for _ in 0..1_500 {
            record.begin(recorded("GET / HTTP/1.1\r\n\r\n"));
        }
        record.end(499, Ending::Answered, 1, 1);
        record.end(1_499, Ending::ClientGone, 7, 9);
        let all = record.all();
        assert_eq!((all.len(), all[0].number), (1_000, 500));
        assert_eq!((all[999].ending, all[999].chunks), (Ending::ClientGone, 7));
        assert!(all[..999].iter().all(|request| request.ending == Ending::Open));
    }
}
