//! A provider as files write it: whole in its own file, in part where it is laid over another.

use std::collections::BTreeMap;

use domain::catalog::{Auth, DataPolicy, Dialect, Provider, ProviderClass, STEALTH, Training};
use domain::quirk::Quirks;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::base_url::{self, Reach};
use crate::fault::{FaultKind, Place, Sink};
use crate::row::Row;

/// What a file says about a provider. `None` is what it does not say.
#[derive(Clone)]
pub(crate) struct ProviderRow {
    pub place: Place,
    pub slug: String,
    pub name: Option<String>,
    pub display_name: Option<String>,
    pub class: Option<ProviderClass>,
    pub operator: Option<String>,
    pub hq: Option<String>,
    pub datacenters: Option<Vec<String>>,
    pub base_url: Option<String>,
    pub dialect: Option<Dialect>,
    pub also: BTreeMap<Dialect, String>,
    pub auth: Option<Auth>,
    pub key_env: Option<Vec<String>>,
    pub placeholder_env: BTreeMap<String, String>,
    pub docs: Option<String>,
    pub status_page: Option<String>,
    pub privacy_policy: Option<String>,
    pub terms_of_service: Option<String>,
    pub train: Option<Training>,
    pub retention_days: Option<u32>,
    pub confidence: Option<String>,
    pub data_note: Option<String>,
    pub quirks: Quirks,
    pub cancellable: Option<bool>,
    pub private_network: Option<bool>,
    pub disabled: bool,
    pub notes: Option<Vec<String>>,
}

/// Reads a provider. `slug` is the key of an overlay's table; a provider's own file has it inside.
pub(crate) fn read(row: Row<'_>, slug: Option<String>) -> Option<ProviderRow> {
    let overlay = slug.is_some();
    let slug = slug.or_else(|| row.required("slug"));
    let private_network = row.flag("private_network");
    let reach =
        if overlay || private_network == Some(true) { Reach::Anywhere } else { Reach::Public };
    let data = row.table("data");
    let disabled =
        overlay && (row.flag("disabled") == Some(true)) | (row.flag("enabled") == Some(false));
    let read = ProviderRow {
        place: row.place(),
        slug: slug.clone().unwrap_or_default(),
        name: row.text("name"),
        display_name: row.text("openrouter_name"),
        class: row.word("class"),
        operator: row.text("operator"),
        hq: row.text("hq"),
        datacenters: row.texts("datacenters"),
        base_url: url(&row, "base_url", reach),
        dialect: row.word("dialect"),
        also: also(&row, reach),
        auth: row.word("auth"),
        key_env: row.texts("key_env"),
        placeholder_env: row
            .text_table("placeholder_env")
            .unwrap_or_default()
            .into_iter()
            .collect(),
        docs: row.text("docs"),
        status_page: row.text("status_page"),
        privacy_policy: row.text("privacy_policy"),
        terms_of_service: row.text("terms_of_service"),
        train: data.as_ref().and_then(|data| data.word("train")),
        retention_days: data.as_ref().and_then(|data| data.count("retention_days")),
        confidence: data.as_ref().and_then(|data| data.text("conf")),
        data_note: data.as_ref().and_then(|data| data.text("note")),
        quirks: read_quirks(&row),
        cancellable: row.flag("cancellable"),
        private_network,
        disabled,
        notes: row.texts("notes"),
    };
    if let Some(data) = data {
        data.finish();
    }
    // The vendor's own names of its variables, and where the facts come from: for people.
    row.texts("env");
    row.text("source");
    check_names(&row, &read);
    row.finish();
    slug.is_some().then_some(read)
}

impl ProviderRow {
    /// Lays what an overlay says over this provider.
    ///
    /// Scalars and lists replace, tables merge by key, and a provider that was switched off stays
    /// off. An operator's address may lead inwards.
    pub(crate) fn lay_over(&mut self, over: ProviderRow) {
        macro_rules! replace {
            ($($field:ident),* $(,)?) => {
                $(if over.$field.is_some() { self.$field = over.$field; })*
            };
        }
        if over.base_url.is_some() || !over.also.is_empty() {
            self.private_network = Some(true);
        }
        replace!(
            name,
            display_name,
            class,
            operator,
            hq,
            datacenters,
            base_url,
            dialect,
            auth,
            key_env,
            docs,
            status_page,
            privacy_policy,
            terms_of_service,
            train,
            retention_days,
            confidence,
            data_note,
            cancellable,
            private_network,
            notes,
        );
        self.place = over.place;
        self.also.extend(over.also);
        self.placeholder_env.extend(over.placeholder_env);
        self.quirks = self.quirks.overlaid(&over.quirks);
        self.disabled |= over.disabled;
    }

