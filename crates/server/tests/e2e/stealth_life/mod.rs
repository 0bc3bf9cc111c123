//! The life of a stealth model: terms, use, feedback, report, reveal.

mod feedback;
mod report;
mod reveal;
mod terms;

use std::time::Duration;

use serde_json::{Value, json};
use simulator::{Simulator, SimulatorOptions};

use crate::stand::{CONFIG, Stand};

/// What callers accept before they use the model. It holds what would do harm in a page.
pub const TERMS: &str = "A lab receives your prompts.\\n<script>alert(1)</script> It keeps them.";

/// The rows of a stealth model, of the model that it is, and of one that has nothing to do with it.
pub fn rows(simulator: &Simulator, terms: &str) -> String {
    let provider = |slug: &str| {
        format!(
            "[provider.{slug}]\nname = \"{slug}\"\ndialect = \"openai-chat\"\nbase_url = \
             \"{}\"\nauth = \"none\"\n",
            simulator.base_url(slug)
        )
    };
    let model = |id: &str, more: &str| {
        format!(
            "[[model]]\nid = \"{id}\"\nname = \"{id}\"\ncontext = 100000\nmax_output = 4000\n\
             tools = true\ntemperature = true\n{more}"
        )
    };
    let endpoint = |provider: &str, model: &str, id: &str| {
        format!(
            "[[endpoint]]\nprovider = \"{provider}\"\nmodel = \"{model}\"\nid = \"{id}\"\n\
             price = {{ input = \"1\", output = \"1\" }}\n"
        )
    };
    [
        provider("lab"),
        provider("host"),
        model("stealth/heron", &format!("stealth = true\nterms = \"{terms}\"\n")),
        model("acme/heron-1", ""),
        model("x/m", ""),
        endpoint("lab", "stealth/heron", "heron-rc3"),
        endpoint("lab", "acme/heron-1", "heron-1"),
        endpoint("host", "x/m", "m"),
    ]
    .concat()
}

/// An instance that serves them, with this more in its configuration.
pub async fn stand(more: &str) -> Stand {
    let simulator = Simulator::start(SimulatorOptions::default()).expect("a simulator");
    let rows = rows(&simulator, TERMS);
    Stand::of(simulator, &rows, &format!("{CONFIG}{more}"), Vec::new()).await
}

pub fn ask(model: &str) -> Value {
    json!({ "model": model, "messages": [{ "role": "user", "content": "hi" }] })
}

/// Accepts the terms as the stand's caller, and returns their hash.
pub async fn accept(stand: &Stand) -> String {
    let path = "/models/stealth/heron/terms";
    let hash = stand.caller.get(path).await.json()["data"]["terms_hash"].clone();
    let accepted = stand.caller.post(path, &json!({ "accept": hash })).await;
    assert_eq!(accepted.status, 200, "{}", accepted.text);
    hash.as_str().unwrap().to_owned()
}

/// Waits until something holds.
pub async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    for _ in 0..300 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("never: {what}");
}
