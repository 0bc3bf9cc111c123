//! AWS's event stream: binary frames, each with two checksums.
//!
//! A frame is the length of the whole and of its headers, the checksum of those two, the headers,
//! the payload, and the checksum of all before it. Numbers are big-endian, checksums CRC-32.

use domain::event::Event;
use domain::failure::Failure;
use serde_json::{Value, json};

use crate::decoding::{Reading, parse, whole};
use crate::dialect::StreamDecoder;
use crate::error;

/// Bytes ahead of the headers.
const PRELUDE: usize = 12;
/// Bytes of a checksum.
const CHECKSUM: usize = 4;
/// Bytes of a frame beside its headers and its payload.
const AROUND: usize = PRELUDE + CHECKSUM;

/// Reads an event stream whose payloads are JSON.
pub(super) struct FrameReader<R> {
    bytes_max: usize,
    held: Vec<u8>,
    reading: R,
}

impl<R: Reading> FrameReader<R> {
    /// Reads frames of up to `bytes_max` bytes.
    pub(super) fn new(bytes_max: usize, reading: R) -> FrameReader<R> {
        FrameReader { bytes_max, held: Vec::new(), reading }
    }
}

impl<R: Reading> StreamDecoder for FrameReader<R> {
    fn push(&mut self, bytes: &[u8], events: &mut Vec<Event>) -> Result<bool, Failure> {
        let FrameReader { bytes_max, held, reading } = self;
        held.extend_from_slice(bytes);
        let mut at = 0;
        while !reading.is_done()
            && let Some(length) = frame_bytes(&held[at..], *bytes_max)?
        {
            take(&held[at..at + length], reading, events)?;
            at += length;
        }
        held.drain(..at);
        if reading.is_done() {
            held.clear();
        }
        Ok(reading.is_done())
    }

    fn end(&mut self, events: &mut Vec<Event>) -> Result<(), Failure> {
        match self.held.is_empty() {
            true => whole(&mut self.reading, events),
            false => Err(error::nonsense("broke off")),
        }
    }
}

/// Returns the length of the frame that `bytes` begin with; `None` until it is whole.
///
/// # Errors
/// When its head is damaged, or it is larger than is taken.
fn frame_bytes(bytes: &[u8], bytes_max: usize) -> Result<Option<usize>, Failure> {
    let Some(prelude) = bytes.get(..PRELUDE) else { return Ok(None) };
    if crc32fast::hash(&prelude[..8]) != number(&prelude[8..]) {
        return Err(error::nonsense("holds a damaged frame"));
    }
    let (length, headers) = (number(prelude) as usize, number(&prelude[4..]) as usize);
    if length < AROUND || length - AROUND < headers {
        return Err(error::nonsense("holds a frame of an impossible length"));
    }
    if bytes_max < length {
        return Err(error::nonsense("holds a frame that is too large"));
    }
    Ok((length <= bytes.len()).then_some(length))
}

/// Gives a whole frame to whoever knows what it means.
fn take<R: Reading>(frame: &[u8], reading: &mut R, events: &mut Vec<Event>) -> Result<(), Failure> {
    let (checked, checksum) = frame.split_at(frame.len() - CHECKSUM);
    if crc32fast::hash(checked) != number(checksum) {
        return Err(error::nonsense("holds a damaged frame"));
    }
    let (headers, payload) = checked[PRELUDE..].split_at(number(&frame[4..]) as usize);
    let headers = Headers::read(headers)?;
    match headers.message {
        b"event" if payload.trim_ascii().is_empty() => Ok(()),
        b"event" => reading.take(headers.event, &parse(payload)?, events),
        b"exception" | b"error" => Err(failure(&headers, payload)),
        _ => Ok(()),
    }
}

/// The headers of a frame that say what it is.
#[derive(Default)]
struct Headers<'a> {
    message: &'a [u8],
    event: &'a [u8],
    exception: &'a [u8],
    detail: &'a [u8],
}

impl<'a> Headers<'a> {
    fn read(mut bytes: &'a [u8]) -> Result<Headers<'a>, Failure> {
        let mut headers = Headers::default();
        while !bytes.is_empty() {
            let (name, value) = header(&mut bytes)
                .ok_or_else(|| error::nonsense("holds a frame whose headers make no sense"))?;
            let place = match name {
                b":message-type" => &mut headers.message,
                b":event-type" => &mut headers.event,
                b":exception-type" | b":error-code" => &mut headers.exception,
                b":error-message" => &mut headers.detail,
                _ => continue,
            };
            *place = value;
        }
        Ok(headers)
    }
}

/// Takes a header off the front: its name, and its value where that is text.
fn header<'a>(bytes: &mut &'a [u8]) -> Option<(&'a [u8], &'a [u8])> {
    let length = usize::from(*bytes.split_off_first()?);
    let name = bytes.split_off(..length)?;
    let value = match *bytes.split_off_first()? {
        0 | 1 => &[],
        2 => bytes.split_off(..1)?,
        3 => bytes.split_off(..2)?,
        4 => bytes.split_off(..4)?,
        5 | 8 => bytes.split_off(..8)?,
        6 | 7 => {
            let length = bytes.split_off(..2)?;
            bytes.split_off(..usize::from(u16::from_be_bytes([length[0], length[1]])))?
        }
        9 => bytes.split_off(..16)?,
        _ => return None,
    };
    Some((name, value))
}

