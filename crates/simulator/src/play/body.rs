//! Bodies that are not what they should be or say they are.
use super::healthy;
use super::reel::{Shot, reel};
use super::scene::{JSON, Scene};
use super::step::{Play, Step, once};
use crate::ask::Ask;
use crate::fault::{BrokenJson, Encoding};
use crate::response::{Body, Head, chunk};

/// Whole JSON for a stream, a stream for whole JSON.
pub(super) fn other_shape(scene: &Scene) -> Play {
    let ask = Ask { stream: !scene.ask.stream, include_usage: true, ..scene.ask.clone() };
    let answer = scene.answer.clone();
    healthy::answer(&Scene { ask: &ask, answer, ..*scene })
}

/// The answer, with its JSON broken: the body's, or the first content's.
pub(super) fn broken_json(scene: &Scene, how: BrokenJson) -> Play {
    if !scene.ask.stream {
        let body = broken(&scene.whole(), how);
        let mut response = scene.written_head(Body::Length(body.len()));
        response.extend(body);
        return once([Step::Write(response)]);
    }
    let mut whole = true;
    let shots = reel(scene).map(move |shot| {
        if !shot.has_content || !std::mem::take(&mut whole) {
            return shot;
        }
        let payload = shot.bytes.strip_prefix(b"data: ").unwrap_or(&shot.bytes).trim_ascii_end();
        let bytes = [b"data: ", &broken(payload, how)[..], b"\n\n"].concat();
        Shot { bytes, ..shot }
    });
    healthy::stream(scene, shots, scene.script.chunk_ms)
}

/// A small body that unpacks to `mib` mebibytes of spaces.
pub(super) fn bomb(scene: &Scene, encoding: Encoding, mib: u32) -> Play {
    let framing = scene.open_framing();
    let head = Step::Write(encoded_head(scene, framing, encoding));
    let (opening, mebibyte, closing) = match encoding {
        Encoding::Gzip => (GZIP_HEAD.to_vec(), gzip_mebibyte(), GZIP_TAIL.to_vec()),
        Encoding::Zstd => (ZSTD_HEAD.to_vec(), ZSTD_SPACES.repeat(8), ZSTD_TAIL.to_vec()),
    };
    let pieces = std::iter::once(opening)
        .chain((0..mib).map(move |_| mebibyte.clone()))
        .chain([closing])
        .map(|bytes| Shot { bytes, ..Shot::default() });
    let film = healthy::film(pieces, framing, 0);
    Box::new(std::iter::once(head).chain(film).chain([healthy::end(framing)]))
}

/// The answer in plain, under a header that says it is compressed.
pub(super) fn lying_encoding(scene: &Scene, encoding: Encoding) -> Play {
    let framing = scene.open_framing();
    let mut response = encoded_head(scene, framing, encoding);
    let body = if scene.ask.stream {
        reel(scene).flat_map(|shot| shot.bytes).collect()
    } else {
        scene.whole()
    };
    if framing == Body::Chunked {
        chunk(&body, &mut response);
    } else {
        response.extend(body);
    }
    once([Step::Write(response), healthy::end(framing)])
}

fn encoded_head(scene: &Scene, framing: Body, encoding: Encoding) -> Vec<u8> {
    let mut headers = scene.script.headers.clone();
    let name = match encoding {
        Encoding::Gzip => "gzip",
        Encoding::Zstd => "zstd",
    };
    headers.insert("content-encoding".to_owned(), name.to_owned());
    let content_type = if scene.ask.stream { scene.wire.stream_type() } else { JSON };
    let mut out = Vec::new();
    Head { content_type, headers: &headers, ..scene.head(framing) }.write(&mut out);
    out
}

fn broken(json: &[u8], how: BrokenJson) -> Vec<u8> {
    const DEPTH: usize = 100_000;
    match how {
        BrokenJson::Truncated => json[..json.len() / 2].to_vec(),
        BrokenJson::Garbage => b"}{ no JSON, \xff\xfe neither UTF-8".to_vec(),
        BrokenJson::DeepNesting => {
            [b"{\"choices\":", &[b'['; DEPTH][..], &[b']'; DEPTH], b"}"].concat()
        }
        BrokenJson::DuplicateKeys => {
            let other = b"{\"id\":\"other\",\"choices\":[],\"usage\":null,";
            [&other[..], json.get(1..).unwrap_or_default()].concat()
        }
        BrokenJson::Nan => [b"{\"created\":NaN,", json.get(1..).unwrap_or_default()].concat(),
    }
}

const GZIP_HEAD: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
/// An empty last block, and a checksum that nobody should come to check.
const GZIP_TAIL: [u8; 10] = [3, 0, 0, 0, 0, 0, 0, 0, 0, 0];

/// A mebibyte of spaces in deflate: a code of two bits for 258 spaces, then a flush that forgets
/// all that was, so that it can be repeated.
fn gzip_mebibyte() -> Vec<u8> {
    const CODES: [u8; 17] = [236, 193, 49, 1, 0, 0, 0, 194, 160, 42, 235, 159, 210, 16, 190, 64, 1];
    const FLUSH: [u8; 6] = [124, 6, 0, 0, 255, 255];
    [&CODES[..], &[0; 1_015], &FLUSH].concat()
}

/// The magic number, no options, and a window of 128 KiB.
const ZSTD_HEAD: [u8; 6] = [0x28, 0xb5, 0x2f, 0xfd, 0, 0x38];
/// A block that says: 128 Ki times the byte that follows, a space.
const ZSTD_SPACES: [u8; 4] = [0x02, 0x00, 0x10, b' '];
/// The same once more, marked as the last.
const ZSTD_TAIL: [u8; 4] = [0x03, 0x00, 0x10, b' '];
