//! A streamed answer as the shots it is made of.
use super::scene::Scene;
use crate::event::{Event, events};
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
