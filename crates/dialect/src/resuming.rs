//! A stream that may change its source and stays one.

use domain::answer::Answer;
use domain::event::{Delta, Event};
use domain::failure::Failure;

use crate::dialect::{ClientDialect, Face, StreamDecoder, StreamEncoder};
use crate::exchange::{Continuation, Delivered, Observed, Receipt, Step, StreamAnswer};
use crate::gather::{cut_short, observe, settle, shows};
use crate::joint::{Joint, Manner};

/// The most text that is remembered to be continued.
const REMEMBERED_MAX: usize = 4 << 20;

/// A stream that may change its source.
pub(crate) struct Resuming {
    face: Face,
    decoder: Box<dyn StreamDecoder>,
    encoder: Box<dyn StreamEncoder>,
    observed: Observed,
    /// What the caller has.
    delivered: Answer,
    /// Tool calls that are under way: they are shown when they are whole.
    calls: Vec<Event>,
    /// What was delivered is no text alone, or more than is remembered.
    is_final: bool,
    text: Option<Joint>,
    reasoning: Option<Joint>,
    done: bool,
}

impl Resuming {
    /// Begins a stream. `may_resume`: the request lets it be continued.
    pub(crate) fn new(
        client: &'static dyn ClientDialect,
        face: Face,
        decoder: Box<dyn StreamDecoder>,
        may_resume: bool,
    ) -> Resuming {
        let encoder = client.stream_encoder(&face);
        Resuming {
            face,
            decoder,
            encoder,
            observed: Observed::default(),
            delivered: Answer::default(),
            calls: Vec::new(),
            is_final: !may_resume,
            text: None,
            reasoning: None,
            done: false,
        }
    }

    /// Passes events on. Returns the furthest step among them.
    fn pass(&mut self, events: Vec<Event>, out: &mut Vec<u8>) -> Step {
        let mut step = Step::Quiet;
        for event in events {
            observe(&mut self.observed, &event);
            let is_call = matches!(
                event,
                Event::Delta {
                    delta: Delta::ToolCallStart { .. } | Delta::ToolCallArgs { .. },
                    ..
                }
            );
            if is_call && !self.is_final {
                self.calls.push(event);
                continue;
            }
            if matches!(event, Event::Finish { .. }) {
                step = step.max(self.finish(out));
            }
            let Some(event) = self.joined(event) else { continue };
            step = step.max(self.show(event, out));
        }
        step
    }

    /// Shows what waited for the end.
    fn finish(&mut self, out: &mut Vec<u8>) -> Step {
        let mut step = Step::Quiet;
        let ended = |joint: &mut Option<Joint>| joint.take().map(|mut it| it.end());
        let reasoning = ended(&mut self.reasoning).map(Delta::Reasoning);
        let text = ended(&mut self.text).map(Delta::Text);
        for delta in [reasoning, text].into_iter().flatten().filter(is_something) {
            step = step.max(self.show(Event::Delta { choice: 0, delta }, out));
        }
        for call in std::mem::take(&mut self.calls) {
            step = step.max(self.show(call, out));
        }
        step
    }

    fn show(&mut self, event: Event, out: &mut Vec<u8>) -> Step {
        let step = if shows(&event, &self.face) { Step::Content } else { Step::Quiet };
        self.encoder.push(&event, out);
        self.remember(event);
        step
    }

    /// Takes out of an event what was delivered before the break.
    fn joined(&mut self, event: Event) -> Option<Event> {
        let Event::Delta { choice, delta } = event else { return Some(event) };
        let delta = match (delta, &mut self.text, &mut self.reasoning) {
            (Delta::Text(text), Some(joint), _) => Delta::Text(joint.push(&text)),
            // Thinking that led to a text is not shown a second time.
            (Delta::Reasoning(_) | Delta::ReasoningDetail(_), Some(_), _) => return None,
            (Delta::Reasoning(text), None, Some(joint)) => Delta::Reasoning(joint.push(&text)),
            (Delta::ReasoningDetail(detail), None, Some(joint)) => {
                // Its signature belongs to the whole piece, and the caller has the half of another.
                let text = detail["text"].as_str().or_else(|| detail["summary"].as_str())?;
                Delta::Reasoning(joint.push(text))
            }
            (delta, ..) => delta,
        };
        is_something(&delta).then_some(Event::Delta { choice, delta })
    }

    fn remember(&mut self, event: Event) {
        let (is_text, grows) = match &event {
            Event::Delta { choice: 0, delta: Delta::Text(_) | Delta::Reasoning(_) } => (true, true),
            Event::Delta { choice: 0, delta: Delta::ReasoningDetail(detail) } => {
                let is_open = detail.get("data").is_none();
                (is_open, is_open)
            }
            Event::Delta { .. } | Event::Finish { .. } => (false, false),
            Event::Named { .. } | Event::Used(_) | Event::Extra { .. } => (true, false),
        };
        self.is_final |= !is_text || (REMEMBERED_MAX as u64) < self.observed.content_bytes;
        if grows && !self.is_final {
            self.delivered.take(event);
        }
    }
}

fn is_something(delta: &Delta) -> bool {
    !matches!(delta, Delta::Text(text) | Delta::Reasoning(text) if text.is_empty())
}

impl StreamAnswer for Resuming {
    fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<Step, Failure> {
        if self.done {
            return Ok(Step::Done);
        }
        let mut events = Vec::new();
        let done = self.decoder.push(bytes, &mut events);
        let step = self.pass(events, out);
        self.done = done?;
        if self.done {
            self.finish(out);
            settle(&mut self.observed);
        }
        Ok(if self.done { Step::Done } else { step })
    }

    fn end(&mut self, out: &mut Vec<u8>) -> Result<(), Failure> {
        if !self.done {
            let mut events = Vec::new();
            let ended = self.decoder.end(&mut events);
            self.pass(events, out);
            ended?;
            self.finish(out);
        }
        settle(&mut self.observed);
        Ok(())
    }

    fn observed(&self) -> &Observed {
        &self.observed
    }

    fn close(&mut self, receipt: &Receipt, out: &mut Vec<u8>) {
        self.encoder.close(receipt, out);
    }

    fn fail(&mut self, failure: &Failure, out: &mut Vec<u8>) {
        self.encoder.fail(failure, out);
    }

    fn cut(&mut self, out: &mut Vec<u8>) -> bool {
        cut_short(&mut *self.encoder, &mut self.observed, out);
        true
    }

    fn delivered(&self) -> Option<Delivered> {
        if self.is_final || self.done {
            return None;
        }
        let choice = self.delivered.choices.first();
        let id = self.face.stamp.id.clone();
        let nothing = Delivered { id: id.clone(), ..Delivered::default() };
        Some(choice.map_or(nothing, |choice| {
            let details = choice.reasoning_details.iter();
            let told = details.filter_map(|it| it["text"].as_str().or(it["summary"].as_str()));
            Delivered {
                id,
                text: choice.text.clone(),
                reasoning: choice.reasoning.clone() + &told.collect::<String>(),
            }
        }))
    }

    fn take_over(&mut self, from: Continuation) {
        let Some(Delivered { text, reasoning, .. }) = self.delivered() else { return };
        let Continuation { manner, decoder, .. } = from;
        self.decoder = decoder;
        self.calls.clear();
        // What was used is counted anew: the first part is settled by itself.
        self.observed = Observed::default();
        self.reasoning = (!reasoning.is_empty()).then(|| Joint::new(reasoning, Manner::Words));
        self.text = (!text.is_empty()).then(|| Joint::new(text, manner));
    }
}
