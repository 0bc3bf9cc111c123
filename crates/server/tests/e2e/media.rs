//! Images by address, before an endpoint that takes bytes alone.

use http::Method;
use serde_json::json;
use simulator::Simulator;

use crate::stand::Stand;

#[tokio::test(flavor = "multi_thread")]
async fn a_private_address_is_refused_by_name_and_nothing_is_sent() {
    let simulator = Simulator::start(simulator::SimulatorOptions::default()).expect("a simulator");
    let rows = format!(
        "[provider.tiny]\nname = \"tiny\"\ndialect = \"ollama\"\n\
         base_url = \"http://{}/tiny/api\"\nauth = \"none\"\n\
         [[model]]\nid = \"x/tiny\"\nname = \"tiny\"\ncontext = 100000\nmax_output = 8000\n\
         input_modalities = [\"text\", \"image\"]\noutput_modalities = [\"text\"]\n\
         [[endpoint]]\nprovider = \"tiny\"\nmodel = \"x/tiny\"\nid = \"sim-small\"\n\
         price = {{ input = \"1\", output = \"2\" }}\n",
        simulator.addr()
    );
    let stand = Stand::on(simulator, &rows).await;
    let ask = |url: &str| {
        json!({"model": "x/tiny", "messages": [{"role": "user", "content": [
            {"type": "text", "text": "What is this?"},
            {"type": "image_url", "image_url": {"url": url}},
        ]}]})
    };
    for url in ["http://127.0.0.1:9/a.png", "http://169.254.169.254/latest", "http://localhost/a"] {
        let path = "/api/v1/chat/completions";
        let answer = stand.front().send(Method::POST, path, &ask(url)).await;
        assert_eq!(answer.status, 400, "{url}: {}", answer.text);
        let error = &answer.json()["error"];
        assert_eq!(error["param"], "messages", "{url}");
        assert_eq!(error["metadata"]["provider_code"], "media_download_failed", "{url}");
    }
    assert!(stand.simulator.requests("tiny").is_empty());
}
