//! What is no chat, through the same path: embeddings, rerank, images, speech, transcription,
//! moderation; and what can be called for each.

mod embeddings;
mod images;
mod lists;
mod rank;
pub mod sound;

use serde_json::{Value, json};
use simulator::{Simulator, SimulatorOptions};

use crate::client::Answer;
use crate::stand::Stand;

/// Providers by name: their dialect, and what their base URL ends in.
const PROVIDERS: [(&str, &str, &str); 7] = [
    ("north", "openai-chat", "/v1"),
    ("south", "openai-chat", "/v1"),
    ("studio", "google-gemini", "/v1beta"),
    ("cloud", "google-vertex", "/vertex"),
    ("ranker", "cohere", "/v2"),
    ("local", "ollama", "/api"),
    ("voice", "elevenlabs", "/v1"),
];

/// Models: id, kind, what they read and write, and who offers them: provider, dialect where it is
/// not the provider's own, and price.
type Row = (&'static str, &'static str, &'static str, &'static str, &'static [Offer]);
type Offer = (&'static str, &'static str, &'static str);

const MODELS: [Row; 17] = [
    (
        "x/embed",
        "embedding",
        "\"text\"",
        "\"embeddings\"",
        &[
            ("north", "openai-embeddings", "input = \"1\""),
            ("south", "openai-embeddings", "input = \"3\""),
        ],
    ),
    (
        "x/embed-studio",
        "embedding",
        "\"text\"",
        "\"embeddings\"",
        &[("studio", "", "input = \"1\"")],
    ),
    ("x/embed-cloud", "embedding", "\"text\"", "\"embeddings\"", &[("cloud", "", "input = \"1\"")]),
    (
        "x/embed-ranker",
        "embedding",
        "\"text\"",
        "\"embeddings\"",
        &[("ranker", "", "input = \"1\"")],
    ),
    ("x/embed-local", "embedding", "\"text\"", "\"embeddings\"", &[("local", "", "input = \"1\"")]),
    ("x/rank", "rerank", "\"text\"", "\"rerank\"", &[("north", "rerank", "input = \"1\"")]),
    (
        "x/rank-searches",
        "rerank",
        "\"text\"",
        "\"rerank\"",
        &[("ranker", "", "per_1k_requests = \"2\"")],
    ),
    (
        "x/draw",
        "image",
        "\"text\", \"image\"",
        "\"image\"",
        &[
            ("north", "openai-images", "image = \"0.04\""),
            ("south", "openai-images", "image = \"0.05\""),
        ],
    ),
    (
        "x/draw-tokens",
        "image",
        "\"text\"",
        "\"image\"",
        &[("north", "openai-images", "input = \"5\", output = \"40\"")],
    ),
    (
        "x/draw-chat",
        "chat",
        "\"text\", \"image\"",
        "\"text\", \"image\"",
        &[("studio", "", "input = \"1\", output = \"30\"")],
    ),
    (
        "x/speak",
        "tts",
        "\"text\"",
        "\"speech\"",
        &[
            ("north", "openai-speech", "character_m = \"15\""),
            ("south", "openai-speech", "character_m = \"30\""),
        ],
    ),
    ("x/speak-voice", "tts", "\"text\"", "\"speech\"", &[("voice", "", "character_m = \"180\"")]),
    (
        "x/speak-studio",
        "tts",
        "\"text\"",
        "\"speech\"",
        &[("studio", "", "input = \"1\", output = \"10\"")],
    ),
    (
        "x/hear",
        "stt",
        "\"audio\"",
        "\"transcription\"",
        &[
            ("north", "openai-transcriptions", "minute = \"0.006\""),
            ("south", "openai-transcriptions", "minute = \"0.012\""),
        ],
    ),
    (
        "x/hear-voice",
        "stt",
        "\"audio\"",
        "\"transcription\"",
        &[("voice", "", "minute = \"0.006\"")],
    ),
    (
        "x/judge",
        "moderation",
        "\"text\"",
        "\"text\"",
        &[("north", "openai-moderations", "input = \"1\"")],
    ),
    ("x/chat", "chat", "\"text\"", "\"text\"", &[("north", "", "input = \"1\", output = \"2\"")]),
];

const ORDER: [&str; 2] = ["north", "south"];

async fn stand() -> Stand {
    let simulator = Simulator::start(SimulatorOptions::default()).expect("a simulator");
    let rows = rows(&simulator);
    Stand::on(simulator, &rows).await
}

/// The rows of all of them.
pub fn rows(simulator: &Simulator) -> String {
    let host = format!("http://{}", simulator.addr());
    let mut rows = String::new();
    for (name, dialect, base) in PROVIDERS {
        rows += &format!(
            "[provider.{name}]\nname = \"{name}\"\ndialect = \"{dialect}\"\n\
             base_url = \"{host}/{name}{base}\"\nauth = \"none\"\n"
        );
    }
    for (id, kind, reads, writes, offers) in MODELS {
        let slug = id.trim_start_matches("x/");
        rows += &format!(
            "[[model]]\nid = \"{id}\"\nname = \"{id}\"\nkind = \"{kind}\"\ncontext = 8000\n\
             input_modalities = [{reads}]\noutput_modalities = [{writes}]\n"
        );
        for (provider, dialect, price) in offers {
            let own = if dialect.is_empty() { "" } else { &format!("dialect = \"{dialect}\"\n") };
            rows += &format!(
                "[[endpoint]]\nprovider = \"{provider}\"\nmodel = \"{id}\"\nid = \"sim-{slug}\"\n\
                 {own}price = {{ {price} }}\n"
            );
        }
    }
    rows
}

impl Stand {
    /// Asks the cheap provider first, unless the request says where it wants to go.
    async fn ask(&self, path: &str, body: &Value) -> Answer {
        let mut body = body.clone();
        body.as_object_mut().unwrap().entry("provider").or_insert(json!({"order": ORDER}));
        self.caller.post(path, &body).await
    }

    /// The record of the generation that answered.
    async fn record(&self, answer: &Answer) -> Value {
        let id = answer.header("x-generation-id");
        let found = self.caller.get(&format!("/generation?id={id}")).await;
        assert_eq!(found.status, 200, "{}", found.text);
        found.json()["data"].clone()
    }
}

/// Checks that a cost is so many nano-dollars.
fn assert_nanos(cost: &Value, nanos: u64) {
    let dollars = cost.as_f64().unwrap_or_else(|| panic!("no cost: {cost}"));
    assert_eq!((dollars * 1e9).round() as u64, nanos);
}
