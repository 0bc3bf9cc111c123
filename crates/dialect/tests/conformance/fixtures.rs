//! Recorded answers, each a folder: what a provider sent, the flags of its endpoint where it has
//! any, and beside them what callers see of it.
//!
//! `upstream.sse`, `upstream.ndjson` and `upstream.bin` are streams, `upstream.json` is a whole
//! answer, and `error_<status>.json` the body of an error. `endpoint.json` lays fields over the
//! endpoint: `quirks`, and `output_modalities`. `usage.json` is what has to be counted.

use std::fs;
use std::path::{Path, PathBuf};

use domain::catalog::{Dialect, Endpoint, Modality};
use domain::usage::Usage;
use serde_json::Value;

use crate::endpoint::endpoint;

/// One recorded answer.
pub(crate) struct Fixture {
    pub(crate) name: String,
    pub(crate) folder: PathBuf,
    pub(crate) upstream: Vec<u8>,
    pub(crate) kind: Kind,
    pub(crate) endpoint: Endpoint,
    /// What has to be counted, where the fixture says so.
    pub(crate) usage: Option<Usage>,
}

/// What was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Stream,
    Whole,
    /// An error that came with this status.
    Error(u16),
}

/// A dialect of providers, and where its recorded answers are.
pub(crate) struct Row {
    pub(crate) dialect: Dialect,
    pub(crate) folder: &'static str,
}

const fn row(dialect: Dialect, folder: &'static str) -> Row {
    Row { dialect, folder }
}

/// Every dialect of providers that is spoken. One that is another's under other paths shares its
/// recorded answers.
pub(crate) const ROWS: [Row; 12] = [
    row(Dialect::OpenaiChat, "openai_chat"),
    row(Dialect::OpenaiResponses, "openai_responses"),
    row(Dialect::AnthropicMessages, "anthropic"),
    row(Dialect::VertexAnthropic, "anthropic"),
    row(Dialect::GoogleGemini, "gemini"),
    row(Dialect::GoogleVertex, "gemini"),
    row(Dialect::Ollama, "ollama"),
    row(Dialect::AzureOpenai, "azure_openai"),
    row(Dialect::Mistral, "mistral"),
    row(Dialect::Cohere, "cohere"),
    row(Dialect::BedrockConverse, "bedrock"),
    row(Dialect::SapOrchestration, "sap_orchestration"),
];

impl Row {
    /// Returns its recorded answers, by name.
    pub(crate) fn fixtures(&self) -> Vec<Fixture> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(self.folder);
        let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
        let mut folders: Vec<PathBuf> =
            entries.map(|entry| entry.expect("a fixture can be read").path()).collect();
        folders.sort();
        folders.into_iter().map(|folder| self.fixture(folder)).collect()
    }

    /// Returns its recorded streams.
    pub(crate) fn streams(&self) -> Vec<Fixture> {
        self.fixtures().into_iter().filter(|it| it.kind == Kind::Stream).collect()
    }

    fn fixture(&self, folder: PathBuf) -> Fixture {
        let (path, kind) = recorded(&folder);
        let mut endpoint = Endpoint { dialect: self.dialect, ..endpoint() };
        if let Ok(quirks) = fs::read(folder.join("quirks.json")) {
            endpoint.quirks = serde_json::from_slice(&quirks).expect("flags are known");
        }
        if let Ok(over) = fs::read(folder.join("endpoint.json")) {
            let over: Value = serde_json::from_slice(&over).expect("fields are an object");
            let made = over["output_modalities"].as_array().into_iter().flatten();
            let made = made.map(|it| serde_json::from_value(it.clone()).expect("a modality"));
            endpoint.output_modalities = made.collect::<Vec<Modality>>();
        }
        let usage = fs::read(folder.join("usage.json")).ok();
        let usage = usage.map(|it| serde_json::from_slice(&it).expect("classes are known"));
        let name = folder.file_name().expect("a fixture has a name").to_string_lossy();
        let name = format!("{}/{name}", self.folder);
        let upstream = fs::read(path).expect("a fixture has an answer");
        Fixture { name, folder, upstream, kind, endpoint, usage }
    }
}

fn recorded(folder: &Path) -> (PathBuf, Kind) {
    for (file, kind) in [
        ("upstream.sse", Kind::Stream),
        ("upstream.ndjson", Kind::Stream),
        ("upstream.bin", Kind::Stream),
        ("upstream.json", Kind::Whole),
    ] {
        let path = folder.join(file);
        if path.exists() {
            return (path, kind);
        }
    }
    let files = fs::read_dir(folder).expect("a fixture is a folder");
    let paths = files.map(|file| file.expect("a file can be read").path());
    let found = paths.into_iter().find_map(|path| {
        let stem = path.file_stem()?.to_str()?.to_owned();
        let status = stem.strip_prefix("error_")?.parse().ok()?;
        Some((path, Kind::Error(status)))
    });
    found.unwrap_or_else(|| panic!("{} holds no answer", folder.display()))
}
