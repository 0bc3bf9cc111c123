//! Answers of endpoints whose provider is not told: what of them a caller may see.
//!
//! Such an answer always goes through the house's own form, and of that only what the model itself
//! says goes on: text, thinking, calls of tools, images and speech. Everything by which a provider
//! could be told is left out, or put in the house's words: ids, counts, its word for why an answer
//! ended, signatures, probabilities of tokens, citations, fields beside the choices, and all that
//! it says of a failure.

use domain::answer::Answer;
use domain::catalog::{Endpoint, VEILED_PARAMETERS};
use domain::chat::ChatRequest;
use domain::event::{Delta, Event};
use domain::failure::{Failure, FailureKind, Fault, Retry};
use serde_json::{Map, Value};

use crate::contract::{self, Fate};
use crate::dialect::StreamDecoder;

/// Returns what becomes of an optional parameter where the provider is not told: `own` is what
/// becomes of it in the provider's dialect.
pub(crate) fn fate(name: &str, endpoint: &Endpoint, own: Fate) -> Fate {
    let stays = !endpoint.veiled || VEILED_PARAMETERS.contains(&name);
    if stays { own } else { Fate::Drop }
}

/// Takes out of a request what an endpoint is not sent whose provider is not told, and names it.
pub(crate) fn keep(chat: &mut ChatRequest, fate: impl Fn(&str) -> Fate) {
    contract::keep(chat, fate);
    let ChatRequest { extra, dropped, .. } = chat;
    dropped.extend(extra.keys().cloned());
    extra.clear();
}

/// What the answers of a generation are told by whose provider is not.
#[derive(Clone, Debug)]
pub(crate) struct Veil {
    /// The generation.
    id: String,
}

impl Veil {
    /// Returns the veil over the answer to a generation.
    pub(crate) fn new(id: &str) -> Veil {
        let word = |letter: char| letter.is_ascii_alphanumeric();
        Veil { id: id.chars().filter(|it| word(*it)).take(40).collect() }
    }

    /// Returns a whole answer as its caller may see it.
    pub(crate) fn answer(&self, own: Answer) -> Answer {
        let mut told = Answer::default();
        own.into_events().into_iter().filter_map(|it| self.event(it)).for_each(|it| told.take(it));
        told
    }

    /// Returns a step of an answer as its caller may see it, if at all.
    fn event(&self, own: Event) -> Option<Event> {
        match own {
            Event::Delta { choice, delta } => {
                let delta = self.delta(choice, delta)?;
                Some(Event::Delta { choice, delta })
            }
            Event::Finish { choice, reason, .. } => {
                let native = reason.map(|reason| reason.word().to_owned());
                Some(Event::Finish { choice, reason, native })
            }
            Event::Named { .. } | Event::Used(_) | Event::Extra { .. } => None,
        }
    }

    fn delta(&self, choice: u32, own: Delta) -> Option<Delta> {
        match own {
            Delta::Text(_) | Delta::Reasoning(_) | Delta::Refusal(_) => Some(own),
            Delta::ReasoningDetail(detail) => {
                let said = detail.get("text").or_else(|| detail.get("summary"));
                let said = said.and_then(Value::as_str).filter(|text| !text.is_empty());
                said.map(|text| Delta::Reasoning(text.to_owned()))
            }
            // The caller sends it back with what the tool said: to a provider any id is as good.
            Delta::ToolCallStart { index, name, .. } => {
                let id = format!("call_{}_{choice}_{index}", self.id);
                Some(Delta::ToolCallStart { index, id, name })
            }
            Delta::ToolCallArgs { .. } => Some(own),
            Delta::Image { url } => image(&url).map(|url| Delta::Image { url }),
            Delta::Audio(audio) => self.audio(&audio).map(Delta::Audio),
            Delta::Annotation(_) | Delta::Logprobs(_) => None,
        }
    }

    /// Returns a piece of speech with nothing but what is heard.
    fn audio(&self, own: &Value) -> Option<Value> {
        let mut told = Map::new();
        for name in ["data", "transcript"] {
            if let Some(said @ Value::String(_)) = own.get(name) {
                told.insert(name.to_owned(), said.clone());
            }
        }
        if told.is_empty() {
            return None;
        }
        told.insert("id".to_owned(), Value::from(format!("audio_{}", self.id)));
        Some(Value::Object(told))
    }
}

/// Returns the address of an image that holds the image itself, with nothing else in it. Where an
/// image lies tells whose it is.
fn image(url: &str) -> Option<String> {
    const KINDS: [&str; 4] = ["image/png", "image/jpeg", "image/webp", "image/gif"];
    let (kind, data) = url.strip_prefix("data:")?.split_once(',')?;
    let kind = kind.strip_suffix(";base64")?;
    let kind = KINDS.into_iter().find(|it| kind.split(';').next() == Some(it))?;
    Some(format!("data:{kind};base64,{data}"))
}

/// Returns a failure in the house's words, whatever was said of it.
pub(crate) fn failure(own: Failure) -> Failure {
    let detail = match own.kind {
        FailureKind::ContextTooLong => "The prompt and its answer are longer than the model reads.",
        FailureKind::ContentPolicy => {
            "The content is against the rules of whoever serves the model."
        }
        FailureKind::InvalidRequest | FailureKind::PayloadTooLarge | FailureKind::Conflict => {
            "The model does not take this request as it stands."
        }
        FailureKind::RateLimited | FailureKind::ProviderOverloaded => {
            "Whoever serves the model has too much to do."
        }
        FailureKind::Timeout => "Nothing came in time.",
        _ => "Whoever serves the model failed.",
    };
    let kind = match (own.fault, own.kind) {
        (Fault::Caller, FailureKind::ContextTooLong | FailureKind::ContentPolicy) => own.kind,
        (Fault::Caller, _) => FailureKind::InvalidRequest,
        (_, FailureKind::ProviderOverloaded) => FailureKind::ProviderUnavailable,
        (_, kind) => kind,
    };
    Failure::new(kind, own.fault, own.retry, detail)
}

