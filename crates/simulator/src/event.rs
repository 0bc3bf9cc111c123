//! An answer as a stream: the steps that every dialect writes in its own way.
use crate::answer::{Answer, Choice, Finish};
use std::collections::VecDeque;

/// One step of a streamed answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// A choice opens, without content.
    Start {
        choice: u32,
    },
    Reasoning {
        choice: u32,
        text: Box<str>,
    },
    Text {
        choice: u32,
        text: Box<str>,
    },
    /// A call of a tool begins; `index` counts the calls of its choice.
    Call {
        choice: u32,
        index: u32,
        number: u64,
        name: Box<str>,
    },
    Arguments {
        choice: u32,
        index: u32,
        fragment: Box<str>,
    },
    /// `None` where a fault takes the reason away.
    Finish {
        choice: u32,
        finish: Option<Finish>,
    },
    /// Every choice is finished: time to report usage.
    Usage,
    /// The dialect's last word.
    End,
}

impl Event {
    /// Whether it carries something that a caller shows or acts on.
    pub(crate) fn has_content(&self) -> bool {
        matches!(
            self,
            Event::Reasoning { .. }
                | Event::Text { .. }
                | Event::Call { .. }
                | Event::Arguments { .. }
        )
    }
}

/// The steps of `answer`; those of several choices take turns, as they do in the field.
pub(crate) fn events(answer: &Answer) -> Vec<Event> {
    let mut choices: Vec<VecDeque<Event>> =
        (0..).zip(&answer.choices).map(|(index, choice)| choice_events(index, choice)).collect();
    let mut events = Vec::with_capacity(choices.iter().map(VecDeque::len).sum::<usize>() + 2);
    while !choices.is_empty() {
        events.extend(choices.iter_mut().filter_map(VecDeque::pop_front));
        choices.retain(|choice| !choice.is_empty());
    }
    events.extend([Event::Usage, Event::End]);
    events
}

fn choice_events(choice: u32, said: &Choice) -> VecDeque<Event> {
    let mut events = VecDeque::from([Event::Start { choice }]);
    let boxed = |text: &str| text.to_owned().into_boxed_str();
    events
        .extend(said.reasoning.pieces().map(|text| Event::Reasoning { choice, text: boxed(text) }));
    events.extend(said.text.pieces().map(|text| Event::Text { choice, text: boxed(text) }));
    for (index, call) in (0..).zip(&said.calls) {
        events.push_back(Event::Call {
            choice,
            index,
            number: call.number,
            name: boxed(&call.name),
        });
        events.extend(call.arguments.pieces().map(|piece| Event::Arguments {
            choice,
            index,
            fragment: boxed(piece),
        }));
    }
    events.push_back(Event::Finish { choice, finish: said.finish });
    events
}
