//! Answers that go through the house's own form: gathered from events, or turned into them.

use bytes::Bytes;
use domain::answer::Answer;
use domain::event::{Delta, Event, FinishReason};
use domain::failure::{Failure, FailureKind};

use crate::dialect::{ClientDialect, Face, StreamDecoder, StreamEncoder};
use crate::exchange::{Collector, Observed, Receipt, Step, StreamAnswer, WholeAnswer};
use crate::heal::heal;

/// The largest answer that is gathered.
const ANSWER_BYTES_MAX: u64 = 32 << 20;

/// Takes note of what an event shows.
pub(crate) fn observe(observed: &mut Observed, event: &Event) {
    match event {
        Event::Named { upstream_id } => observed.upstream_id = Some(upstream_id.clone()),
        Event::Delta { choice, delta } => {
            match delta {
                Delta::ToolCallStart { index, name, .. } => {
                    observed.called.begin(*choice, *index, name);
                }
                Delta::ToolCallArgs { index, json } => observed.called.grow(*choice, *index, json),
                _ => (),
            }
            let said = match delta {
                Delta::Text(text) | Delta::Reasoning(text) | Delta::Refusal(text) => text,
                Delta::ToolCallStart { name, .. } => name,
                Delta::ToolCallArgs { json, .. } => json,
                Delta::ReasoningDetail(detail) => {
                    let text = detail.get("text").or_else(|| detail.get("summary"));
                    text.and_then(|text| text.as_str()).unwrap_or_default()
                }
                Delta::Image { .. } => {
                    observed.images = observed.images.saturating_add(1);
                    ""
                }
                Delta::Audio(_) | Delta::Annotation(_) | Delta::Logprobs(_) => "",
            };
            observed.content_bytes += said.len() as u64;
            observed.said.hear(said);
        }
        Event::Finish { reason, native, .. } => {
            observed.finish = reason.or(observed.finish);
            observed.native_finish = native.clone().or_else(|| observed.native_finish.take());
        }
        Event::Used(usage) => observed.usage = *usage,
        Event::Extra { .. } => (),
    }
}

/// Ends an answer of one choice that the house cut off for its length.
pub(crate) fn cut_short(
    encoder: &mut dyn StreamEncoder,
    observed: &mut Observed,
    out: &mut Vec<u8>,
) {
    let reason = Some(FinishReason::Length);
    encoder.push(&Event::Finish { choice: 0, reason, native: None }, out);
    observed.finish = reason;
}

/// Forgets a count that leaves out what was seen.
pub(crate) fn settle(observed: &mut Observed) {
    let silent = observed.usage.is_some_and(|usage| usage.output == 0);
    if silent && observed.content_bytes != 0 {
        observed.usage = None;
    }
}

/// Returns whether a caller sees anything of an event.
pub(crate) fn shows(event: &Event, face: &Face) -> bool {
    match event {
        Event::Delta { delta, .. } => {
            let thinks = matches!(delta, Delta::Reasoning(_) | Delta::ReasoningDetail(_));
            !(thinks && face.hides_thinking)
        }
        Event::Finish { .. } => true,
        Event::Named { .. } | Event::Used(_) | Event::Extra { .. } => false,
    }
}

/// Gathers a stream into a whole answer.
pub(crate) struct Gathering {
    client: &'static dyn ClientDialect,
    face: Face,
    decoder: Box<dyn StreamDecoder>,
    answer: Answer,
    observed: Observed,
    bytes: u64,
    done: bool,
}

impl Gathering {
    pub(crate) fn new(
        client: &'static dyn ClientDialect,
        face: Face,
        decoder: Box<dyn StreamDecoder>,
    ) -> Gathering {
        Gathering {
            client,
            face,
            decoder,
            answer: Answer::default(),
            observed: Observed::default(),
            bytes: 0,
            done: false,
        }
    }

    /// Adds events to the answer. Returns the furthest step among them.
    fn take(&mut self, events: Vec<Event>) -> Step {
        let mut step = Step::Quiet;
        for event in events {
            observe(&mut self.observed, &event);
            if shows(&event, &self.face) {
                step = Step::Content;
            }
            self.answer.take(event);
        }
        step
    }
}

