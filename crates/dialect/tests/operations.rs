//! What is no chat: what each form of an endpoint gets, and what its answers become.

mod endpoint;

use bytes::Bytes;
use dialect::door::Door;
use dialect::exchange::{Exchange, Receipt, Stamp, Step, Target};
use dialect::registry;
use dialect::request::Request;
use domain::catalog::{Dialect, Endpoint, Modality};
use domain::failure::{Failure, Fault, Retry};
use domain::money::Money;
use domain::operation::Operation;
use domain::price::{Price, PriceCard, Rate};
use domain::quirk::Quirks;
use domain::usage::Usage;
use endpoint::endpoint;
use serde_json::{Value, json};

fn decode(door: &Door, body: &Value) -> Result<Request, Failure> {
    registry::decode(door, Bytes::from(body.to_string()))
}

fn speaking(dialect: Dialect) -> Endpoint {
    Endpoint { dialect, ..endpoint() }
}

fn attempt(door: &Door, body: &Value, endpoint: &Endpoint) -> Result<Box<dyn Exchange>, Failure> {
    let stamp = Stamp {
        id: "gen-1".to_owned(),
        created: 7,
        model: "acme/tiny".to_owned(),
        provider: "Acme".to_owned(),
    };
    registry::exchange(&decode(door, body)?, Target { endpoint, user_hash: None }, stamp)
}

/// Returns the path and the body that an endpoint gets, and what was dropped.
fn sent(door: &Door, body: &Value, endpoint: &Endpoint) -> (String, Value, Vec<String>) {
    let attempt = attempt(door, body, endpoint).expect("the endpoint takes it");
    let wire = attempt.wire();
    let body = serde_json::from_slice(&wire.body).expect("what is sent is JSON");
    (wire.path.to_string(), body, wire.dropped.clone())
}

/// Returns what an answer becomes, and what it used.
fn told(attempt: &dyn Exchange, answer: &Value) -> (Value, Usage) {
    let whole = attempt.whole(Bytes::from(answer.to_string())).expect("it is an answer");
    let usage = whole.observed().usage.expect("usage is always told or counted");
    let receipt = Receipt { usage, cost: Money::from_nanos(1_500), ..Receipt::default() };
    (serde_json::from_slice(&whole.render(&receipt)).expect("an answer is JSON"), usage)
}

fn priced(price: Price) -> Endpoint {
    Endpoint { price: Some(PriceCard::flat(price)), ..endpoint() }
}

fn a_rate() -> Option<Rate> {
    Rate::from_picos(1_000_000)
}

#[test]
fn embeddings_pass_as_they_are_and_unknown_fields_are_named() {
    let body = json!({
        "input": ["a", "b"], "model": "acme/tiny", "dimensions": 2, "colour": "blue",
        "provider": {"only": ["acme"], "options": {"acme": {"own": 1}, "other": {"not": 1}}},
        "user": "u-1",
    });
    let (path, body, dropped) = sent(&Door::Embeddings, &body, &endpoint());
    assert_eq!(path, "/embeddings");
    assert_eq!(body, json!({"model": "tiny-1", "input": ["a", "b"], "dimensions": 2, "own": 1}));
    assert_eq!(dropped, ["colour"]);
}

#[test]
fn flags_of_an_endpoint_hold_for_every_operation() {
    let names = |list: &[&str]| Some(list.iter().map(|it| (*it).to_owned()).collect());
    let quirks = Quirks {
        rename_params: Some([("dimensions".to_owned(), "output_dimension".to_owned())].into()),
        extra_params: names(&["input_type"]),
        drop_params: names(&["encoding_format"]),
        ..Quirks::default()
    };
    let endpoint = Endpoint { quirks, ..endpoint() };
    let body = json!({
        "model": "acme/tiny", "input": "a", "dimensions": 2, "input_type": "query",
        "encoding_format": "float",
    });
    let (_, body, dropped) = sent(&Door::Embeddings, &body, &endpoint);
    let expected =
        json!({"model": "tiny-1", "input": "a", "output_dimension": 2, "input_type": "query"});
    assert_eq!((body, dropped), (expected, vec!["encoding_format".to_owned()]));
}

