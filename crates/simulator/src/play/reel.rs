//! A streamed answer as the shots it is made of, and what can be wrong with them.
use super::{Play, Scene, healthy};
use crate::event::{Event, events};
use crate::fault::MalformedSse;
use crate::wire::StreamWriter;

/// What one step of an answer is on the wire.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Shot {
    pub(super) bytes: Vec<u8>,
    pub(super) has_content: bool,
    /// It belongs to the end: a finish, the usage or the last word.
    pub(super) is_closing: bool,
}

/// Writes events as they are asked for.
struct Reel<I> {
    events: I,
    writer: Box<dyn StreamWriter>,
}

impl<I: Iterator<Item = Event>> Iterator for Reel<I> {
    type Item = Shot;

    fn next(&mut self) -> Option<Shot> {
        loop {
            let event = self.events.next()?;
            let mut bytes = Vec::with_capacity(320);
            self.writer.write(&event, &mut bytes);
            if !bytes.is_empty() {
                let is_closing = matches!(event, Event::Finish { .. } | Event::Usage | Event::End);
                return Some(Shot { bytes, has_content: event.has_content(), is_closing });
            }
        }
    }
}

/// The shots of the scene's answer.
pub(super) fn reel(scene: &Scene) -> impl Iterator<Item = Shot> + Send + use<> {
    of_events(scene, events(&scene.answer).into_iter())
}

/// The shots of `events`, as the scene's answer.
pub(super) fn of_events<I: Iterator<Item = Event> + Send>(
    scene: &Scene,
    events: I,
) -> impl Iterator<Item = Shot> + Send + use<I> {
    Reel { events, writer: scene.wire.stream(scene.ask, &scene.answer, scene.script) }
}

/// The shots of the answer before content number `contents`, counted from zero, or its end.
pub(super) fn before(scene: &Scene, contents: u32) -> impl Iterator<Item = Shot> + Send + use<> {
    let mut left = contents;
    reel(scene).take_while(move |shot| {
        if shot.is_closing || (shot.has_content && left == 0) {
            return false;
        }
        left -= u32::from(shot.has_content);
        true
    })
}

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
