//! The dialects of providers, each with the row that lets one be simulated.

/// A provider's dialect.
pub struct Seller {
    /// Its name in the catalog.
    pub dialect: &'static str,
    /// What its base URL ends in.
    pub base: &'static str,
    /// How thinking is asked for, and what else its endpoint's row has to say.
    pub row: &'static str,
    /// What a request that sends thinking back has to hold; none where nothing goes back.
    pub sent_back: Option<&'static str>,
}

pub const SELLERS: [Seller; 7] = [
    Seller {
        dialect: "openai-chat",
        base: "/v1",
        row: "reasoning_controls = { efforts = [\"low\", \"medium\", \"high\"] }",
        sent_back: None,
    },
    Seller {
        dialect: "anthropic-messages",
        base: "/v1",
        row: "reasoning_controls = { budget = [1024] }",
        sent_back: Some("\"signature\":\""),
    },
    Seller {
        dialect: "vertex-anthropic",
        base: "/vertex",
        row: "reasoning_controls = { budget = [1024] }",
        sent_back: Some("\"signature\":\""),
    },
    Seller {
        dialect: "openai-responses",
        base: "/v1",
        row: "reasoning_controls = { efforts = [\"low\", \"medium\", \"high\"] }",
        sent_back: Some("\"encrypted_content\":\""),
    },
    Seller {
        dialect: "google-gemini",
        base: "/v1beta",
        row: "reasoning_controls = { budget = [128, 32768] }",
        sent_back: Some("\"thoughtSignature\":\""),
    },
    Seller {
        dialect: "google-vertex",
        base: "/vertex",
        row: "reasoning_controls = { budget = [128, 32768] }",
        sent_back: Some("\"thoughtSignature\":\""),
    },
    Seller { dialect: "ollama", base: "/api", row: "", sent_back: None },
];

impl Seller {
    /// The rows that have it served by the simulator at `host`, once well, and twice out of order.
    pub fn rows(&self, host: &str) -> String {
        let Seller { dialect, base, row, .. } = self;
        ["", "-bad", "-torn"]
            .map(|kind| {
                let name = format!("{dialect}{kind}");
                format!(
                    "[provider.{name}]\nname = \"{name}\"\ndialect = \"{dialect}\"\n\
                     base_url = \"{host}/{name}{base}\"\nauth = \"none\"\n\
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
}