#[test]
fn each_form_of_embedding_has_its_own_words() {
    let body = json!({
        "model": "acme/tiny", "input": ["a"], "dimensions": 2, "input_type": "search_query",
    });
    let words = |dialect| {
        let (path, body, _) = sent(&Door::Embeddings, &body, &speaking(dialect));
        format!("{path} {body}")
    };
    insta::assert_snapshot!(words(Dialect::GoogleGemini), @r#"/models/tiny-1:batchEmbedContents {"requests":[{"model":"models/tiny-1","content":{"parts":[{"text":"a"}]},"taskType":"RETRIEVAL_QUERY","outputDimensionality":2}]}"#);
    insta::assert_snapshot!(words(Dialect::GoogleVertex), @r#"/publishers/google/models/tiny-1:predict {"instances":[{"content":"a","task_type":"RETRIEVAL_QUERY"}],"parameters":{"outputDimensionality":2}}"#);
    insta::assert_snapshot!(words(Dialect::Cohere), @r#"/embed {"model":"tiny-1","texts":["a"],"input_type":"search_query","embedding_types":["float"],"output_dimension":2}"#);
    insta::assert_snapshot!(words(Dialect::Ollama), @r#"/embed {"model":"tiny-1","input":["a"],"dimensions":2}"#);
}

#[test]
fn each_form_of_embedding_is_read() {
    let body = json!({"model": "acme/tiny", "input": ["a", "b"]});
    for (dialect, answer, tokens) in [
        (
            Dialect::OpenaiEmbeddings,
            // Out of order, as some hosts answer.
            json!({
                "data": [{"index": 1, "embedding": [2.0]}, {"index": 0, "embedding": [1.0]}],
                "usage": {"prompt_tokens": 4, "total_tokens": 4},
            }),
            Some(4),
        ),
        (
            Dialect::OpenaiEmbeddings,
            json!({
                "data": [{"embedding": [1.0]}, {"embedding": [2.0]}], "usage": {"total_tokens": 5},
            }),
            Some(5),
        ),
        (
            Dialect::GoogleGemini,
            json!({"embeddings": [{"values": [1.0]}, {"values": [2.0]}]}),
            None,
        ),
        (
            Dialect::Cohere,
            json!({
                "embeddings": {"float": [[1.0], [2.0]]},
                "meta": {"billed_units": {"input_tokens": 6}},
            }),
            Some(6),
        ),
        (Dialect::Ollama, json!({"embeddings": [[1.0], [2.0]], "prompt_eval_count": 7}), Some(7)),
    ] {
        let attempt = attempt(&Door::Embeddings, &body, &speaking(dialect)).expect("it is asked");
        let (told, used) = told(&*attempt, &answer);
        assert_eq!(told["data"][0]["embedding"], json!([1.0]), "{dialect:?}: {told}");
        assert_eq!(told["data"][1]["index"], 1);
        assert_eq!(told["usage"]["cost"], 0.0000015);
        // Two texts of one token each, where nobody says.
        assert_eq!((used.input, used.estimated), (tokens.unwrap_or(2), tokens.is_none()));
    }
}

#[test]
fn answers_that_are_none_let_another_endpoint_serve() {
    let body = json!({"model": "acme/tiny", "input": ["a", "b"]});
    let attempt = attempt(&Door::Embeddings, &body, &endpoint()).expect("it is asked");
    for answer in [
        r#"{"data": [{"embedding": [1.0]}]}"#,
        r#"{"data": []}"#,
        r#"{"error": {"message": "overloaded", "code": 503}}"#,
        r#"{"data": [{"embedding": 1}, {"embedding": 2}]}"#,
        "<html>",
        "",
    ] {
        let failure = attempt.whole(Bytes::from(answer)).map(drop).expect_err(answer);
        assert_eq!(failure.retry, Retry::NextEndpoint, "{answer}");
    }
    let mut stream = attempt.stream();
    assert!(stream.push(b"data: {}", &mut Vec::new()).is_err());
}

#[test]
fn what_an_endpoint_cannot_do_may_be_asked_of_another() {
    let many: Vec<String> = (0..101).map(|it| format!("text {it}")).collect();
    for (dialect, input) in [
        (Dialect::Cohere, json!(many)),
        (Dialect::GoogleGemini, json!(many)),
        (Dialect::GoogleVertex, json!(["a", "b"])),
        (Dialect::Cohere, json!([1, 2, 3])),
        (Dialect::Elevenlabs, json!("a")),
    ] {
        let body = json!({"model": "acme/tiny", "input": input});
        let failure = attempt(&Door::Embeddings, &body, &speaking(dialect)).map(drop).unwrap_err();
        assert_eq!((failure.fault, failure.retry), (Fault::Caller, Retry::NextEndpoint));
    }
}

#[test]
fn a_bound_is_made_of_everything_that_is_asked() {
    let facts = |door: &Door, body: Value| decode(door, &body).expect("it is a request").facts;
    let embeds = facts(&Door::Embeddings, json!({"model": "m", "input": ["abc", [1, 2]]}));
    assert_eq!((embeds.operation, embeds.prompt_bytes), (Operation::Embeddings, 5));
    let ranks = facts(
        &Door::Rerank,
        json!({"model": "m", "query": "ab", "documents": ["c".repeat(10_001), "d"]}),
    );
    // 101 pieces of the first and one of the second: two searches; the query with each.
    assert_eq!((ranks.units.requests, ranks.prompt_bytes), (2, 10_001 + 1 + 4));
    let draws = facts(&Door::Images, json!({"model": "m", "prompt": "a", "n": 3}));
    assert_eq!((draws.units.images, draws.output_tokens_max), (3, Some(3 * 16_384)));
    let speaks = facts(&Door::Speech, json!({"model": "m", "input": "hé!"}));
    assert_eq!((speaks.units.characters, speaks.stream), (3, true));
    let recording = json!({"data": "AAAA", "format": "wav"});
    let door = Door::transcriptions("application/json");
    let hears = facts(&door, json!({"model": "m", "input_audio": recording}));
    assert_eq!(hears.units.audio_ms, 4, "three bytes at 750 a second");
}

#[test]
fn documents_go_out_as_texts_where_only_texts_are_ranked() {
    let body = json!({
        "model": "acme/tiny", "query": "q", "documents": [{"text": "a"}, "b"], "top_n": 1,
        "return_documents": true,
    });
    let (path, cohere, _) = sent(&Door::Rerank, &body, &speaking(Dialect::Cohere));
    let expected = json!({"model": "tiny-1", "query": "q", "documents": ["a", "b"], "top_n": 1});
    assert_eq!((path.as_str(), cohere), ("/rerank", expected));
    let (_, plain, _) = sent(&Door::Rerank, &body, &speaking(Dialect::Rerank));
    assert_eq!(plain["documents"], body["documents"]);
}

#[test]
fn ranks_are_read_under_each_of_their_names() {
    let body = json!({"model": "acme/tiny", "query": "q", "documents": ["a", {"text": "b"}]});
    let attempt = attempt(&Door::Rerank, &body, &endpoint()).expect("it is asked");
    for answer in [
        json!({"results": [{"index": 0, "relevance_score": 0.1}, {"index": 1, "relevance_score": 0.9}]}),
        json!({"data": [{"index": 1, "relevance_score": 0.9}, {"index": 0, "relevance_score": 0.1}]}),
        json!({"results": [{"index": 1, "score": 0.9}, {"index": 0, "score": 0.1}]}),
    ] {
        let (told, used) = told(&*attempt, &answer);
        let first = json!({"index": 1, "relevance_score": 0.9, "document": {"text": "b"}});
        assert_eq!(told["results"][0], first);
        assert!(used.estimated && 0 < used.input);
    }
    let beyond = json!({"results": [{"index": 2, "relevance_score": 1.0}]}).to_string();
    assert!(attempt.whole(Bytes::from(beyond)).is_err(), "nobody sent that document");
}

#[test]
fn speech_is_asked_for_in_each_form() {
    let body = json!({"model": "acme/tiny", "input": "Hi.", "speed": 1.5, "voice": "Kore"});
    let words = |dialect, extra: Value| {
        let mut body = body.clone();
        body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        let (path, body, dropped) = sent(&Door::Speech, &body, &speaking(dialect));
        format!("{path} {body} {dropped:?}")
    };
    insta::assert_snapshot!(words(Dialect::OpenaiSpeech, json!({})), @r#"/audio/speech {"model":"tiny-1","input":"Hi.","speed":1.5,"voice":"Kore","response_format":"pcm"} []"#);
    insta::assert_snapshot!(words(Dialect::Elevenlabs, json!({"response_format": "mp3"})), @r#"/text-to-speech/Kore/stream?output_format=mp3_44100_128 {"text":"Hi.","model_id":"tiny-1","voice_settings":{"speed":1.5}} []"#);
    insta::assert_snapshot!(words(Dialect::GoogleGemini, json!({"instructions": "Whisper"})), @r#"/models/tiny-1:generateContent {"contents":[{"role":"user","parts":[{"text":"Whisper: Hi."}]}],"generationConfig":{"responseModalities":["AUDIO"],"speechConfig":{"voiceConfig":{"prebuiltVoiceConfig":{"voiceName":"Kore"}}}}} ["speed"]"#);
}

#[test]
fn what_sound_costs_is_known_at_once_where_characters_are_billed() {
    let body = json!({"model": "acme/tiny", "input": "Hello."});
    let by_character = priced(Price { character: a_rate(), ..Price::default() });
    let attempt = attempt(&Door::Speech, &body, &by_character).expect("it is asked");
    let mut stream = attempt.stream();
    assert_eq!(stream.observed().usage.map(|it| it.characters), Some(6));
    let mut out = Vec::new();
    assert_eq!(stream.push(b"", &mut out).unwrap(), Step::Quiet);
    assert!(stream.end(&mut out).is_err(), "silence is no answer");
    assert_eq!(stream.push(b"\x00\xff", &mut out).unwrap(), Step::Content);
    assert!(stream.end(&mut out).is_ok());
    assert_eq!(out, b"\x00\xff");
}

#[test]
fn sound_that_is_billed_by_tokens_is_measured_and_flagged() {
    let body = json!({"model": "acme/tiny", "input": "Hello."});
    let by_token = priced(Price { input: a_rate(), output: a_rate(), ..Price::default() });
    let attempt = attempt(&Door::Speech, &body, &by_token).expect("it is asked");
    let mut stream = attempt.stream();
    assert_eq!(stream.observed().usage, None);
    stream.push(&[0; 96_000], &mut Vec::new()).unwrap();
    let used = stream.observed().usage.unwrap();
    // Two seconds of samples.
    assert_eq!((used.output_audio, used.input, used.estimated), (50, 2, true));
}

#[test]
fn images_are_asked_for_by_their_size_in_either_way_of_saying_it() {
    let of = |extra: Value| {
        let mut body = json!({"model": "acme/tiny", "prompt": "a"});
        body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        let endpoint = speaking(Dialect::OpenaiImages);
        let (path, body, dropped) = sent(&Door::Images, &body, &endpoint);
        assert_eq!(path, "/images/generations");
        (body["size"].clone(), dropped)
    };
    assert_eq!(of(json!({"aspect_ratio": "16:9"})), (json!("1536x1024"), vec![]));
    assert_eq!(
        of(json!({"aspect_ratio": "2:3", "resolution": "1K"})),
        (json!("1024x1536"), vec![])
    );
    assert_eq!(of(json!({"size": "1K"})), (json!("1024x1024"), vec![]));
    assert_eq!(of(json!({"size": "512x512"})), (json!("512x512"), vec![]));
    assert_eq!(of(json!({"resolution": "4K"})), (Value::Null, vec!["resolution".to_owned()]));
}

#[test]
fn a_model_that_draws_in_its_answers_is_asked_by_a_chat_request() {
    let endpoint = Endpoint {
        output_modalities: vec![Modality::Text, Modality::Image],
        reasoning: false,
        ..speaking(Dialect::GoogleGemini)
    };
    let body = json!({
        "model": "acme/tiny", "prompt": "a", "aspect_ratio": "16:9", "resolution": "2K",
        "quality": "high",
    });
    let (path, sent, dropped) = sent(&Door::Images, &body, &endpoint);
    assert_eq!(path, "/models/tiny-1:generateContent");
    let config = &sent["generationConfig"];
    assert_eq!(config["responseModalities"], json!(["TEXT", "IMAGE"]));
    assert_eq!(config["imageConfig"], json!({"aspectRatio": "16:9", "imageSize": "2K"}));
    assert_eq!(dropped, ["quality"]);
    let attempt = attempt(&Door::Images, &body, &endpoint).expect("it is asked");
    let answer = |parts: Value| {
        json!({
            "candidates": [{"content": {"role": "model", "parts": parts}, "finishReason": "STOP"}],
            "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 1290},
        })
    };
    let image = json!({"inlineData": {"mimeType": "image/png", "data": "QUJD"}});
    let (told, used) = told(&*attempt, &answer(json!([image])));
    assert_eq!(told["data"], json!([{"b64_json": "QUJD", "media_type": "image/png"}]));
    assert_eq!((used.output, used.images), (1290, 1));
    let silent = answer(json!([{"text": "I cannot draw."}])).to_string();
    assert!(attempt.whole(Bytes::from(silent)).is_err(), "nothing was drawn");
}

#[test]
fn only_models_made_for_it_answer_an_operation() {
    use domain::catalog::{Model, ModelKind};
    let sample = catalog_model();
    let model = |kind, outputs: &[Modality]| Model {
        kind,
        output_modalities: outputs.to_vec(),
        ..sample.clone()
    };
    let answers = |operation: Operation, model: &Model, dialect| {
        operation.is_answered_by(model, [speaking(dialect)].iter())
    };
    let chat = model(ModelKind::Chat, &[Modality::Text]);
    let draws = model(ModelKind::Chat, &[Modality::Text, Modality::Image]);
    let judges = model(ModelKind::Moderation, &[Modality::Text]);
    assert!(answers(Operation::Chat, &chat, Dialect::OpenaiChat));
    assert!(!answers(Operation::Images, &chat, Dialect::GoogleGemini));
    assert!(answers(Operation::Images, &draws, Dialect::GoogleGemini));
    assert!(!answers(Operation::Embeddings, &chat, Dialect::OpenaiChat));
    // By its endpoints: in conversations, or by the operation of that name.
    assert!(answers(Operation::Chat, &judges, Dialect::OpenaiChat));
    assert!(!answers(Operation::Moderation, &judges, Dialect::OpenaiChat));
    assert!(answers(Operation::Moderation, &judges, Dialect::OpenaiModerations));
    assert!(!answers(Operation::Chat, &judges, Dialect::OpenaiModerations));
}

fn catalog_model() -> domain::catalog::Model {
    domain::catalog::Model {
        id: "acme/tiny".to_owned(),
        name: "Tiny".to_owned(),
        kind: domain::catalog::ModelKind::Chat,
        released: None,
        knowledge: None,
        context: None,
        max_output: None,
        dimensions: None,
        input_modalities: Vec::new(),
        output_modalities: Vec::new(),
        open_weights: None,
        reasoning: None,
        tools: None,
        structured_output: None,
        temperature: None,
        tokenizer: None,
        hugging_face_id: None,
        license: None,
        permaslug: "acme/tiny".to_owned(),
        quality: None,
        description: String::new(),
        stealth: None,
    }
}