impl Collector for Gathering {
    fn push(&mut self, bytes: &[u8]) -> Result<Step, Failure> {
        self.bytes += bytes.len() as u64;
        if ANSWER_BYTES_MAX < self.bytes {
            let detail = "The provider's answer is too large.";
            return Err(Failure::upstream(FailureKind::ProviderUnavailable, detail));
        }
        let mut events = Vec::new();
        let done = self.decoder.push(bytes, &mut events);
        let step = self.take(events);
        self.done = done?;
        Ok(if self.done { Step::Done } else { step })
    }

    fn observed(&self) -> &Observed {
        &self.observed
    }

    fn finish(mut self: Box<Self>) -> Result<Box<dyn WholeAnswer>, Failure> {
        if !self.done {
            let mut events = Vec::new();
            let ended = self.decoder.end(&mut events);
            self.take(events);
            ended?;
        }
        settle(&mut self.observed);
        self.answer.usage = self.observed.usage;
        if self.face.heals {
            heal(&mut self.answer);
        }
        let Gathering { client, face, answer, observed, .. } = *self;
        Ok(Box::new(Gathered { client, face, answer, observed }))
    }
}

/// A whole answer in the house's form.
pub(crate) struct Gathered {
    client: &'static dyn ClientDialect,
    face: Face,
    answer: Answer,
    observed: Observed,
}

impl Gathered {
    pub(crate) fn new(
        client: &'static dyn ClientDialect,
        face: Face,
        mut answer: Answer,
    ) -> Gathered {
        if face.heals {
            heal(&mut answer);
        }
        let mut observed = Observed::default();
        answer.clone().into_events().iter().for_each(|event| observe(&mut observed, event));
        settle(&mut observed);
        Gathered { client, face, answer, observed }
    }
}

impl WholeAnswer for Gathered {
    fn observed(&self) -> &Observed {
        &self.observed
    }

    fn render(self: Box<Self>, receipt: &Receipt) -> Bytes {
        Bytes::from(self.client.encode_answer(&self.answer, &self.face, receipt))
    }

    fn render_stream(self: Box<Self>, receipt: &Receipt) -> Bytes {
        let mut encoder = self.client.stream_encoder(&self.face);
        let mut out = Vec::new();
        for event in self.answer.into_events() {
            encoder.push(&event, &mut out);
        }
        encoder.close(receipt, &mut out);
        Bytes::from(out)
    }
}

/// A stream that passes through the house's form.
pub(crate) struct Translating {
    face: Face,
    decoder: Box<dyn StreamDecoder>,
    encoder: Box<dyn StreamEncoder>,
    observed: Observed,
    events: Vec<Event>,
    done: bool,
}

impl Translating {
    pub(crate) fn new(
        client: &'static dyn ClientDialect,
        face: Face,
        decoder: Box<dyn StreamDecoder>,
    ) -> Translating {
        let encoder = client.stream_encoder(&face);
        Translating {
            face,
            decoder,
            encoder,
            observed: Observed::default(),
            events: Vec::new(),
            done: false,
        }
    }

    fn pass(&mut self, out: &mut Vec<u8>) -> Step {
        let mut step = Step::Quiet;
        for event in self.events.drain(..) {
            observe(&mut self.observed, &event);
            if shows(&event, &self.face) {
                step = Step::Content;
            }
            self.encoder.push(&event, out);
        }
        step
    }
}

impl StreamAnswer for Translating {
    fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<Step, Failure> {
        if self.done {
            return Ok(Step::Done);
        }
        let done = self.decoder.push(bytes, &mut self.events);
        let step = self.pass(out);
        self.done = done?;
        if self.done {
            settle(&mut self.observed);
        }
        Ok(if self.done { Step::Done } else { step })
    }

    fn end(&mut self, out: &mut Vec<u8>) -> Result<(), Failure> {
        if !self.done {
            let ended = self.decoder.end(&mut self.events);
            self.pass(out);
            ended?;
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
}
