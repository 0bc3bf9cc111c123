//! The head of an answer, and the whole of one as it is kept.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};

use crate::error::GENERATION_ID;

/// The head of an answer.
#[derive(Clone, Debug)]
pub(super) struct Head {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    /// The body came in one, so that it is to go out in one.
    pub(super) whole: bool,
}

/// What is written of a head.
#[derive(Serialize, Deserialize)]
struct Written {
    status: u16,
    whole: bool,
    headers: Vec<(String, String)>,
}

impl Head {
    /// Returns the generation that the answer names.
    pub(super) fn generation(&self) -> Option<domain::id::GenerationId> {
        let text = self.headers.get(GENERATION_ID)?.to_str().ok()?;
        domain::id::GenerationId::parse(text)
    }
}

/// Writes an answer as bytes: the length of its head, the head, the body.
pub(super) fn write(head: &Head, body: &[Bytes]) -> Option<Vec<u8>> {
    let headers = head.headers.iter().filter_map(|(name, value)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    });
    let written =
        Written { status: head.status.as_u16(), whole: head.whole, headers: headers.collect() };
    let written = serde_json::to_vec(&written).ok()?;
    let mut bytes = u32::try_from(written.len()).ok()?.to_be_bytes().to_vec();
    bytes.extend(written);
    body.iter().for_each(|piece| bytes.extend_from_slice(piece));
    Some(bytes)
}

/// Reads what [`write`] wrote.
pub(super) fn read(bytes: Vec<u8>) -> Option<(Head, Bytes)> {
    let mut bytes = Bytes::from(bytes);
    if bytes.len() < 4 {
        return None;
    }
    let length = u32::from_be_bytes(bytes.split_to(4).as_ref().try_into().ok()?) as usize;
    if bytes.len() < length {
        return None;
    }
    let written: Written = serde_json::from_slice(&bytes.split_to(length)).ok()?;
    let mut headers = HeaderMap::new();
    for (name, value) in written.headers {
        headers.append(
            HeaderName::from_bytes(name.as_bytes()).ok()?,
            HeaderValue::from_str(&value).ok()?,
        );
    }
    let status = StatusCode::from_u16(written.status).ok()?;
    Some((Head { status, headers, whole: written.whole }, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_back_as_it_was() {
        let mut headers = HeaderMap::new();
        headers.insert(GENERATION_ID, HeaderValue::from_static("gen-1-abc"));
        let head = Head { status: StatusCode::CREATED, headers, whole: true };
        let body = [Bytes::from_static(b"{\"a\""), Bytes::from_static(b":1}")];
        let (read_head, read_body) = read(write(&head, &body).unwrap()).unwrap();
        assert_eq!((read_head.status, read_head.whole), (head.status, true));
        assert_eq!(read_head.headers, head.headers);
        assert_eq!(read_head.generation().unwrap().as_str(), "gen-1-abc");
        assert_eq!(read_body, "{\"a\":1}");
        assert!(read(vec![0, 0, 0, 9, 1]).is_none() && read(Vec::new()).is_none());
    }
}
