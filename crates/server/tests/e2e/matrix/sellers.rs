//! The dialects of providers, each with the row that lets one be simulated.

use serde_json::json;

/// A provider's dialect.
pub struct Seller {
    /// Its name in the catalog.
    pub dialect: &'static str,
    /// What its base URL ends in.
    pub base: &'static str,
    /// How thinking is asked for, and what else its endpoint's row has to say.
    pub row: &'static str,
    /// How its credential is shown, and what the operator's configuration says of it.
    pub auth: (&'static str, &'static str),
    /// The credential that it wants to be shown; empty where it wants none.
    pub wants: &'static str,
    /// What else its provider's row has to say.
    pub provider: &'static str,
    /// What a request that sends thinking back has to hold; none where nothing goes back.
    pub sent_back: Option<&'static str>,
}

const OPEN: Seller = Seller {
    dialect: "",
    base: "/v1",
    row: "",
    auth: ("none", ""),
    wants: "",
    provider: "",
    sent_back: None,
};

/// What the simulator gives for a credential of the other kinds.
const TOKEN: &str = "sim-token";

/// The key of a service account that exists for tests alone.
const PEM: &str = include_str!("../../keys/service_account.pem");

/// A key that the operator sets as it is shown.
const KEY: &str = "key = \"sim-key\"";

pub const SELLERS: [Seller; 12] = [
    Seller {
        dialect: "openai-chat",
        row: "reasoning_controls = { efforts = [\"low\", \"medium\", \"high\"] }",
        ..OPEN
    },
    Seller {
        dialect: "anthropic-messages",
        row: "reasoning_controls = { budget = [1024] }",
        sent_back: Some("\"signature\":\""),
        ..OPEN
    },
    Seller {
        dialect: "vertex-anthropic",
        base: "/vertex",
        row: "reasoning_controls = { budget = [1024] }",
        sent_back: Some("\"signature\":\""),
        auth: ("gcp-oauth", "key = '{service_account}'"),
        wants: TOKEN,
        ..OPEN
    },
    Seller {
        dialect: "openai-responses",
        row: "reasoning_controls = { efforts = [\"low\", \"medium\", \"high\"] }",
        sent_back: Some("\"encrypted_content\":\""),
        ..OPEN
    },
    Seller {
        dialect: "google-gemini",
        base: "/v1beta",
        row: "reasoning_controls = { budget = [128, 32768] }",
        sent_back: Some("\"thoughtSignature\":\""),
        ..OPEN
    },
    Seller {
        dialect: "google-vertex",
        base: "/vertex",
        row: "reasoning_controls = { budget = [128, 32768] }",
        sent_back: Some("\"thoughtSignature\":\""),
        auth: ("gcp-oauth", "key = '{service_account}'"),
        wants: TOKEN,
        ..OPEN
    },
    Seller { dialect: "ollama", base: "/api", ..OPEN },
    Seller {
        dialect: "azure-openai",
        base: "/openai/v1",
        row: "reasoning_controls = { efforts = [\"low\", \"medium\", \"high\"] }",
        auth: ("api-key", KEY),
        wants: "sim-key",
        provider: "quirks = { extra_fields = [\"prompt_filter_results\"] }",
        ..OPEN
    },
    Seller {
        dialect: "cohere",
        base: "/v2",
        row: "reasoning_controls = { toggle = true, budget = [1] }",
        auth: ("bearer", KEY),
        wants: "sim-key",
        sent_back: Some("\"type\":\"thinking\""),
        ..OPEN
    },
    Seller {
        dialect: "bedrock-converse",
        base: "",
        row: "reasoning_controls = { budget = [1024] }",
        auth: ("aws", "key = \"AKIDSIM:sim-secret\"\nplaceholders = { region = \"us-east-1\" }"),
        wants: "AKIDSIM:sim-secret",
        sent_back: Some("\"signature\":\""),
        ..OPEN
    },
    Seller {
        dialect: "sap-orchestration",
        base: "/v2/inference/deployments/d1",
        row: "reasoning_controls = { efforts = [\"low\", \"medium\", \"high\"] }",
        auth: ("oauth-service-key", "key = '{service_key}'"),
        wants: TOKEN,
        ..OPEN
    },
    Seller {
        dialect: "mistral",
        base: "/mistral/v1",
        row: "reasoning_controls = { efforts = [\"none\", \"high\"] }",
        auth: ("bearer", KEY),
        wants: "sim-key",
        provider: "quirks = { stream_usage = \"always\", reasoning_out = \"content_parts\", \
                   reasoning_in = [\"reasoning_effort\"], \
                   drop_params = [\"logprobs\", \"user\"], \
                   rename_params = { seed = \"random_seed\" }, tool_choice_required = \"any\", \
                   tool_call_id = \"nine_alphanumerics\", \
                   message_order = \"no_user_after_tool\", prefill_mark = \"prefix\" }",
        sent_back: Some("\"type\":\"thinking\""),
    },
];

impl Seller {
    /// The rows that have it served by the simulator at `host`, once well, and twice out of order.
    pub fn rows(&self, host: &str) -> String {
        let Seller { dialect, base, row, auth: (auth, _), provider, .. } = self;
        ["", "-bad", "-torn"]
            .map(|kind| {
                let name = format!("{dialect}{kind}");
                format!(
                    "[provider.{name}]\nname = \"{name}\"\ndialect = \"{dialect}\"\n\
                     base_url = \"{host}/{name}{base}\"\nauth = \"{auth}\"\n{provider}\n\
                     [[model]]\nid = \"x/{name}\"\nname = \"{name}\"\ncontext = 100000\n\
                     max_output = 8000\ninput_modalities = [\"text\", \"image\"]\n\
                     output_modalities = [\"text\"]\ntools = true\ntemperature = true\n\
                     reasoning = true\nstructured_output = true\n\
                     [[endpoint]]\nprovider = \"{name}\"\nmodel = \"x/{name}\"\nid = \"sim-small\"\n\
                     price = {{ input = \"1\", output = \"2\" }}\n{row}\n"
                )
            })
            .concat()
    }

    /// What the operator says of them, where the simulator at `host` gives tokens out.
    pub fn config(&self, host: &str) -> String {
        let Seller { dialect, auth: (_, said), .. } = self;
        ["", "-bad", "-torn"]
            .map(|kind| {
                let name = format!("{dialect}{kind}");
                let said = said
                    .replace("{service_account}", &service_account(host, &name))
                    .replace("{service_key}", &service_key(host, &name));
                format!("[providers.\"{name}\"]\n{said}\n")
            })
            .concat()
    }
}

/// The file of a service account, whose tokens the simulated provider `name` gives.
pub fn service_account(host: &str, name: &str) -> String {
    json!({
        "type": "service_account", "project_id": "sim", "private_key_id": "k1",
        "private_key": PEM, "client_email": "sim@sim.invalid",
        "token_uri": format!("{host}/{name}/token")
    })
    .to_string()
}

/// A service key, whose tokens the simulated provider `name` gives.
pub fn service_key(host: &str, name: &str) -> String {
    json!({"clientid": "sim", "clientsecret": "s3", "url": format!("{host}/{name}")}).to_string()
}
