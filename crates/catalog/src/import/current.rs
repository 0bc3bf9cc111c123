//! What stands in the catalog before an import.

use std::collections::BTreeMap;

use toml::{Table, Value};

use super::curated::Serving;
use super::document::{Block, Document};
use super::fault::ImportFault;
use super::model::{Model, flag, words};
use crate::source::SourceFile;

/// The files of the catalog, by slug and author.
#[derive(Default)]
pub(super) struct Current {
    pub(super) providers: BTreeMap<String, ProviderFile>,
    pub(super) authors: BTreeMap<String, AuthorFile>,
    pub(super) models: BTreeMap<String, Model>,
}

/// A provider's file.
#[derive(Clone)]
pub(super) struct ProviderFile {
    pub(super) path: String,
    pub(super) document: Document,
    pub(super) facts: ProviderFacts,
}

/// What an import asks of a provider.
#[derive(Clone, Debug, Default)]
pub(super) struct ProviderFacts {
    pub(super) class: String,
    pub(super) operator: String,
    pub(super) dialect: String,
}

/// An author's file.
#[derive(Clone)]
pub(super) struct AuthorFile {
    pub(super) path: String,
    pub(super) document: Document,
}

impl Current {
    /// Reads the files of the catalog: those in a folder `providers`, and those in `models`.
    ///
    /// # Errors
    /// If a file is not what it must be, or two are for one provider, author or model.
    pub(super) fn read(files: &[SourceFile]) -> Result<Current, ImportFault> {
        let mut current = Current::default();
        for file in files {
            match folder(&file.path) {
                Some("providers") => current.read_provider(file)?,
                Some("models") => current.read_author(file)?,
                _ => {}
            }
        }
        Ok(current)
    }

    fn read_provider(&mut self, file: &SourceFile) -> Result<(), ImportFault> {
        let fault = |detail: &str| ImportFault::of_file(&file.path, detail);
        let document = Document::read(&file.text, "endpoint").map_err(|detail| fault(&detail))?;
        let head: Table = toml::from_str(&document.head).map_err(|error| fault(error.message()))?;
        let provider = head.get("provider").and_then(Value::as_table);
        let text = |key: &str| provider.and_then(|provider| provider.get(key)?.as_str());
        let slug = text("slug").ok_or_else(|| fault("it names no provider"))?.to_owned();
        let or_slug = |key: &str| text(key).unwrap_or(&slug).to_owned();
        let facts = ProviderFacts {
            class: text("class").unwrap_or("").to_owned(),
            operator: or_slug("operator"),
            dialect: text("dialect").unwrap_or("openai-chat").to_owned(),
        };
        let path = file.path.clone();
        let twin = self.providers.insert(slug, ProviderFile { path, document, facts });
        twin.map_or(Ok(()), |_| Err(fault("another file is for the same provider")))
    }

    fn read_author(&mut self, file: &SourceFile) -> Result<(), ImportFault> {
        let fault = |detail: &str| ImportFault::of_file(&file.path, detail);
        let document = Document::read(&file.text, "model").map_err(|detail| fault(&detail))?;
        let head: Table = toml::from_str(&document.head).map_err(|error| fault(error.message()))?;
        let author = head.get("author").and_then(Value::as_str);
        let author = author.ok_or_else(|| fault("it names no author"))?.to_owned();
        for block in &document.blocks {
            let model = Model::of_block(block).ok_or_else(|| fault("a model has no id"))?;
            if self.models.insert(model.id.clone(), model).is_some() {
                return Err(fault("a model stands twice"));
            }
        }
        let path = file.path.clone();
        let twin = self.authors.insert(author, AuthorFile { path, document });
        twin.map_or(Ok(()), |_| Err(fault("another file is for the same author")))
    }
}

impl ProviderFile {
    /// What the file says an id of the source stands for.
    pub(super) fn serving(&self, id: &str) -> Option<Serving> {
        let block = self.document.blocks.iter().find(|block| names(block, id))?;
        let served = block.str("source_id").is_some().then(|| block.str("id")).flatten();
        Some(Serving {
            id: served.map(str::to_owned),
            floating: flag(&block.table, "floating").unwrap_or(false),
            ..serving_of(block)
        })
    }
}

/// Whether an endpoint comes from this id of the source.
pub(super) fn names(block: &Block, id: &str) -> bool {
    let own = block.str("source_id").or_else(|| block.str("id"));
    own == Some(id) || words(&block.table, "aliases").iter().any(|alias| alias == id)
}

/// The place that an endpoint takes at its provider: no two have the same.
pub(super) fn serving_of(block: &Block) -> Serving {
    let text = |key: &str| block.str(key).map(str::to_owned);
    Serving {
        model: text("model").unwrap_or_default(),
        variant: text("variant"),
        mode: text("mode"),
        region: text("region"),
        quantization: text("quantization"),
        tee: flag(&block.table, "tee").unwrap_or(false),
        ..Serving::default()
    }
}

fn folder(path: &str) -> Option<&str> {
    path.rsplit('/').nth(1)
}
