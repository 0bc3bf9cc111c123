//! Reads whole files into rows.

use crate::endpoint::{self, EndpointRow};
use crate::fault::{FaultKind, Place, Sink};
use crate::model::{self, ModelRow};
use crate::provider::{self, ProviderRow};
use crate::row::{Page, Row};
use crate::source::SourceFile;

/// Everything that files say, before it is put together.
#[derive(Default)]
pub(crate) struct Rows {
    pub authors: Vec<(String, String)>,
    pub models: Vec<ModelRow>,
    pub providers: Vec<ProviderRow>,
    /// Endpoints, each with the slug of its provider.
    pub endpoints: Vec<(String, EndpointRow)>,
    pub aliases: Vec<AliasRow>,
}

/// A name that clients already use for a model.
pub(crate) struct AliasRow {
    pub place: Place,
    pub from: String,
    pub to: String,
}

/// Reads provider files and model files.
pub(crate) fn read_base(files: &[SourceFile], sink: &Sink) -> Rows {
    let mut rows = Rows::default();
    for file in files {
        let page = Page::new(&file.path, &file.text, sink, false);
        let Some(top) = page.parse(&file.text) else { continue };
        if top.has("author") || top.has("model") {
            read_author(top, &mut rows);
        } else {
            read_provider(top, &mut rows);
        }
    }
    rows
}

/// Reads overlays, in the order in which they are merged.
pub(crate) fn read_overlays(directories: &[Vec<SourceFile>], sink: &Sink) -> Vec<Rows> {
    let mut overlays = Vec::new();
    for directory in directories {
        let mut files: Vec<&SourceFile> = directory.iter().collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        for file in files {
            let page = Page::new(&file.path, &file.text, sink, true);
            if let Some(top) = page.parse(&file.text) {
                overlays.push(read_overlay(top));
            }
        }
    }
    overlays
}

fn read_author(top: Row<'_>, rows: &mut Rows) {
    let author = top.required("author");
    let name = top.required("name");
    if let Some(author) = &author {
        check_stem(&top, "author", author);
    }
    for row in top.rows("model", "id") {
        let prefix = author.as_ref().map(|author| format!("{author}/"));
        let strange =
            prefix.is_some_and(|prefix| row.peek("id").is_some_and(|id| !id.starts_with(&prefix)));
        if strange {
            row.fault("id", FaultKind::BadName, "belongs into the file of its author");
        }
        rows.models.extend(model::read(row));
    }
    rows.authors.extend(author.zip(name));
    top.finish();
}

fn read_provider(top: Row<'_>, rows: &mut Rows) {
    let endpoints = top.rows("endpoint", "id");
    let Some(table) = top.table("provider") else {
        if !top.has("provider") {
            top.fault("provider", FaultKind::MissingKey, "is missing: this is no provider's file");
        }
        top.finish();
        return;
    };
    if let Some(slug) = table.peek("slug") {
        check_stem(&table, "slug", slug);
    }
    let provider = provider::read(table, None);
    let slug = provider.as_ref().map(|provider| provider.slug.clone()).unwrap_or_default();
    for row in endpoints {
        rows.endpoints.extend(endpoint::read(row).map(|row| (slug.clone(), row)));
    }
    rows.providers.extend(provider);
    top.finish();
}

fn read_overlay(top: Row<'_>) -> Rows {
    let mut rows = Rows::default();
    for (slug, row) in top.tables("provider") {
        rows.providers.extend(provider::read(row, Some(slug)));
    }
    for row in top.rows("endpoint", "model") {
        let provider = row.required("provider");
        let endpoint = endpoint::read(row);
        rows.endpoints.extend(provider.zip(endpoint));
    }
    for row in top.rows("model", "id") {
        rows.models.extend(model::read(row));
    }
    for row in top.rows("model_alias", "from") {
        let place = row.place();
        let names = row.required("from").zip(row.required("to"));
        row.finish();
        rows.aliases.extend(names.map(|(from, to)| AliasRow { place, from, to }));
    }
    top.finish();
    rows
}

/// A file is found by what it is about, so its name has to say it.
fn check_stem(row: &Row<'_>, key: &str, wanted: &str) {
    let name = row.page.path.rsplit('/').next().unwrap_or_default();
    if name.strip_suffix(".toml") != Some(wanted) {
        row.fault(key, FaultKind::BadName, format!("belongs into a file named {wanted}.toml"));
    }
}