    /// Fills in what a provider of the operator's own may leave out.
    pub(crate) fn into_private(mut self) -> ProviderRow {
        self.class = self.class.or(Some(ProviderClass::Private));
        self.auth = self.auth.or(Some(Auth::Bearer));
        self.private_network = self.private_network.or(Some(true));
        // A server of one's own stops when nobody listens, and sends no bill.
        self.cancellable = self.cancellable.or(Some(true));
        self
    }

    /// Returns the provider; `None`, and a fault for each thing that is missing, where it is not
    /// whole.
    pub(crate) fn finish(self, sink: &Sink) -> Option<Provider> {
        let place = &self.place;
        let missing = |key: &str| {
            sink.push(place.fault_at(key, FaultKind::MissingKey, "is missing"));
        };
        for (key, there) in [
            ("class", self.class.is_some()),
            ("base_url", self.base_url.is_some()),
            ("dialect", self.dialect.is_some()),
            ("auth", self.auth.is_some()),
        ] {
            if !there {
                missing(key);
            }
        }
        let name = self.name.unwrap_or_else(|| self.slug.clone());
        Some(Provider {
            display_name: self.display_name.unwrap_or_else(|| name.clone()),
            operator: self.operator.unwrap_or_else(|| name.clone()),
            class: self.class?,
            hq: self.hq,
            datacenters: self.datacenters.unwrap_or_default(),
            base_url: self.base_url?,
            dialect: self.dialect?,
            also: self.also,
            auth: self.auth?,
            key_env: self.key_env.unwrap_or_default(),
            placeholder_env: self.placeholder_env,
            docs: self.docs,
            status_page: self.status_page,
            privacy_policy: self.privacy_policy,
            terms_of_service: self.terms_of_service,
            data: DataPolicy {
                train: self.train.unwrap_or_default(),
                retention_days: self.retention_days,
                confidence: self.confidence,
                note: self.data_note,
            },
            quirks: self.quirks,
            cancellable: self.cancellable.unwrap_or(false),
            private_network: self.private_network.unwrap_or(false),
            disabled: self.disabled,
            notes: self.notes.unwrap_or_default(),
            slug: self.slug,
            name,
        })
    }
}

/// Reads an address and says what is wrong with it.
pub(crate) fn url(row: &Row<'_>, key: &'static str, reach: Reach) -> Option<String> {
    let url = row.text(key)?;
    match base_url::check(&url, reach) {
        Ok(_) => Some(url),
        Err(fault) => {
            row.fault(key, FaultKind::BadUrl, fault);
            None
        }
    }
}

/// Reads flags one by one, so that each fault has its own line.
pub(crate) fn read_quirks(row: &Row<'_>) -> Quirks {
    let Some(table) = row.table("quirks") else { return Quirks::default() };
    let mut quirks = Quirks::default();
    for name in Quirks::NAMES {
        let Some(value) = table.value(name) else { continue };
        let one: Value = json!({ *name: value });
        match Quirks::deserialize(one) {
            Ok(flag) => quirks = quirks.overlaid(&flag),
            Err(error) => table.fault(name, FaultKind::BadValue, error.to_string()),
        }
    }
    table.finish();
    quirks
}

/// Returns whether a text can be the name of a provider, a variant or a region.
pub(crate) fn is_slug(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !text.is_empty() && text.len() <= 60 && text.bytes().all(plain)
}

fn also(row: &Row<'_>, reach: Reach) -> BTreeMap<Dialect, String> {
    let mut surfaces = BTreeMap::new();
    for (word, url) in row.text_table("also").unwrap_or_default() {
        if let Err(fault) = base_url::check(&url, reach) {
            row.fault("also", FaultKind::BadUrl, format!("`{word}` {fault}"));
        }
        if let Some(dialect) = row.parse_word("also", &word) {
            surfaces.insert(dialect, url);
        }
    }
    surfaces
}

fn check_names(row: &Row<'_>, read: &ProviderRow) {
    if !read.slug.is_empty() && !is_slug(&read.slug) {
        row.fault("slug", FaultKind::BadName, "may hold a-z, 0-9 and -");
    }
    if read.slug == STEALTH {
        let message = "is what providers are called that are not told";
        row.fault("slug", FaultKind::BadName, message);
    }
    let variables = read.key_env.iter().flatten().chain(read.placeholder_env.values());
    for name in variables {
        let plain = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
        if name.is_empty() || !name.bytes().all(plain) {
            let message = format!("`{name}` is no name of an environment variable");
            row.fault("key_env", FaultKind::BadName, message);
        }
    }
}
