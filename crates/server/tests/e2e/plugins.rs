//! Plugins of the request path.

use serde_json::{Value, json};
use simulator::{Simulator, SimulatorOptions};

use crate::stand::Stand;

/// A model of a context that is small, served by the provider `small`.
async fn small() -> Stand {
    let simulator = Simulator::start(SimulatorOptions::default()).expect("a simulator");
    let rows = format!(
        "[provider.small]\nname = \"small\"\ndialect = \"openai-chat\"\nbase_url = \"{}\"\n\
         auth = \"none\"\n[[model]]\nid = \"x/small\"\nname = \"small\"\ncontext = 4000\n\
         max_output = 1000\ninput_modalities = [\"text\"]\noutput_modalities = [\"text\"]\n\
         [[endpoint]]\nprovider = \"small\"\nmodel = \"x/small\"\nid = \"small-1\"\n\
         price = {{ input = \"1\", output = \"2\" }}\n",
        simulator.base_url("small")
    );
    Stand::on(simulator, &rows).await
}

/// A conversation of about 4,400 tokens.
fn long(fields: Value) -> Value {
    let mut messages = vec![json!({ "role": "system", "content": "Be brief." })];
    for place in 0..41 {
        let role = if place % 2 == 0 { "user" } else { "assistant" };
        let content = format!("turn {place}: {}", "word ".repeat(100));
        messages.push(json!({ "role": role, "content": content }));
    }
    let mut body = json!({ "model": "x/small", "messages": messages, "max_tokens": 500 });
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    body
}

fn sent(stand: &Stand) -> Vec<Value> {
    let requests = stand.simulator.requests("small");
    let body: Value = serde_json::from_str(&requests.last().unwrap().body).unwrap();
    body["messages"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prompt_that_does_not_fit_loses_its_middle() {
    let stand = small().await;
    stand.script("small", r#"{"usage":"never","output_tokens":20}"#);
    for fields in [json!({}), json!({ "transforms": ["middle-out"] }), json!({ "stream": true })] {
        let answer = stand.caller.curious().chat(&long(fields)).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let messages = sent(&stand);
        assert!((20..41).contains(&messages.len()), "{} were sent", messages.len());
        assert_eq!(messages[0]["content"], "Be brief.");
        assert!(messages[1]["content"].as_str().unwrap().starts_with("turn 0:"));
        let last = messages.last().unwrap()["content"].as_str().unwrap();
        assert!(last.starts_with("turn 40:"));
        let told = match answer.text.starts_with('{') {
            true => answer.json()["openrouter_metadata"].clone(),
            false => answer.chunks().last().unwrap()["openrouter_metadata"].clone(),
        };
        let stage = &told["pipeline"][0];
        assert_eq!(stage["type"], "context_compression", "{told}");
        assert_eq!(stage["data"]["engine"], "middle-out");
        assert_eq!(stage["data"]["original_count"], 42);
        assert_eq!(stage["data"]["compressed_count"], messages.len());
        // The caller pays for what was sent.
        assert_eq!(answer.usage()["prompt_tokens"], stage["data"]["compressed_tokens"]);
        assert!(stage["data"]["compressed_tokens"].as_u64().unwrap() <= 3_500);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prompt_goes_whole_where_it_fits_or_compression_is_off() {
    let stand = small().await;
    stand.script("small", r#"{"output_tokens":20}"#);
    let off = json!([{ "id": "context-compression", "enabled": false }]);
    for fields in [json!({ "transforms": [] }), json!({ "plugins": off })] {
        let answer = stand.caller.curious().chat(&long(fields)).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(sent(&stand).len(), 42);
        assert!(answer.json()["openrouter_metadata"]["pipeline"].is_null());
    }
    let mut short = long(json!({}));
    short["messages"].as_array_mut().unwrap().truncate(9);
    assert_eq!(stand.caller.chat(&short).await.status, 200);
    assert_eq!(sent(&stand).len(), 9);
    let wrong = json!({ "plugins": [{ "id": "context-compression", "engine": "squeeze" }] });
    let refused = stand.caller.chat(&long(wrong)).await;
    assert_eq!(refused.status, 400, "{}", refused.text);
    assert_eq!(refused.json()["error"]["param"], "plugins[0].engine");
}
