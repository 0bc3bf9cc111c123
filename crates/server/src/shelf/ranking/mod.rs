//! Rankings: what can be asked, and the rows that answer it. The API and the pages, as JSON, CSV
//! and Markdown, tell these rows and no others.

mod ask;
mod board;
mod special;

pub(crate) use ask::{Asked, OTHERS, WORDS};
pub(crate) use board::{APP_MODELS, apps};
pub(crate) use special::hours;

use serde_json::{Value, json};
use traffic::figures::{Figures, Scope, date};

use super::sheet::Sheet;

/// Returns the rows that answer a question; none where too little was counted.
pub(crate) fn sheet(figures: &Figures, asked: &Asked) -> Sheet {
    match asked {
        Asked::Board(question) => board::sheet(figures, question),
        Asked::Rising => special::rising(figures),
        Asked::Stable => special::stable(figures),
        Asked::Hours(model) => special::of_hours(figures, model.as_deref()),
        Asked::Value => special::value(figures),
        Asked::Tasks => special::tasks(figures),
    }
}

/// Returns what is said of every figure.
pub(crate) fn meta(figures: &Figures) -> Value {
    let scope = match figures.scope {
        Scope::Private => json!({ "public": false }),
        Scope::Public { accounts, accounts_min } => json!({
            "public": true,
            "eligible_accounts": accounts,
            "eligible_accounts_min": accounts_min,
            "eligible_accounts_missing": accounts_min.saturating_sub(accounts),
        }),
    };
    let mut meta = json!({
        "as_of": figures.made.to_string(),
        "version": figures.methodology,
        "first_day": figures.first_day.map(date),
        "last_day": date(figures.last_day),
        "synthetic": figures.has_synthetic,
        "scope": scope,
    });
    if !figures.cloaked.is_empty() {
        meta["cloaked"] = cloaked(figures);
    }
    meta
}

/// Returns which models were stealth models, and until when: what those were used for counts as
/// theirs.
fn cloaked(figures: &Figures) -> Value {
    let shown = figures
        .cloaked
        .iter()
        .map(|it| json!({ "model": it.model, "id": it.stealth, "until": date(it.until) }));
    shown.collect()
}