/// Returns the failure of a request that is no conversation.
pub(crate) fn only_conversations() -> Failure {
    let detail = "A model whose maker is not told answers conversations alone.";
    Failure::new(FailureKind::InvalidRequest, Fault::Caller, Retry::NextModel, detail)
}

/// The reader of a stream whose provider is not told.
pub(crate) struct Veiling {
    veil: Veil,
    decoder: Box<dyn StreamDecoder>,
    own: Vec<Event>,
}

impl Veiling {
    /// Puts the veil over a reader.
    pub(crate) fn new(veil: Veil, decoder: Box<dyn StreamDecoder>) -> Veiling {
        Veiling { veil, decoder, own: Vec::new() }
    }

    fn pass(&mut self, events: &mut Vec<Event>) {
        let veil = &self.veil;
        events.extend(self.own.drain(..).filter_map(|event| veil.event(event)));
    }
}

impl StreamDecoder for Veiling {
    fn push(&mut self, bytes: &[u8], events: &mut Vec<Event>) -> Result<bool, Failure> {
        let done = self.decoder.push(bytes, &mut self.own);
        self.pass(events);
        done.map_err(failure)
    }

    fn end(&mut self, events: &mut Vec<Event>) -> Result<(), Failure> {
        let ended = self.decoder.end(&mut self.own);
        self.pass(events);
        ended.map_err(failure)
    }
}

#[cfg(test)]
mod tests {
    use domain::answer::{Choice, ToolCall};
    use domain::event::FinishReason;
    use domain::usage::Usage;
    use serde_json::json;

    use super::*;

    const CANARY: &str = "canary";

    fn speaking() -> Answer {
        let canary = || CANARY.to_owned();
        Answer {
            upstream_id: Some(canary()),
            choices: vec![Choice {
                text: "said".to_owned(),
                reasoning: "thought".to_owned(),
                reasoning_details: vec![
                    json!({"type": "reasoning.text", "text": " more", "signature": CANARY}),
                    json!({"type": "reasoning.encrypted", "data": CANARY, "format": CANARY}),
                ],
                tool_calls: vec![ToolCall {
                    id: canary(),
                    name: "weather".to_owned(),
                    arguments: "{}".to_owned(),
                }],
                images: vec![
                    format!("data:image/png;{CANARY}=1;base64,AAAA"),
                    format!("data:image/{CANARY};base64,AAAA"),
                    format!("https://{CANARY}.example/a.png"),
                ],
                audio: Some(json!({"id": CANARY, "data": "AAAA", "expires_at": CANARY})),
                annotations: vec![json!({"url": CANARY})],
                logprobs: Some(json!({"content": [{"token": CANARY}]})),
                finish: Some(FinishReason::ToolCalls),
                native_finish: Some(canary()),
                ..Choice::default()
            }],
            usage: Some(Usage { input: 3, output: 2, ..Usage::default() }),
            extra: Map::from_iter([(canary(), Value::from(CANARY))]),
        }
    }

    #[test]
    fn what_the_model_says_goes_on_and_nothing_of_its_provider() {
        let told = Veil::new("gen-1-ab").answer(speaking());
        let choice = Choice {
            text: "said".to_owned(),
            reasoning: "thought more".to_owned(),
            tool_calls: vec![ToolCall {
                id: "call_gen1ab_0_0".to_owned(),
                name: "weather".to_owned(),
                arguments: "{}".to_owned(),
            }],
            images: vec!["data:image/png;base64,AAAA".to_owned()],
            audio: Some(json!({"data": "AAAA", "id": "audio_gen1ab"})),
            finish: Some(FinishReason::ToolCalls),
            native_finish: Some("tool_calls".to_owned()),
            ..Choice::default()
        };
        assert_eq!(told, Answer { choices: vec![choice], ..Answer::default() });
        assert!(!format!("{told:?}").contains(CANARY));
    }

    #[test]
    fn a_failure_is_told_in_the_house_s_words_and_keeps_what_follows_from_it() {
        for fault in [Fault::Caller, Fault::Upstream, Fault::Credential, Fault::House] {
            for kind in [
                FailureKind::InvalidRequest,
                FailureKind::ContextTooLong,
                FailureKind::ContentPolicy,
                FailureKind::NotFound,
                FailureKind::RateLimited,
                FailureKind::ProviderOverloaded,
                FailureKind::Timeout,
            ] {
                let own = Failure {
                    param: Some(CANARY.to_owned()),
                    provider_code: Some(CANARY.to_owned()),
                    retry_after_ms: Some(7_777),
                    ..Failure::new(kind, fault, Retry::NextEndpoint, CANARY)
                };
                let told = failure(own);
                assert!(!format!("{told:?}").contains(CANARY), "{told:?}");
                assert_eq!((told.fault, told.retry), (fault, Retry::NextEndpoint));
                assert_eq!(told.retry_after_ms, None);
            }
        }
    }
}
