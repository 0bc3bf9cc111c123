//! Streams of events that bend or break the format, or go on after their end.
use super::healthy;
use super::reel::{Shot, of_events, reel};
use super::scene::Scene;
use super::step::Play;
use crate::event::Event;
use crate::fault::MalformedSse;

/// A stream that bends or breaks the format of events. A whole answer is not touched.
pub(super) fn malformed(mut scene: Scene, how: MalformedSse, bytes: usize) -> Play {
    if !scene.ask.stream {
        return healthy::answer(&scene);
    }
    if how == MalformedSse::LongLine {
        for choice in &mut scene.answer.choices {
            choice.text.whole = "x".repeat(bytes / scene.ask.choices.max(1) as usize);
        }
    }
    let shots = reel(&scene)
        .enumerate()
        .map(move |(at, shot)| Shot { bytes: bend(how, bytes, at, shot.bytes), ..shot });
    healthy::stream(&scene, shots, scene.script.chunk_ms)
}

/// A stream that goes on after `[DONE]`: with the last word `twice`, or with more content.
pub(super) fn after_done(scene: &Scene, twice: bool) -> Play {
    let more = if twice { Event::End } else { Event::Text { choice: 0, text: "late".into() } };
    let late =
        of_events(scene, std::iter::once(more)).map(|shot| Shot { has_content: false, ..shot });
    if scene.ask.stream {
        healthy::stream(scene, reel(scene).chain(late), scene.script.chunk_ms)
    } else {
        healthy::answer(scene)
    }
}

/// Bends the event at place `at` of the stream.
fn bend(how: MalformedSse, size: usize, at: usize, event: Vec<u8>) -> Vec<u8> {
    match how {
        MalformedSse::CrOnly => replace_line_feeds(&event, b"\r"),
        MalformedSse::CrLf => replace_line_feeds(&event, b"\r\n"),
        MalformedSse::Bom if at == 0 => [b"\xef\xbb\xbf", &event[..]].concat(),
        MalformedSse::Nul => [b"\0\0\0\n", &event[..]].concat(),
        MalformedSse::CommentFlood if at == 0 => {
            let comment = b": keep-alive\n\n";
            [comment.repeat(size / comment.len()), event].concat()
        }
        MalformedSse::NoColon => [b"a line without its mark\n", &event[..]].concat(),
        MalformedSse::NoPrefix => event.strip_prefix(b"data: ").unwrap_or(&event).to_vec(),
        MalformedSse::Bom | MalformedSse::CommentFlood | MalformedSse::LongLine => event,
    }
}

fn replace_line_feeds(event: &[u8], end: &[u8]) -> Vec<u8> {
    event.split(|byte| *byte == b'\n').collect::<Vec<_>>().join(end)
}
