//! The hand-kept tables that steer an import. `catalog/curated/README.md` explains them.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use toml::Table;

use super::fault::ImportFault;
use crate::source::SourceFile;

/// All tables. Only the policy must be there; a missing other one decides nothing.
pub(super) struct Curated {
    pub(super) policy: Policy,
    pub(super) directories: BTreeMap<String, Directory>,
    pub(super) authors: Authors,
    pub(super) aliases: Aliases,
    pub(super) models: Models,
    pub(super) providers: Providers,
    pub(super) corrections: Corrections,
    pub(super) windows: Windows,
    pub(super) supplement: Supplement,
}

/// `policy.toml`: which directories of the source are providers.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Policy {
    pub(super) include: BTreeMap<String, Included>,
    pub(super) skip: BTreeMap<String, Skipped>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Included {
    pub(super) slug: String,
    pub(super) class: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Skipped {
    #[serde(rename = "as")]
    _kind: String,
    #[serde(rename = "why")]
    _reason: String,
}

/// `directories.toml`: how a directory writes its ids, and what is peculiar to it.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Directory {
    pub(super) style: Style,
    pub(super) drop: Vec<String>,
    pub(super) variants: BTreeMap<String, String>,
    pub(super) vendors: Vec<String>,
    pub(super) zero_price: Option<String>,
    pub(super) no_price: Option<String>,
    pub(super) own: Option<String>,
    pub(super) any_owner: bool,
    pub(super) responses_only: bool,
    pub(super) fast_mode: Option<FastMode>,
}

/// How the ids of a directory are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Style {
    /// `author/slug`, or a slug alone.
    #[default]
    Plain,
    /// `region.author.slug-v1:0`.
    Bedrock,
    /// `author/…/slug`.
    AuthorFirst,
    /// `…/slug`, with `p` for the point in numbers.
    PointAsP,
    /// `author/slug@date`, with `-maas` behind hosted models.
    AtDate,
}

/// What a directory's fast mode is to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum FastMode {
    /// A model of its own, named `…-fast`.
    Model,
    /// A service tier, `priority`.
    PriorityTier,
}

/// `authors.toml`: how authors are spelt, called, and where they serve their own models.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Authors {
    pub(super) spelled: BTreeMap<String, String>,
    pub(super) lab: BTreeMap<String, String>,
    pub(super) name: BTreeMap<String, String>,
}

/// `aliases.toml`: identity that no rule can settle.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Aliases {
    pub(super) slugs: BTreeMap<String, Target>,
    pub(super) ids: BTreeMap<String, BTreeMap<String, Target>>,
    pub(super) exclude: BTreeMap<String, String>,
    pub(super) packagers: Packagers,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Packagers {
    pub(super) names: Vec<String>,
}

/// What an id stands for.
#[derive(Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum Target {
    Model(String),
    Serving(Box<Serving>),
}

/// A model, and how it is served.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Serving {
    pub(super) model: String,
    pub(super) id: Option<String>,
    pub(super) variant: Option<String>,
    pub(super) mode: Option<String>,
    pub(super) region: Option<String>,
    pub(super) quantization: Option<String>,
    pub(super) tee: bool,
    pub(super) dialect: Option<String>,
    pub(super) assumed: bool,
    pub(super) floating: bool,
    pub(super) note: Option<String>,
    pub(super) split_reasoning: Option<Box<Serving>>,
}

impl Target {
    pub(super) fn serving(&self) -> Serving {
        match self {
            Target::Model(model) => Serving { model: model.clone(), ..Serving::default() },
            Target::Serving(serving) => (**serving).clone(),
        }
    }
}

/// `models.toml`: models that OpenRouter does not name, and facts that the source gets wrong.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Models {
    pub(super) new: BTreeMap<String, Vec<String>>,
    #[serde(rename = "match")]
    pub(super) matches: BTreeMap<String, Vec<String>>,
    pub(super) kind: BTreeMap<String, String>,
    pub(super) facts: Facts,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Facts {
    pub(super) open_weights: Vec<String>,
    pub(super) closed_weights: Vec<String>,
    pub(super) released: BTreeMap<String, String>,
    pub(super) context: BTreeMap<String, u64>,
    pub(super) dimensions: BTreeMap<String, u64>,
}

