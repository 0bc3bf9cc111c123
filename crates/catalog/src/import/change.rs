//! What an import changes, told to whoever reviews it.

use std::collections::BTreeMap;
use std::fmt::{self, Display};

/// All changes of one import.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Changes of endpoints, by the slug of their provider.
    pub providers: BTreeMap<String, Vec<Change>>,
    /// Changes of models, by the slug of their author.
    pub models: BTreeMap<String, Vec<Change>>,
}

/// One change of an endpoint or of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The endpoint's or the model's id.
    pub id: String,
    /// What became of it.
    pub what: What,
}

/// What became of an endpoint or a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// It is new; the text says what it is.
    Added(String),
    /// It is gone; the text says what it was.
    Removed(String),
    /// A fact of it is another now.
    Edited {
        /// The fact, by its key in the file.
        key: String,
        /// What it was; `none` if it was not stated.
        before: String,
        /// What it is.
        after: String,
    },
}

/// What a fact is about, for the counts of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Topic {
    Price,
    Limit,
    Capability,
    Status,
    Name,
}

impl Changes {
    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.providers.is_empty() && self.models.is_empty()
    }

    pub(super) fn of_provider(&mut self, slug: &str, changes: Vec<Change>) {
        if !changes.is_empty() {
            self.providers.entry(slug.to_owned()).or_default().extend(changes);
        }
    }

    pub(super) fn of_author(&mut self, author: &str, change: Change) {
        self.models.entry(author.to_owned()).or_default().push(change);
    }
}

impl Change {
    pub(super) fn new(id: &str, what: What) -> Change {
        Change { id: id.to_owned(), what }
    }

    pub(super) fn edited(
        id: &str,
        key: &str,
        before: Option<String>,
        after: Option<String>,
    ) -> Change {
        let or_none = |text: Option<String>| text.unwrap_or_else(|| "none".to_owned());
        let (before, after) = (or_none(before), or_none(after));
        Change::new(id, What::Edited { key: key.to_owned(), before, after })
    }
}

impl Display for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return writeln!(f, "nothing changes");
        }
        for (title, groups) in [("provider", &self.providers), ("author", &self.models)] {
            for (slug, changes) in groups {
                writeln!(f, "{title} {slug}: {}", counts(changes.iter()))?;
                for change in changes {
                    writeln!(f, "  {change}")?;
                }
            }
        }
        if !self.providers.is_empty() {
            let all = self.providers.values().flatten();
            writeln!(f, "endpoints of {} providers: {}", self.providers.len(), counts(all))?;
        }
        if !self.models.is_empty() {
            let all = self.models.values().flatten();
            writeln!(f, "models of {} authors: {}", self.models.len(), counts(all))?;
        }
        Ok(())
    }
}

impl Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.what {
            What::Added(what) => write!(f, "+ {} ({what})", self.id),
            What::Removed(what) => write!(f, "- {} ({what})", self.id),
            What::Edited { key, before, after } => {
                write!(f, "~ {} {key}: {before} -> {after}", self.id)
            }
        }
    }
}

fn counts<'a>(changes: impl Iterator<Item = &'a Change>) -> String {
    let (mut added, mut removed) = (0, 0);
    let mut edited: BTreeMap<Topic, usize> = BTreeMap::new();
    for change in changes {
        match &change.what {
            What::Added(_) => added += 1,
            What::Removed(_) => removed += 1,
            What::Edited { key, .. } => *edited.entry(topic(key)).or_default() += 1,
        }
    }
    let edits = edited.into_iter().map(|(topic, count)| (count, topic.name()));
    let told = [(added, "added"), (removed, "removed")].into_iter().chain(edits);
    let told = told.filter(|(count, _)| *count > 0).map(|(count, name)| format!("{count} {name}"));
    told.collect::<Vec<_>>().join(", ")
}

fn topic(key: &str) -> Topic {
    match key {
        "price" | "price_over" | "price_window" | "service_tiers" => Topic::Price,
        "context" | "max_input" | "max_output" => Topic::Limit,
        "status" | "billing" | "note" => Topic::Status,
        "id" | "aliases" | "source_id" | "model" | "variant" | "mode" | "region" | "tee"
        | "quantization" | "name" => Topic::Name,
        _ => Topic::Capability,
    }
}

impl Topic {
    fn name(self) -> &'static str {
        match self {
            Topic::Price => "prices",
            Topic::Limit => "limits",
            Topic::Capability => "capabilities",
            Topic::Status => "statuses",
            Topic::Name => "names",
        }
    }
}
