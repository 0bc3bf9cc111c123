//! The public list of models, read and bounded.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::fault::ImportFault;
use super::row::{Row, checked_text};

/// Many times the length of the list of 2026.
const BYTES_MAX: usize = 64 * 1024 * 1024;
const DIRECTORIES_MAX: usize = 4_096;
const ROWS_MAX: usize = 20_000;
const ID_MAX: usize = 200;
const URL_MAX: usize = 512;
const VARIABLES_MAX: usize = 32;

/// The list: what each directory says, unread rows included.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) directories: BTreeMap<String, Upstream>,
}

/// One directory of the list: a provider and its models.
#[derive(Debug, Default)]
pub(super) struct Upstream {
    pub(super) name: Option<String>,
    pub(super) env: Vec<String>,
    pub(super) api: Option<String>,
    pub(super) docs: Option<String>,
    pub(super) rows: BTreeMap<String, Row>,
    /// Rows that cannot be read, and why.
    pub(super) malformed: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Wire<'a> {
    name: Option<String>,
    #[serde(default)]
    env: Vec<String>,
    api: Option<String>,
    doc: Option<String>,
    #[serde(borrow, default)]
    models: BTreeMap<String, &'a RawValue>,
}

impl Source {
    /// Reads the list. The rows of a directory are read only if it is `wanted`.
    ///
    /// # Errors
    /// If it is no such list, or larger than any is.
    pub(super) fn read(json: &str, wanted: impl Fn(&str) -> bool) -> Result<Source, ImportFault> {
        if json.len() > BYTES_MAX {
            return Err(ImportFault::SourceTooLarge { bytes: json.len(), max: BYTES_MAX });
        }
        let listed: BTreeMap<String, &RawValue> =
            serde_json::from_str(json).map_err(|error| unreadable(&error))?;
        if listed.len() > DIRECTORIES_MAX {
            return Err(too_long("directories", listed.len(), DIRECTORIES_MAX));
        }
        let mut directories = BTreeMap::new();
        for (name, raw) in listed {
            checked_text(&name, ID_MAX)
                .map_err(|detail| ImportFault::SourceUnreadable { detail })?;
            let upstream =
                if wanted(&name) { read_upstream(&name, raw)? } else { Upstream::default() };
            directories.insert(name, upstream);
        }
        Ok(Source { directories })
    }
}

fn read_upstream(name: &str, raw: &RawValue) -> Result<Upstream, ImportFault> {
    let unreadable = |detail: String| ImportFault::SourceUnreadable {
        detail: format!("directory `{name}`: {detail}"),
    };
    let wire: Wire<'_> =
        serde_json::from_str(raw.get()).map_err(|error| unreadable(error.to_string()))?;
    if wire.models.len() > ROWS_MAX {
        return Err(too_long(&format!("models of `{name}`"), wire.models.len(), ROWS_MAX));
    }
    if wire.env.len() > VARIABLES_MAX {
        return Err(too_long(&format!("variables of `{name}`"), wire.env.len(), VARIABLES_MAX));
    }
    let texts = [&wire.name, &wire.api, &wire.doc].into_iter().flatten().chain(&wire.env);
    for text in texts {
        checked_text(text, URL_MAX).map_err(&unreadable)?;
    }
    let mut upstream = Upstream {
        name: wire.name,
        env: wire.env,
        api: wire.api,
        docs: wire.doc,
        ..Upstream::default()
    };
    for (id, raw) in wire.models {
        match checked_id(&id).and_then(|()| Row::read(raw)) {
            Ok(row) => drop(upstream.rows.insert(id, row)),
            Err(detail) => {
                drop(upstream.malformed.insert(id.escape_debug().take(ID_MAX).collect(), detail))
            }
        }
    }
    Ok(upstream)
}

/// What cannot be sent as the name of a model is no id.
fn checked_id(id: &str) -> Result<(), String> {
    let fits = (1..=ID_MAX).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
    if fits { Ok(()) } else { Err(format!("an id has 1 to {ID_MAX} visible ASCII characters")) }
}

fn unreadable(error: &serde_json::Error) -> ImportFault {
    ImportFault::SourceUnreadable { detail: error.to_string() }
}

fn too_long(what: &str, count: usize, max: usize) -> ImportFault {
    ImportFault::SourceTooLong { what: what.to_owned(), count, max }
}
