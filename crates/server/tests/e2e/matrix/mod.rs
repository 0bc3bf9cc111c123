//! Every client dialect before every provider dialect: one conversation each, whole and streamed.

mod chat;
mod gemini;
mod heard;
mod messages;
mod money;
mod ollama;
mod responses;
pub(crate) mod sellers;

use http::Method;
use serde_json::json;
use simulator::Simulator;

use self::heard::{Ask, Caller, End, Heard, Turn};
use self::sellers::{SELLERS, Seller};
use crate::stand::Stand;

const CALLERS: [&dyn Caller; 5] =
    [&chat::Chat, &messages::Messages, &responses::Responses, &gemini::Gemini, &ollama::Ollama];

const PNG: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const WELL: &str = "All is well, and every \u{fc}-word of this arrives \u{1f642}.";

/// One caller before one provider.
struct Cell<'a> {
    stand: &'a Stand,
    caller: &'static dyn Caller,
    seller: &'static Seller,
    stream: bool,
}

impl Cell<'_> {
    fn name(&self, scene: &str) -> String {
        let how = if self.stream { "streamed" } else { "whole" };
        format!("{} \u{2192} {}, {how}, {scene}", self.caller.name(), self.seller.dialect)
    }

    fn script(&self, script: &serde_json::Value) {
        self.script_at("", script);
    }

    /// Sets what the seller, or its twin that is out of order, answers to those whom it admits.
    fn script_at(&self, kind: &str, script: &serde_json::Value) {
        let mut script = script.clone();
        if !self.seller.wants.is_empty() {
            script["auth"] = json!(self.seller.wants);
        }
        self.stand.script(&format!("{}{kind}", self.seller.dialect), &script.to_string());
    }

    async fn ask(&self, scene: &str, ask: Ask) -> Heard {
        let ask = Ask { stream: self.stream, ..ask };
        let model = format!("x/{}", self.seller.dialect);
        let (path, body) = (self.caller.path(&model, &ask), self.caller.body(&model, &ask));
        let answer = self.stand.front().send(Method::POST, &path, &body).await;
        let name = self.name(scene);
        assert_eq!(answer.status, 200, "{name}: {}\n{body}", answer.text);
        let heard = match self.stream {
            true => self.caller.stream(&answer.text),
            false => self.caller.whole(&answer.json()),
        };
        assert!(heard.cost.is_some_and(|cost| 0.0 < cost), "{name}: no cost in {}", answer.text);
        assert!(0 < heard.output_tokens, "{name}: {}", answer.text);
        heard
    }

    /// The body of the last request that the provider got.
    fn sent(&self) -> String {
        let requests = self.stand.simulator.requests(self.seller.dialect);
        requests.last().expect("a request").body.clone()
    }

    async fn text(&self) {
        self.script(&json!({ "text": WELL }));
        let turns = vec![Turn::User("Say something.".to_owned())];
        let heard = self.ask("text", Ask { turns, tokens_max: 500, ..Ask::default() }).await;
        assert_eq!(heard.text, WELL, "{}", self.name("text"));
        assert_eq!(heard.end, Some(End::Stop), "{}", self.name("text"));
    }

    async fn tool_loop(&self, thinks: bool) {
        let scene = if thinks { "reasoning" } else { "tool loop" };
        let name = self.name(scene);
        self.script(&json!({ "reasoning_tokens": if thinks { 6 } else { 0 } }));
        let mut turns = vec![Turn::User("How is the weather?".to_owned())];
        let ask = Ask { tool: true, thinks, tokens_max: 4000, ..Ask::default() };
        let heard = self.ask(scene, Ask { turns: turns.clone(), ..ask.clone() }).await;
        assert_eq!(heard.end, Some(End::Tools), "{name}");
        assert_eq!(heard.calls.len(), 1, "{name}");
        let call = &heard.calls[0];
        assert_eq!(call.name, "weather", "{name}");
        assert!(call.arguments["city"].is_string(), "{name}: {}", call.arguments);
        if thinks {
            assert!(!heard.thought.is_empty(), "{name}: no thought");
        }
        turns.push(Turn::Heard(heard.turn));
        let said = "18 degrees".to_owned();
        turns.push(Turn::Result(call.id.clone(), call.name.clone(), said));
        let heard = self.ask(scene, Ask { turns, ..ask }).await;
        assert_eq!(heard.text, "The tool returned: 18 degrees", "{name}");
        assert_eq!(heard.end, Some(End::Stop), "{name}");
        let sent = self.sent();
        assert!(sent.contains("18 degrees"), "{name}: {sent}");
        if let (true, true, Some(needle)) =
            (thinks, self.caller.name() != "ollama", self.seller.sent_back)
        {
            assert!(sent.contains(needle), "{name}: {needle} is not in {sent}");
        }
    }

    async fn image(&self) {
        self.script(&json!({ "text": WELL }));
        let turns = vec![Turn::Shows(PNG.to_owned(), "What is this?".to_owned())];
        let heard = self.ask("image", Ask { turns, tokens_max: 500, ..Ask::default() }).await;
        assert_eq!(heard.text, WELL, "{}", self.name("image"));
        assert!(self.sent().contains(PNG), "{}: {}", self.name("image"), self.sent());
    }

    async fn schema(&self) {
        let name = self.name("schema");
        self.script(&json!({}));
        let schema = json!({
            "type": "object", "properties": { "mood": { "type": "string" } },
            "required": ["mood"], "additionalProperties": false
        });
        let turns = vec![Turn::User("How are you?".to_owned())];
        let ask = Ask { turns, schema: Some(schema), tokens_max: 500, ..Ask::default() };
        let heard = self.ask("schema", ask).await;
        let said: serde_json::Value =
            serde_json::from_str(&heard.text).unwrap_or_else(|_| panic!("{name}: {}", heard.text));
        assert!(said["mood"].is_string(), "{name}: {said}");
        assert_eq!(heard.end, Some(End::Stop), "{name}");
        assert_eq!(heard.calls.len(), 0, "{name}");
    }

    async fn length(&self) {
        let name = self.name("length");
        self.script(&json!({ "output_tokens": 100 }));
        let turns = vec![Turn::User("Go on.".to_owned())];
        let heard = self.ask("length", Ask { turns, tokens_max: 16, ..Ask::default() }).await;
        assert_eq!((heard.end, heard.output_tokens), (Some(End::Length), 16), "{name}");
        assert!(!heard.text.is_empty(), "{name}");
    }

    async fn error(&self) {
        let bad = format!("{}-bad", self.seller.dialect);
        let fault = json!({ "kind": "status", "status": 429, "message": "XUPSTREAMX" });
        self.script_at("-bad", &json!({ "fault": fault }));
        let name = self.name("error");
        let turns = vec![Turn::User("Say something.".to_owned())];
        let ask = Ask { turns, tokens_max: 500, stream: self.stream, ..Ask::default() };
        let model = format!("x/{bad}");
        let (path, body) = (self.caller.path(&model, &ask), self.caller.body(&model, &ask));
        let answer = self.stand.front().send(Method::POST, &path, &body).await;
        assert_eq!(answer.status, 429, "{name}: {}", answer.text);
        let message = self.caller.error(429, &answer.json());
        assert!(!message.is_empty() && !answer.text.contains("XUPSTREAMX"), "{name}: {message}");
    }
}

