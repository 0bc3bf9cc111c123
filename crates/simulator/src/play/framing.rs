//! Bodies whose length HTTP misstates.
use super::reel::reel;
use super::scene::Scene;
use super::step::{Play, Step, once};
use crate::fault::ContentLength;
use crate::response::{Body, LAST_CHUNK, chunk};

/// The answer under a length that is not its own, then the end of the connection.
pub(super) fn content_length(scene: &Scene, how: ContentLength) -> Play {
    let body = body(scene);
    let claimed = match how {
        ContentLength::Short => body.len() / 2,
        ContentLength::Long => body.len() + 100,
        ContentLength::Duplicate => body.len(),
    };
    let mut response = Vec::with_capacity(body.len() + 256);
    scene.head(Body::Length(claimed)).open(&mut response);
    if how == ContentLength::Duplicate {
        response.extend(format!("content-length: {}\r\n", body.len() + 1).into_bytes());
    }
    response.extend(b"\r\n");
    response.extend(body);
    once([Step::Write(response), Step::Close])
}

/// The answer in chunks, under a length as well.
pub(super) fn length_and_chunked(scene: &Scene) -> Play {
    let body = body(scene);
    let mut response = Vec::with_capacity(body.len() + 256);
    scene.head(Body::Length(body.len())).open(&mut response);
    response.extend(b"transfer-encoding: chunked\r\n\r\n");
    chunk(&body, &mut response);
    response.extend(LAST_CHUNK);
    once([Step::Write(response)])
}

/// A chunk whose size does not fit 64 bits.
pub(super) fn chunk_overflow(scene: &Scene) -> Play {
    let mut response = scene.written_head(Body::Chunked);
    response.extend(b"fffffffffffffffff0\r\n");
    response.extend(body(scene));
    once([Step::Write(response), Step::Close])
}

fn body(scene: &Scene) -> Vec<u8> {
    if scene.ask.stream { reel(scene).flat_map(|shot| shot.bytes).collect() } else { scene.whole() }
}
