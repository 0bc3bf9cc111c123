//! A provider: a company that serves models, and how it is reached.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::quirk::Quirks;

/// A company that serves models. Data only: nothing in the code knows one by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provider {
    /// Our name for it, what routing preferences say.
    pub slug: String,
    /// The name that people read.
    pub name: String,
    /// The name that answers carry in `provider`: OpenRouter's where it has one.
    pub display_name: String,
    /// What kind of company it is.
    pub class: ProviderClass,
    /// The company behind it, so that two sites of one company count once.
    pub operator: String,
    /// ISO 3166 code of its seat.
    pub hq: Option<String>,
    /// ISO 3166 codes of where its machines stand.
    pub datacenters: Vec<String>,
    /// Where it is reached; may hold `{placeholders}`.
    pub base_url: String,
    /// The wire format of its endpoints, unless they say otherwise.
    pub dialect: Dialect,
    /// Other wire formats that it speaks, and where.
    pub also: BTreeMap<Dialect, String>,
    /// How it wants to be shown a credential.
    pub auth: Auth,
    /// Environment variables that carry its credential: the first that is set is taken.
    pub key_env: Vec<String>,
    /// Environment variables that fill placeholders of its URLs.
    pub placeholder_env: BTreeMap<String, String>,
    /// Its documentation.
    pub docs: Option<String>,
    /// Its status page.
    pub status_page: Option<String>,
    /// Its privacy policy.
    pub privacy_policy: Option<String>,
    /// Its terms of service.
    pub terms_of_service: Option<String>,
    /// What it does with prompts.
    pub data: DataPolicy,
    /// Its departures from its dialect.
    pub quirks: Quirks,
    /// Whether closing the connection stops its work and its bill.
    pub cancellable: bool,
    /// Its host may be on loopback or a private network, because the operator said so.
    pub private_network: bool,
    /// Switched off by the operator.
    pub disabled: bool,
    /// What a person should know about it.
    pub notes: Vec<String>,
}

/// What kind of company a provider is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProviderClass {
    /// Serves models of its own making.
    Lab,
    /// A large cloud with contracts.
    Cloud,
    /// Serves mostly open weights.
    Host,
    /// Sold as staying in one region.
    Regional,
    /// The operator's own.
    Private,
}

/// A wire format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "each is the name of a published wire format")]
pub enum Dialect {
    OpenaiChat,
    OpenaiResponses,
    OpenaiCompletions,
    OpenaiEmbeddings,
    OpenaiImages,
    OpenaiSpeech,
    OpenaiTranscriptions,
    OpenaiModerations,
    AnthropicMessages,
    GoogleGemini,
    GoogleVertex,
    VertexAnthropic,
    BedrockConverse,
    AzureOpenai,
    Cohere,
    Ollama,
    Mistral,
    SapOrchestration,
    Rerank,
    Realtime,
    Video,
    Music,
    Elevenlabs,
    CloudflareNative,
}

impl Dialect {
    /// Every wire format.
    pub const ALL: [Dialect; 24] = [
        Dialect::OpenaiChat,
        Dialect::OpenaiResponses,
        Dialect::OpenaiCompletions,
        Dialect::OpenaiEmbeddings,
        Dialect::OpenaiImages,
        Dialect::OpenaiSpeech,
        Dialect::OpenaiTranscriptions,
        Dialect::OpenaiModerations,
        Dialect::AnthropicMessages,
        Dialect::GoogleGemini,
        Dialect::GoogleVertex,
        Dialect::VertexAnthropic,
        Dialect::BedrockConverse,
        Dialect::AzureOpenai,
        Dialect::Cohere,
        Dialect::Ollama,
        Dialect::Mistral,
        Dialect::SapOrchestration,
        Dialect::Rerank,
        Dialect::Realtime,
        Dialect::Video,
        Dialect::Music,
        Dialect::Elevenlabs,
        Dialect::CloudflareNative,
    ];
}

/// How a credential is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Auth {
    /// `Authorization: Bearer …`.
    Bearer,
    /// `x-api-key: …`.
    XApiKey,
    /// `api-key: …`.
    ApiKey,
    /// `x-goog-api-key: …`.
    XGoogApiKey,
    /// `xi-api-key: …`.
    XiApiKey,
    /// AWS Signature Version 4.
    Aws,
    /// A token of a Google service account.
    GcpOauth,
    /// A token exchanged for a service key.
    OauthServiceKey,
    /// Not at all.
    None,
}

/// What a provider does with prompts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataPolicy {
    /// Whether it trains on them.
    pub train: Training,
    /// For how many days it keeps them; zero means not at all. `None` is unknown: may keep.
    pub retention_days: Option<u32>,
    /// How sure that is: `high`, `medium`, `contract`.
    pub confidence: Option<String>,
    /// What else a person should know.
    pub note: Option<String>,
}

/// Whether a provider trains on prompts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Training {
    /// It does.
    Yes,
    /// It says that it does not.
    No,
    /// Unless asked not to.
    OptOut,
    /// It does not say; treated as if it did.
    #[default]
    Unknown,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wire_format_is_listed_once_and_in_order() {
        assert!(Dialect::ALL.is_sorted_by(|left, right| left < right));
        assert_eq!(Dialect::ALL.len(), Dialect::CloudflareNative as usize + 1);
    }
}
