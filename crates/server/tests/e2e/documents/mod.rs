//! Documents before models that read none.

mod pdf;

use std::io::Write;
use std::process::{Command, Stdio};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use serde_json::{Value, json};
use simulator::{Simulator, SimulatorOptions};

use crate::client::Answer;
use crate::stand::Stand;

/// A model `x/doc` that `plain` serves as text alone, cheaply, and `reads` with documents; and
/// `x/text`, which `plain` serves alone.
async fn stand() -> Stand {
    let simulator = Simulator::start(SimulatorOptions::default()).expect("a simulator");
    let mut rows = String::new();
    for (model, modalities) in [("x/doc", "\"text\", \"file\""), ("x/text", "\"text\"")] {
        rows += &format!(
            "[[model]]\nid = \"{model}\"\nname = \"{model}\"\ncontext = 100000\nmax_output = 4000\n\
             input_modalities = [{modalities}]\noutput_modalities = [\"text\"]\n"
        );
    }
    for (provider, endpoints) in [("plain", vec!["x/doc", "x/text"]), ("reads", vec!["x/doc"])] {
        rows += &format!(
            "[provider.{provider}]\nname = \"{provider}\"\ndialect = \"openai-chat\"\n\
             base_url = \"{}\"\nauth = \"none\"\n",
            simulator.base_url(provider)
        );
        for model in endpoints {
            let (own, dollars) = match provider {
                "plain" => ("input_modalities = [\"text\"]\n", 1),
                _ => ("", 2),
            };
            rows += &format!(
                "[[endpoint]]\nprovider = \"{provider}\"\nmodel = \"{model}\"\nid = \"{model}\"\n\
                 {own}price = {{ input = \"{dollars}\", output = \"{dollars}\" }}\n"
            );
        }
    }
    Stand::on(simulator, &rows).await
}

fn inline(document: &[u8]) -> String {
    format!("data:application/pdf;base64,{}", STANDARD.encode(document))
}

