//! Faults in the middle of an answer.
use super::healthy::{end, film};
use super::reel::{Shot, before, of_events, reel};
use super::scene::Scene;
use super::step::{Play, Step, once};
use super::{healthy, refusal};
use crate::draw::Draws;
use crate::event::Event;
use crate::fault::CutInside;
use crate::response::Body;
use crate::words;

/// So much of the answer, then `last`. A whole answer stops at half its body.
pub(super) fn part(scene: &Scene, after_chunks: u32, last: Step) -> Play {
    if !scene.ask.stream {
        let body = scene.whole();
        let mut response = scene.written_head(Body::Length(body.len()));
        response.extend(&body[..body.len() / 2]);
        return once([Step::Write(response), last]);
    }
    let framing = scene.open_framing();
    let head = Step::Write(scene.written_head(framing));
    let shots = film(before(scene, after_chunks), framing, scene.script.chunk_ms);
    Box::new(std::iter::once(head).chain(shots).chain([last]))
}

/// So much of the answer, with HTTP in order. A whole answer is half a document.
pub(super) fn clean_part(scene: &Scene, after_chunks: u32) -> Play {
    if scene.ask.stream {
        part(scene, after_chunks, end(scene.open_framing()))
    } else {
        half_document(scene)
    }
}

/// An error event, after so much of the answer or before all of it, then the end of the stream.
pub(super) fn error(scene: &Scene, after_chunks: Option<u32>, code: u16) -> Play {
    if !scene.ask.stream {
        return refusal::error_in_body(scene, code);
    }
    let bytes = scene.wire.error_event(&refusal::inner_error(code));
    let event = Shot { bytes, has_content: false, is_closing: true };
    let first = after_chunks.map(|contents| before(scene, contents));
    let shots = first.into_iter().flatten().chain([event]);
    let framing = scene.open_framing();
    let head = Step::Write(scene.written_head(framing));
    let film = film(shots, framing, scene.script.chunk_ms);
    Box::new(std::iter::once(head).chain(film).chain([end(framing)]))
}

/// So much of the answer, then a piece of the next event.
pub(super) fn cut(mut scene: Scene, after_chunks: u32, inside: CutInside, clean: bool) -> Play {
    if !scene.ask.stream {
        return if clean { half_document(&scene) } else { part(&scene, 0, Step::Close) };
    }
    if inside == CutInside::Utf8 {
        for choice in &mut scene.answer.choices {
            let marked: String = choice.text.pieces().map(|piece| format!("🙂{piece}")).collect();
            choice.text.whole = marked;
        }
    }
    let mut contents_left = after_chunks;
    let mut done = false;
    let shots = reel(&scene).map_while(move |shot| {
        if done {
            return None;
        }
        done = shot.is_closing || (shot.has_content && contents_left == 0);
        contents_left -= u32::from(shot.has_content && !done);
        Some(if done { torn(shot, inside) } else { shot })
    });
    let framing = scene.open_framing();
    let head = Step::Write(scene.written_head(framing));
    let last = if clean { end(framing) } else { Step::Close };
    let film = film(shots, framing, scene.script.chunk_ms);
    Box::new(std::iter::once(head).chain(film).chain([last]))
}

/// The answer, slowly: chunk by chunk, or 64 bytes at a time.
pub(super) fn drip(scene: &Scene, chunk_ms: u64) -> Play {
    if scene.ask.stream {
        return healthy::stream(scene, reel(scene), chunk_ms);
    }
    let body = scene.whole();
    let head = Step::Write(scene.written_head(Body::Length(body.len())));
    let pieces: Vec<Step> = body
        .chunks(64)
        .flat_map(|piece| [Step::Wait(chunk_ms), Step::Write(piece.to_vec())])
        .collect();
    Box::new(std::iter::once(head).chain(pieces))
}

/// Words without end.
pub(super) fn infinite(mut scene: Scene, gap_ms: u64) -> Play {
    let mut draws = Draws::new(scene.script.seed);
    let framing = scene.open_framing();
    let head = Step::Write(scene.written_head(framing));
    let mut said = move || format!("{} ", words::word(&mut draws));
    if scene.ask.stream {
        let events = std::iter::once(Event::Start { choice: 0 })
            .chain((0_u64..).map(move |_| Event::Text { choice: 0, text: said().into() }));
        let shots = of_events(&scene, events);
        return Box::new(std::iter::once(head).chain(film(shots, framing, gap_ms)));
    }
    for choice in &mut scene.answer.choices {
        ENDLESS.clone_into(&mut choice.text.whole);
        choice.calls.clear();
    }
    let mut opening = scene.whole();
    let text_at = opening.windows(ENDLESS.len()).position(|bytes| bytes == ENDLESS.as_bytes());
    opening.truncate(text_at.unwrap_or(0));
    let opening = Shot { bytes: opening, ..Shot::default() };
    let more = (0_u64..).map(move |_| Shot { bytes: said().into_bytes(), ..Shot::default() });
    let shots = std::iter::once(opening).chain(more);
    Box::new(std::iter::once(head).chain(film(shots, framing, gap_ms)))
}

/// Marks where in a whole answer the text stands; no word of the simulator's.
const ENDLESS: &str = "endless-text-begins-here";

/// Half a document, whose length HTTP confirms.
fn half_document(scene: &Scene) -> Play {
    let mut body = scene.whole();
    body.truncate(body.len() / 2);
    let mut response = scene.written_head(Body::Length(body.len()));
    response.extend(body);
    once([Step::Write(response)])
}

/// The first part of an event.
fn torn(mut shot: Shot, inside: CutInside) -> Shot {
    let length = shot.bytes.len();
    let face = shot.bytes.windows(4).position(|bytes| bytes == "🙂".as_bytes());
    let keep = match (inside, face) {
        (CutInside::BlankLine, _) => length - 1,
        (CutInside::Utf8, Some(at)) => at + 2,
        (CutInside::Json | CutInside::Utf8, _) => length / 2,
    };
    shot.bytes.truncate(keep);
    Shot { has_content: false, ..shot }
}
