//! Providers that want more than a key: signatures, and tokens that are fetched.

use serde_json::{Value, json};
use simulator::{Simulator, SimulatorOptions};

use crate::matrix::sellers::service_account;
use crate::stand::Stand;

/// A provider of the simulator's, and the endpoint of `x/m` there.
struct Row {
    provider: &'static str,
    dialect: &'static str,
    auth: &'static str,
    base: &'static str,
    dollars: &'static str,
    more: &'static str,
}

impl Row {
    fn toml(&self, host: &str) -> String {
        let Row { provider, dialect, auth, base, dollars, more } = self;
        format!(
            "[provider.{provider}]\nname = \"{provider}\"\ndialect = \"{dialect}\"\n\
             base_url = \"{host}/{provider}{base}\"\nauth = \"{auth}\"\n\
             [[endpoint]]\nprovider = \"{provider}\"\nmodel = \"x/m\"\nid = \"sim:small\"\n\
             price = {{ input = \"{dollars}\", output = \"{dollars}\" }}\n{more}\n"
        )
    }
}

const MODEL: &str = "[[model]]\nid = \"x/m\"\nname = \"m\"\ncontext = 100000\nmax_output = 4000\n\
                     input_modalities = [\"text\"]\noutput_modalities = [\"text\"]\n";

const WELL: Row = Row {
    provider: "well",
    dialect: "openai-chat",
    auth: "none",
    base: "/v1",
    dollars: "9",
    more: "",
};

async fn stand(rows: &[Row], config: impl Fn(&str) -> String) -> Stand {
    let simulator = Simulator::start(SimulatorOptions::default()).expect("a simulator");
    let host = format!("http://{}", simulator.addr());
    let rows: String = rows.iter().map(|row| row.toml(&host)).collect();
    Stand::configured(simulator, &format!("{MODEL}{rows}"), &config(&host)).await
}

fn ask() -> Value {
    json!({ "model": "x/m", "messages": [{ "role": "user", "content": "hi" }] })
}

const VERTEX: Row = Row {
    provider: "cloud",
    dialect: "google-vertex",
    auth: "gcp-oauth",
    base: "/vertex",
    dollars: "1",
    more: "",
};

#[tokio::test(flavor = "multi_thread")]
async fn one_token_is_fetched_for_many_requests() {
    let config =
        |host: &str| format!("[providers.cloud]\nkey = '{}'\n", service_account(host, "cloud"));
    let stand = stand(&[VERTEX], config).await;
    stand.script("cloud", r#"{"auth":"sim-token"}"#);
    let mut asking = tokio::task::JoinSet::new();
    for _ in 0..12 {
        let caller = stand.caller.at(stand.caller.base().to_owned());
        asking.spawn(async move { caller.chat(&ask()).await.status });
    }
    while let Some(status) = asking.join_next().await {
        assert_eq!(status.unwrap(), 200);
    }
    let requests = stand.simulator.requests("cloud");
    let tokens = requests.iter().filter(|request| request.path == "/token").count();
    assert_eq!((tokens, requests.len()), (1, 13));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_whose_token_does_not_come_is_passed_over() {
    let config = |host: &str| {
        format!("[providers.cloud]\nkey = '{}'\n", service_account(host, "cloud/nowhere"))
    };
    let stand = stand(&[VERTEX, WELL], config).await;
    for _ in 0..2 {
        let answer = stand.caller.chat(&ask()).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(answer.json()["provider"], "well");
    }
    let requests = stand.simulator.requests("cloud");
    assert!(requests.iter().all(|request| request.path == "/nowhere/token"), "{requests:?}");
    let only = json!({ "model": "x/m", "messages": [{ "role": "user", "content": "hi" }],
        "provider": { "only": ["cloud"] } });
    let refused = stand.caller.chat(&only).await;
    assert_eq!(refused.status, 502, "{}", refused.text);
    assert!(!refused.text.contains("PRIVATE KEY"), "{}", refused.text);
}

const AWS: Row = Row {
    provider: "rock",
    dialect: "bedrock-converse",
    auth: "aws",
    base: "",
    dollars: "1",
    more: "",
};

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_of_another_secret_opens_nothing_and_the_next_provider_answers() {
    for (key, provider) in [
        ("AKIDSIM:sim-secret", "rock"),
        ("AKIDSIM:sim-secret:a-token-that-was-lent", "rock"),
        ("AKIDSIM:another-secret", "well"),
        ("AKIDELSE:sim-secret", "well"),
    ] {
        let config = |_: &str| {
            format!(
                "[providers.rock]\nkey = \"{key}\"\nplaceholders = {{ region = \"eu-west-1\" }}\n"
            )
        };
        let stand = stand(&[AWS, WELL], config).await;
        stand.script("rock", r#"{"auth":"AKIDSIM:sim-secret"}"#);
        let answer = stand.caller.chat(&ask()).await;
        assert_eq!(answer.status, 200, "{key}: {}", answer.text);
        assert_eq!(answer.json()["provider"], provider, "{key}");
        let requests = stand.simulator.requests("rock");
        assert_eq!(requests[0].path, "/model/sim%3Asmall/converse", "{key}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_bedrocks_own_is_shown_as_a_bearer() {
    let config = |_: &str| "[providers.rock]\nkey = \"own-key\"\n".to_owned();
    let stand = stand(&[AWS], config).await;
    stand.script("rock", r#"{"auth":"own-key"}"#);
    let answer = stand.caller.chat(&ask()).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn azures_classic_surface_has_the_deployment_in_its_address() {
    let row = Row {
        provider: "blue",
        dialect: "azure-openai",
        auth: "api-key",
        base: "/openai/deployments",
        dollars: "1",
        more: "quirks = { api_version = \"2024-10-21\" }",
    };
    let stand = stand(&[row], |_| "[providers.blue]\nkey = \"k\"\n".to_owned()).await;
    stand.script("blue", r#"{"auth":"k"}"#);
    let answer = stand.caller.chat(&ask()).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let path = stand.simulator.requests("blue")[0].path.clone();
    assert_eq!(path, "/openai/deployments/sim%3Asmall/chat/completions");
}