/// `providers.toml`: what the source does not say of providers that have no file yet.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Providers {
    pub(super) p: BTreeMap<String, NewProvider>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct NewProvider {
    pub(super) name: Option<String>,
    pub(super) class: Option<String>,
    pub(super) operator: Option<String>,
    pub(super) hq: Option<String>,
    pub(super) datacenters: Vec<String>,
    pub(super) base_url: Option<String>,
    pub(super) dialect: Option<String>,
    pub(super) also: Option<Table>,
    pub(super) auth: Option<String>,
    pub(super) env: Vec<String>,
    pub(super) docs: Option<String>,
    pub(super) openrouter_name: Option<String>,
    pub(super) source: Option<String>,
    pub(super) data: Option<Table>,
    pub(super) quirks: Option<Table>,
    /// Whatever else a provider's file may say.
    #[serde(flatten)]
    pub(super) more: Table,
}

/// `corrections.toml`: known defects of the source.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Corrections {
    pub(super) quarantine: BTreeMap<String, String>,
    pub(super) price: BTreeMap<String, BTreeMap<String, String>>,
    pub(super) regional_premium: Option<RegionalPremium>,
}

/// Regional profiles whose price the source copies from the global one, though more is billed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RegionalPremium {
    pub(super) provider: String,
    pub(super) author: String,
    pub(super) regions: Vec<String>,
    pub(super) reason: String,
    #[serde(default)]
    pub(super) also: BTreeMap<String, String>,
}

/// `price_windows.toml`: prices by time of day.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Windows {
    pub(super) window: Vec<PriceWindow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PriceWindow {
    pub(super) provider: String,
    pub(super) model: String,
    pub(super) id: String,
    pub(super) state: WindowState,
    pub(super) valid_from: Option<String>,
    pub(super) valid_until: Option<String>,
    pub(super) windows_utc: toml::Value,
    pub(super) days: Option<toml::Value>,
    pub(super) holidays: Option<toml::Value>,
    pub(super) note: Option<String>,
    pub(super) base: BTreeMap<String, String>,
    pub(super) price: BTreeMap<String, String>,
    pub(super) source: String,
    pub(super) seen: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum WindowState {
    /// In force.
    Active,
    /// In force, for an endpoint that the source does not have yet.
    Awaited,
    /// History.
    Ended,
}

/// `supplement.toml`: offers that the source does not have.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Supplement {
    pub(super) offers: BTreeMap<String, Vec<Supplied>>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Supplied {
    pub(super) model: String,
    pub(super) id: String,
    pub(super) variant: Option<String>,
    pub(super) quantization: Option<String>,
    pub(super) dialect: Option<String>,
    pub(super) price: BTreeMap<String, String>,
    pub(super) context: Option<u64>,
    pub(super) max_output: Option<u64>,
    pub(super) input_modalities: Vec<String>,
    pub(super) output_modalities: Vec<String>,
    pub(super) tools: Option<bool>,
    pub(super) structured_output: Option<bool>,
    pub(super) reasoning: Option<bool>,
    pub(super) status: Option<String>,
    pub(super) assumed: bool,
    pub(super) note: Option<String>,
    pub(super) source: Option<String>,
}

impl Curated {
    /// Reads the tables among `files`, by their file names.
    ///
    /// # Errors
    /// If the policy is missing, or a table is not what it must be.
    pub(super) fn read(files: &[SourceFile]) -> Result<Curated, ImportFault> {
        if find(files, "policy.toml").is_none() {
            return Err(ImportFault::TableMissing { path: "curated/policy.toml".to_owned() });
        }
        Ok(Curated {
            policy: table(files, "policy.toml")?,
            directories: table(files, "directories.toml")?,
            authors: table(files, "authors.toml")?,
            aliases: table(files, "aliases.toml")?,
            models: table(files, "models.toml")?,
            providers: table(files, "providers.toml")?,
            corrections: table(files, "corrections.toml")?,
            windows: table(files, "price_windows.toml")?,
            supplement: table(files, "supplement.toml")?,
        })
    }
}

fn find<'a>(files: &'a [SourceFile], name: &str) -> Option<&'a SourceFile> {
    files.iter().find(|file| file.path.rsplit('/').next() == Some(name))
}

fn table<T: Default + DeserializeOwned>(
    files: &[SourceFile],
    name: &str,
) -> Result<T, ImportFault> {
    let Some(file) = find(files, name) else { return Ok(T::default()) };
    toml::from_str(&file.text).map_err(|error| ImportFault::of_file(&file.path, error.message()))
}
