//! Faults below the answer: headers that are late, endless or too many, closes that go unheard.
use super::healthy;
use super::reel::reel;
use super::scene::{JSON, Scene};
use super::step::{Play, Step, once};
use crate::response::{Body, Head};

/// Headers, one byte at a time; what follows them is the answer.
pub(super) fn header_drip(scene: &Scene, byte_ms: u64) -> Play {
    let body = scene.whole();
    let head = scene.written_head(Body::Length(body.len()));
    let drip =
        head.into_iter().flat_map(move |byte| [Step::Wait(byte_ms), Step::Write(vec![byte])]);
    Box::new(drip.chain([Step::Write(body)]))
}

/// Headers as of an answer, then nothing.
pub(super) fn headers_then_silence(scene: &Scene) -> Play {
    let framing = if scene.ask.stream { scene.open_framing() } else { Body::Length(1_000) };
    once([Step::Write(scene.written_head(framing)), Step::Hang])
}

/// Headers without end.
pub(super) fn infinite_headers(scene: &Scene) -> Play {
    let mut open = Vec::new();
    scene.head(Body::Unsaid).open(&mut open);
    let more =
        (0_u64..).map(|at| Step::Write(format!("x-filler-{at}: {:064}\r\n", at).into_bytes()));
    Box::new(std::iter::once(Step::Write(open)).chain(more))
}

/// The answer, behind one header of `bytes` bytes.
pub(super) fn big_header(scene: &Scene, bytes: usize) -> Play {
    let body = scene.whole();
    let mut response = Vec::with_capacity(body.len() + bytes + 256);
    let head = Head { content_type: JSON, ..scene.head(Body::Length(body.len())) };
    head.open(&mut response);
    response.extend(b"x-filler: ");
    response.resize(response.len() + bytes, b'x');
    response.extend(b"\r\n\r\n");
    response.extend(body);
    once([Step::Write(response)])
}

/// `count` interim responses, then the answer.
pub(super) fn many_interim(scene: &Scene, count: u32) -> Play {
    let hint = b"HTTP/1.1 103 Early Hints\r\nlink: </>; rel=preconnect\r\n\r\n";
    let hints = (0..count).map(|_| Step::Write(hint.to_vec()));
    Box::new(hints.chain(healthy::answer(scene)))
}

/// The answer's head and first words, again and again, whether the caller is there or not.
pub(super) fn ignore_close(scene: &Scene, gap_ms: u64) -> Play {
    let framing = scene.open_framing();
    let head = Step::Write(scene.written_head(framing));
    let first = reel(scene).take(1);
    let more = (0_u64..).flat_map(move |_| [Step::WaitBlindly(gap_ms), keep_alive(framing)]);
    Box::new(std::iter::once(head).chain(healthy::film(first, framing, 0)).chain(more))
}

fn keep_alive(framing: Body) -> Step {
    let comment = b": keep-alive\n\n";
    if framing != Body::Chunked {
        return Step::Write(comment.to_vec());
    }
    let mut framed = Vec::new();
    crate::response::chunk(comment, &mut framed);
    Step::Write(framed)
}