fn chat(model: &str, document: &[u8], more: Value) -> Value {
    let file = json!({ "filename": "terms.pdf", "file_data": inline(document) });
    let content =
        json!([{ "type": "text", "text": "What is due?" }, { "type": "file", "file": file }]);
    let mut body = json!({ "model": model, "max_tokens": 50,
        "messages": [{ "role": "user", "content": content }] });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

fn engine(engine: &str) -> Value {
    json!({ "plugins": [{ "id": "file-parser", "pdf": { "engine": engine } }] })
}

/// The content that a provider was sent last.
fn sent(stand: &Stand, provider: &str) -> Value {
    let requests = stand.simulator.requests(provider);
    let body: Value = serde_json::from_str(&requests.last().expect("a request").body).unwrap();
    body["messages"][0]["content"].clone()
}

fn code(answer: &Answer) -> Value {
    answer.json()["error"]["metadata"]["provider_code"].clone()
}

const TERMS: [&str; 2] = ["Net 30 (days) from receipt.", "Interest is 4 percent."];
const AS_TEXT: &str = "<document name=\"terms.pdf\">\nNet 30 (days) from receipt.\n\n\
                       Interest is 4 percent.\n</document>";

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_reads_no_documents_is_sent_their_text() {
    let stand = stand().await;
    let terms = pdf::saying(&TERMS);
    for more in [json!({}), json!({ "stream": true }), engine("pdf-text")] {
        let answer = stand.caller.curious().chat(&chat("x/text", &terms, more)).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(sent(&stand, "plain")[1]["text"], AS_TEXT);
        let told = match answer.text.starts_with('{') {
            true => answer.json()["openrouter_metadata"].clone(),
            false => answer.chunks().last().unwrap()["openrouter_metadata"].clone(),
        };
        assert_eq!(told["pipeline"][0]["name"], "file-parser", "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_reaches_a_text_model_from_every_dialect() {
    let stand = stand().await;
    let data = STANDARD.encode(pdf::saying(&TERMS));
    let responses = json!({ "model": "x/text", "input": [{ "role": "user", "content": [
        { "type": "input_text", "text": "?" },
        { "type": "input_file", "filename": "terms.pdf",
          "file_data": format!("data:application/pdf;base64,{data}") }] }] });
    let source = json!({ "type": "base64", "media_type": "application/pdf", "data": data });
    let messages = json!({ "model": "x/text", "max_tokens": 50, "messages": [{ "role": "user",
        "content": [{ "type": "text", "text": "?" },
        { "type": "document", "title": "terms.pdf", "source": source }] }] });
    let gemini = json!({ "contents": [{ "role": "user", "parts": [{ "text": "?" },
        { "inlineData": { "mimeType": "application/pdf", "data": data } }] }] });
    for (path, body) in [
        ("/api/v1/responses", responses),
        ("/api/v1/messages", messages),
        ("/v1beta/models/x/text:generateContent", gemini),
    ] {
        let answer = stand.front().send(Method::POST, path, &body).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        let content = sent(&stand, "plain").to_string();
        assert!(content.contains("Net 30 (days) from receipt."), "{path}: {content}");
        assert!(content.contains("Interest is 4 percent."), "{path}: {content}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_reads_documents_comes_first_and_gets_them_untouched() {
    let stand = stand().await;
    let terms = pdf::saying(&TERMS);
    for more in [json!({}), engine("native"), engine("mistral-ocr")] {
        let answer = stand.caller.chat(&chat("x/doc", &terms, more)).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(sent(&stand, "reads")[1]["file"]["file_data"], inline(&terms));
    }
    assert!(stand.simulator.requests("plain").is_empty());
    // It fails, and the other goes on with the text.
    stand.script("reads", r#"{"fault":{"kind":"status","status":503}}"#);
    let answer = stand.caller.chat(&chat("x/doc", &terms, json!({}))).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(sent(&stand, "plain")[1]["text"], AS_TEXT);
    // As text, to whom it is cheapest.
    stand.script("reads", r#"{}"#);
    let before = stand.simulator.requests("reads").len();
    let answer = stand.caller.chat(&chat("x/doc", &terms, engine("cloudflare-ai"))).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let dropped = answer.headers["x-interline-dropped"].to_str().unwrap();
    assert!(dropped.contains("plugins.file-parser.pdf.engine"), "{dropped}");
    assert_eq!(stand.simulator.requests("reads").len(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_is_not_read_where_the_caller_wants_it_native() {
    let stand = stand().await;
    let terms = pdf::saying(&TERMS);
    let off = json!({ "plugins": [{ "id": "file-parser", "enabled": false }] });
    for more in [engine("native"), off] {
        let answer = stand.caller.chat(&chat("x/text", &terms, more)).await;
        assert_eq!(answer.status, 404, "{}", answer.text);
        assert!(answer.text.contains("input_modalities"), "{}", answer.text);
    }
    let answer = stand.caller.chat(&chat("x/text", &terms, engine("squint"))).await;
    assert_eq!(answer.status, 400, "{}", answer.text);
    assert_eq!(answer.json()["error"]["param"], "plugins[0].pdf.engine");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_held_for_a_document_is_enough_for_its_text() {
    let stand = stand().await;
    let words = "word ".repeat(20_000);
    let document = pdf::saying(&[&words]);
    // A hundred thousand bytes may be as many tokens, ten cents at a dollar for a million.
    let made = json!({ "name": "poor", "limit": 0.05 });
    let made = stand.operator.post("/keys", &made).await;
    let poor = stand.caller.with_key(made.json()["key"].as_str().unwrap());
    let refused = poor.chat(&chat("x/text", &document, json!({}))).await;
    assert_eq!(refused.status, 402, "{}", refused.text);
    assert!(stand.simulator.requests("plain").is_empty());
    assert_eq!(poor.chat(&chat("x/text", &pdf::saying(&TERMS), json!({}))).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_document_is_a_typed_error_and_harms_nobody() {
    let stand = stand().await;
    let terms = pdf::saying(&TERMS);
    let hostile = [
        ("truncated", terms[..terms.len() / 3].to_vec(), "document_unreadable"),
        ("empty", b"%PDF-1.7\n".to_vec(), "document_unreadable"),
        ("a scan", pdf::scan(), "document_without_text"),
        ("too wordy", pdf::wordy(), "document_too_"),
        ("too deep", pdf::deep(), "document_unreadable"),
        ("a circle", pdf::circle(), "document_"),
        ("endless", pdf::endless(), "document_"),
        ("a bomb", pdf::bomb(), "document_"),
        ("no PDF", b"PK\x03\x04\xff\xfe".to_vec(), "document_unreadable"),
    ];
    for (name, document, expected) in &hostile {
        assert!(document.len() < 4 << 20, "{name} is small where it is sent");
        let answer = stand.caller.chat(&chat("x/text", document, json!({}))).await;
        assert_eq!(answer.status, 400, "{name}: {}", answer.text);
        let told = code(&answer);
        assert!(told.as_str().unwrap().starts_with(expected), "{name}: {}", answer.text);
        assert_eq!(answer.json()["error"]["param"], "messages", "{name}");
    }
    assert!(stand.simulator.requests("plain").is_empty());
    // The server goes on, and so does whoever reads documents itself.
    let scan = pdf::scan();
    assert_eq!(stand.caller.chat(&chat("x/doc", &scan, json!({}))).await.status, 200);
    assert_eq!(stand.caller.chat(&chat("x/text", &terms, json!({}))).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_at_a_private_address_is_not_fetched() {
    let stand = stand().await;
    for url in ["http://127.0.0.1:9/a.pdf", "http://169.254.169.254/latest"] {
        let mut body = chat("x/text", b"", json!({}));
        body["messages"][0]["content"][1]["file"]["file_data"] = json!(url);
        let answer = stand.caller.chat(&body).await;
        assert_eq!(answer.status, 400, "{url}: {}", answer.text);
        assert_eq!(code(&answer), "media_download_failed", "{url}");
    }
}

/// Returns how the reader ends on these bytes.
fn read(document: &[u8]) -> Option<i32> {
    let mut reader = Command::new(env!("CARGO_BIN_EXE_interline"))
        .arg("read-pdf")
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let _ = reader.stdin.take().unwrap().write_all(document);
    reader.wait().unwrap().code()
}

#[test]
fn a_document_with_any_byte_broken_ends_its_reader_in_one_of_the_ways_that_are_told() {
    let terms = pdf::saying(&TERMS);
    let mut ended = std::collections::BTreeMap::new();
    for place in (0..terms.len()).step_by(terms.len() / 40) {
        for byte in [0, b'9', b'(', 0xff] {
            let mut broken = terms.clone();
            broken[place] = byte;
            *ended.entry(read(&broken)).or_insert(0) += 1;
        }
    }
    let told = |status: &Option<i32>| matches!(status, Some(0 | 40..=44) | None);
    assert!(ended.keys().all(told), "{ended:?}");
    assert!(0 < ended[&Some(0)], "{ended:?}");
}