/// Reads an exception: its status stands in no frame, but follows from its type.
fn failure(headers: &Headers<'_>, payload: &[u8]) -> Failure {
    let code = String::from_utf8_lossy(headers.exception);
    let status = match code.as_ref() {
        "throttlingException" => 429,
        "validationException" => 400,
        "accessDeniedException" => 403,
        "modelTimeoutException" => 408,
        "modelStreamErrorException" => 424,
        "serviceUnavailableException" => 503,
        _ => 500,
    };
    let told: Value = serde_json::from_slice(payload).unwrap_or_default();
    let detail = String::from_utf8_lossy(headers.detail);
    let message = told["message"].as_str().unwrap_or(&detail);
    error::inside(&json!({"message": message, "code": code, "status_code": status}))
}

/// Reads a number of four bytes, which are there.
fn number(bytes: &[u8]) -> u32 {
    bytes.first_chunk().map_or(0, |bytes| u32::from_be_bytes(*bytes))
}

#[cfg(test)]
pub(super) mod tests {
    use domain::failure::FailureKind;
    use proptest::prelude::*;

    use super::*;

    /// Keeps what it is given.
    #[derive(Default)]
    struct Keeping(Vec<(String, Value)>);

    impl Reading for Keeping {
        fn take(&mut self, name: &[u8], value: &Value, _: &mut Vec<Event>) -> Result<(), Failure> {
            self.0.push((String::from_utf8_lossy(name).into_owned(), value.clone()));
            Ok(())
        }

        fn end(&mut self, _: &mut Vec<Event>) -> bool {
            true
        }

        fn is_done(&self) -> bool {
            false
        }
    }

    /// Writes a frame.
    pub(in crate::bedrock) fn frame(headers: &[(&str, &str)], payload: &[u8]) -> Vec<u8> {
        let mut named = Vec::new();
        for (name, value) in headers {
            named.push(name.len() as u8);
            named.extend_from_slice(name.as_bytes());
            named.push(7);
            named.extend_from_slice(&(value.len() as u16).to_be_bytes());
            named.extend_from_slice(value.as_bytes());
        }
        let mut frame = ((AROUND + named.len() + payload.len()) as u32).to_be_bytes().to_vec();
        frame.extend_from_slice(&(named.len() as u32).to_be_bytes());
        frame.extend_from_slice(&crc32fast::hash(&frame).to_be_bytes());
        frame.extend_from_slice(&named);
        frame.extend_from_slice(payload);
        frame.extend_from_slice(&crc32fast::hash(&frame).to_be_bytes());
        frame
    }

    fn event(name: &str, payload: &str) -> Vec<u8> {
        frame(&[(":message-type", "event"), (":event-type", name)], payload.as_bytes())
    }

    fn read(pieces: &[&[u8]]) -> Result<Vec<(String, Value)>, Failure> {
        let mut reader = FrameReader::new(1 << 20, Keeping::default());
        for piece in pieces {
            reader.push(piece, &mut Vec::new())?;
        }
        reader.end(&mut Vec::new())?;
        Ok(reader.reading.0)
    }

    /// The empty message and the one of the format's description, by their published bytes.
    #[test]
    fn the_published_examples_are_frames() {
        let empty = [0, 0, 0, 0x10, 0, 0, 0, 0, 0x05, 0xc2, 0x48, 0xeb, 0x7d, 0x98, 0xc8, 0xff];
        assert_eq!(read(&[&empty]), Ok(vec![]));
        assert_eq!(frame(&[], b""), empty);
    }

    #[test]
    fn a_damaged_bit_anywhere_is_seen() {
        let whole = event("messageStart", r#"{"role":"assistant"}"#);
        assert_eq!(read(&[&whole]).unwrap().len(), 1);
        for place in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[place] ^= 0x10;
            assert!(read(&[&damaged]).is_err(), "byte {place}");
        }
        assert!(read(&[&whole[..whole.len() - 1]]).is_err());
    }

    #[test]
    fn an_exception_has_the_status_of_its_type() {
        for (kind, expected) in [
            ("throttlingException", FailureKind::RateLimited),
            ("validationException", FailureKind::InvalidRequest),
            ("serviceUnavailableException", FailureKind::ProviderOverloaded),
            ("modelStreamErrorException", FailureKind::ProviderUnavailable),
            ("internalServerException", FailureKind::ProviderUnavailable),
        ] {
            let headers = [(":message-type", "exception"), (":exception-type", kind)];
            let failure = read(&[&frame(&headers, br#"{"message":"no"}"#)]).unwrap_err();
            assert_eq!(failure.kind, expected, "{kind}");
            assert_eq!(failure.provider_code.as_deref(), Some(kind));
        }
    }

    #[test]
    fn a_frame_that_claims_too_much_is_refused_at_once() {
        let mut head = u32::MAX.to_be_bytes().to_vec();
        head.extend_from_slice(&0_u32.to_be_bytes());
        head.extend_from_slice(&crc32fast::hash(&head).to_be_bytes());
        assert!(read(&[&head]).is_err());
    }

    proptest! {
        #[test]
        fn wherever_it_is_cut_a_stream_says_the_same(
            mut places in proptest::collection::vec(0..400_usize, 0..6),
        ) {
            let stream = [
                event("messageStart", r#"{"role":"assistant"}"#),
                event("contentBlockDelta", r#"{"contentBlockIndex":0,"delta":{"text":"ü"}}"#),
                event("messageStop", r#"{"stopReason":"end_turn"}"#),
            ]
            .concat();
            places.iter_mut().for_each(|place| *place = stream.len().min(*place));
            places.extend([0, stream.len()]);
            places.sort_unstable();
            let pieces: Vec<&[u8]> =
                places.windows(2).map(|pair| &stream[pair[0]..pair[1]]).collect();
            prop_assert_eq!(read(&pieces), read(&[&stream]));
        }

        #[test]
        fn no_bytes_are_too_strange(bytes: Vec<u8>) {
            let _ = read(&[&bytes]);
        }
    }
}