impl Cell<'_> {
    /// A provider that fails in the middle of its stream: the caller learns it in its own dialect.
    async fn broken(&self) {
        let bad = format!("{}-torn", self.seller.dialect);
        let fault = json!({ "kind": "mid_stream_error", "after_chunks": 2 });
        self.script_at("-torn", &json!({ "fault": fault }));
        let name = self.name("broken");
        let turns = vec![Turn::User("Say something.".to_owned())];
        let ask = Ask { turns, tokens_max: 500, stream: true, ..Ask::default() };
        let model = format!("x/{bad}");
        let (path, body) = (self.caller.path(&model, &ask), self.caller.body(&model, &ask));
        let answer = self.stand.front().send(Method::POST, &path, &body).await;
        assert_eq!(answer.status, 200, "{name}: {}", answer.text);
        let message = self.caller.stream_error(&answer.text);
        assert!(message.is_some_and(|it| !it.is_empty()), "{name}: {}", answer.text);
    }
}

/// What has no meaning between two dialects, with the reason; `docs/dialects.md` tells the same.
fn reason_to_skip(_caller: &str, _seller: &str, _scene: &str) -> Option<&'static str> {
    None
}

/// Waits until the figures tell of all answers of a seller that ended in calls, and holds them to
/// be valid: in each a tool was called as its schema asks for.
async fn calls_are_valid(stand: &Stand, seller: &Seller, answers: u64) {
    let path = format!("/models/x/{}/endpoints", seller.dialect);
    for _ in 0..600 {
        let told = stand.caller.get(&path).await.json();
        let errors = &told["data"]["endpoints"][0]["traffic"]["last_90d"]["tool_call_errors"];
        if errors["count"] == answers {
            assert_eq!(errors["rate"], 0.0, "{}: {errors}", seller.dialect);
            assert_eq!(errors["not_judged"], 0, "{}: {errors}", seller.dialect);
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    panic!("{}: {answers} answers with calls were never told", seller.dialect);
}

async fn row(seller: &'static Seller) {
    let simulator = Simulator::start(simulator::SimulatorOptions::default()).expect("a simulator");
    let host = format!("http://{}", simulator.addr());
    let stand = Stand::configured(simulator, &seller.rows(&host), &seller.config(&host)).await;
    let mut answers_with_calls = 0;
    for caller in CALLERS {
        for stream in [false, true] {
            let cell = Cell { stand: &stand, caller, seller, stream };
            let runs = |scene: &str| reason_to_skip(caller.name(), seller.dialect, scene).is_none();
            cell.text().await;
            cell.tool_loop(false).await;
            answers_with_calls += 1;
            if runs("reasoning") {
                cell.tool_loop(true).await;
                answers_with_calls += 1;
            }
            if runs("image") {
                cell.image().await;
            }
            if runs("schema") {
                cell.schema().await;
            }
            cell.length().await;
            cell.error().await;
            if stream {
                cell.broken().await;
            }
        }
    }
    calls_are_valid(&stand, seller, answers_with_calls).await;
}

macro_rules! rows {
    ($($name:ident = $dialect:literal),* $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                let seller = SELLERS.iter().find(|it| it.dialect == $dialect);
                row(seller.expect("a seller of that dialect")).await;
            }
        )*

        #[test]
        fn every_seller_has_its_row() {
            let rows = [$($dialect),*];
            assert!(SELLERS.iter().all(|seller| rows.contains(&seller.dialect)));
        }
    };
}

