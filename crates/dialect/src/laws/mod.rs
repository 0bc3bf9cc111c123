//! Laws of requests, tried on requests that are drawn by lot: what a dialect writes it reads back
//! the same, and a request that goes through any two dialects keeps what both can say.

mod drawn;
mod gist;

use bytes::Bytes;
use domain::catalog::{
    Billing, Dialect, Endpoint, EndpointStatus, Modality, ModelIx, ProviderIx, ReasoningControls,
};
use domain::chat::{ChatRequest, Part};
use domain::quirk::Quirks;
use proptest::prelude::*;
use serde_json::{Map, Value};

use self::drawn::request;
use self::gist::gist;
use crate::contract;
use crate::door::Door;
use crate::exchange::Target;
use crate::registry::{both_sides, decode, fate};

/// Every dialect that has both sides, with the way in for callers.
fn dialects() -> Vec<(Dialect, Door)> {
    let gemini = Door::Gemini { model: "acme/tiny".to_owned(), streams: false, sse: true };
    vec![
        (Dialect::OpenaiChat, Door::ChatCompletions),
        (Dialect::OpenaiResponses, Door::Responses),
        (Dialect::AnthropicMessages, Door::Messages),
        (Dialect::GoogleGemini, gemini),
        (Dialect::Ollama, Door::OllamaChat),
    ]
}

/// Returns an endpoint that can do whatever its dialect can say.
fn able(dialect: Dialect) -> Endpoint {
    let beyond = ["top_k", "min_p", "top_a", "repetition_penalty", "cache_control"];
    let quirks =
        Quirks { extra_params: Some(beyond.map(str::to_owned).into()), ..Quirks::default() };
    let claude = dialect == Dialect::AnthropicMessages;
    let gemini = dialect == Dialect::GoogleGemini;
    let efforts = ["low", "medium", "high"].map(str::to_owned);
    let all = vec![Modality::Text, Modality::Image, Modality::File, Modality::Audio];
    Endpoint {
        id: "acme:tiny".to_owned(),
        tag: "acme".to_owned(),
        provider: ProviderIx(0),
        model: ModelIx(0),
        upstream_model: "tiny-1".to_owned(),
        aliases: Vec::new(),
        variant: None,
        mode: None,
        region: None,
        quantization: None,
        tee: false,
        dialect,
        base_url: "https://acme.invalid/v1".to_owned(),
        price: None,
        billing: Billing::Token,
        status: EndpointStatus::Active,
        context: None,
        max_input: None,
        max_output: None,
        input_modalities: all,
        output_modalities: vec![Modality::Text],
        tools: true,
        structured_output: true,
        temperature: true,
        reasoning: true,
        reasoning_controls: ReasoningControls {
            toggle: true,
            budget: claude || gemini,
            efforts: if claude || gemini { Vec::new() } else { efforts.into() },
            ..ReasoningControls::default()
        },
        body: Map::new(),
        headers: Vec::new(),
        quirks,
        resold: false,
        floating: false,
        private_network: false,
        disabled: false,
        accepted: false,
        note: None,
        veiled: false,
    }
}

/// Returns whether a dialect can say what a request holds: Ollama's knows no documents, and refuses
/// them by name.
fn takes(dialect: Dialect, chat: &ChatRequest) -> bool {
    let mut parts = chat.messages.iter().flat_map(|message| &message.parts);
    dialect != Dialect::Ollama || !parts.any(|part| matches!(part, Part::File { .. }))
}

/// Writes a request for a provider.
fn written(dialect: Dialect, chat: &ChatRequest) -> Value {
    let endpoint = able(dialect);
    let (_, upstream) = both_sides(dialect).expect("the dialect has both sides");
    let mut chat = chat.clone();
    contract::keep(&mut chat, |name| upstream.fate(name, &endpoint));
    let target = Target { endpoint: &endpoint, user_hash: None };
    let wire = upstream.encode_request(&chat, target).expect("the endpoint is able");
    serde_json::from_slice(&wire.body).expect("what is sent is JSON")
}

/// Reads what was written for a provider as if a caller had sent it.
fn read(dialect: Dialect, door: &Door, body: &Value) -> ChatRequest {
    let (client, _) = both_sides(dialect).expect("the dialect has both sides");
    let request = decode(door, Bytes::from(body.to_string())).expect("it is a request");
    let mut chat = client.canonical(&request).expect("it can be read");
    chat.dropped.clear();
    chat
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// A request that a dialect reads, it writes as the same JSON.
    #[test]
    fn what_a_dialect_reads_it_writes_the_same(chat in request()) {
        for (dialect, door) in dialects().into_iter().filter(|(it, _)| takes(*it, &chat)) {
            let first = written(dialect, &chat);
            let again = written(dialect, &read(dialect, &door, &first));
            prop_assert_eq!(&again, &first, "{:?}", dialect);
        }
    }

    /// Whatever two dialects a request goes through, it keeps what both can say.
    #[test]
    fn what_two_dialects_can_say_survives_both(chat in request()) {
        let speakers = || dialects().into_iter().filter(|(it, _)| takes(*it, &chat));
        for (first, door) in speakers() {
            let once = read(first, &door, &written(first, &chat));
            for (second, door) in speakers() {
                let twice = read(second, &door, &written(second, &once));
                let says = |name: &str| {
                    let dropped = |it| fate(name, &able(it)) == contract::Fate::Drop;
                    !dropped(first) && !dropped(second)
                };
                let names = format!("{first:?}, then {second:?}");
                prop_assert_eq!(gist(&twice, says), gist(&chat, says), "{}", names);
            }
        }
    }
}
