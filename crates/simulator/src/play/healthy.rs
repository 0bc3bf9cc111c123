//! Answers without fault.
use super::reel::{Shot, reel};
use super::scene::Scene;
use super::step::{Play, Step, once};
use crate::response::{Body, LAST_CHUNK, chunk};

/// Answers as asked: whole or as a stream.
pub(super) fn answer(scene: &Scene) -> Play {
    if scene.ask.stream { stream(scene, reel(scene), scene.script.chunk_ms) } else { whole(scene) }
}

/// Answers with one body.
pub(super) fn whole(scene: &Scene) -> Play {
    let body = scene.whole();
    let mut response = Vec::with_capacity(body.len() + 256);
    scene.head(Body::Length(body.len())).write(&mut response);
    response.extend(body);
    once([Step::Write(response)])
}

/// Sends `shots` with a gap between each two, and ends the body in order.
pub(super) fn stream(
    scene: &Scene,
    shots: impl Iterator<Item = Shot> + Send + 'static,
    gap_ms: u64,
) -> Play {
    let framing = scene.open_framing();
    let head = Step::Write(scene.written_head(framing));
    let steps = film(shots, framing, gap_ms);
    Box::new(std::iter::once(head).chain(steps).chain([end(framing)]))
}

/// Turns shots into steps: each framed, with a gap between each two.
pub(super) fn film(
    shots: impl Iterator<Item = Shot> + Send + 'static,
    framing: Body,
    gap_ms: u64,
) -> impl Iterator<Item = Step> + Send {
    shots.enumerate().flat_map(move |(at, shot)| {
        let gap = Step::Wait(if at == 0 { 0 } else { gap_ms });
        let mut bytes = shot.bytes;
        if framing == Body::Chunked {
            let mut framed = Vec::with_capacity(bytes.len() + 12);
            chunk(&bytes, &mut framed);
            bytes = framed;
        }
        [gap, if shot.has_content { Step::Content(bytes) } else { Step::Write(bytes) }]
    })
}

/// What ends a body in order.
pub(super) fn end(framing: Body) -> Step {
    match framing {
        Body::Chunked => Step::Write(LAST_CHUNK.to_vec()),
        Body::Length(_) | Body::UntilClose | Body::Unsaid => Step::Close,
    }
}