rows!(
    every_caller_reaches_openai_chat = "openai-chat",
    every_caller_reaches_anthropic_messages = "anthropic-messages",
    every_caller_reaches_vertex_anthropic = "vertex-anthropic",
    every_caller_reaches_openai_responses = "openai-responses",
    every_caller_reaches_google_gemini = "google-gemini",
    every_caller_reaches_google_vertex = "google-vertex",
    every_caller_reaches_ollama = "ollama",
    every_caller_reaches_azure_openai = "azure-openai",
    every_caller_reaches_mistral = "mistral",
    every_caller_reaches_bedrock_converse = "bedrock-converse",
    every_caller_reaches_sap_orchestration = "sap-orchestration",
    every_caller_reaches_cohere = "cohere",
);

#[test]
fn every_dialect_of_the_catalog_is_spoken_or_its_absence_is_explained() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/dialects.md");
    let told = std::fs::read_to_string(path).unwrap();
    let (_, told) = told.split_once("## Which are spoken").unwrap();
    let (spoken, rest) = told.split_once("### Not spoken").unwrap();
    let (refused, _) = rest.split_once("\n### ").unwrap();
    let layers = catalog::Layers { base: catalog::shipped(), overlays: Vec::new() };
    let catalog = catalog::load(&layers).unwrap().catalog;
    for endpoint in catalog.endpoints() {
        let dialect = endpoint.dialect;
        let name = json!(dialect).as_str().unwrap().to_owned();
        let place = if dialect::registry::is_spoken(dialect) { spoken } else { refused };
        assert!(place.contains(&format!("`{name}`")), "{name}");
    }
    assert!(SELLERS.iter().all(|it| spoken.contains(&format!("`{}`", it.dialect))));
}
