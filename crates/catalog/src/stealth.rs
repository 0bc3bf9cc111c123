//! Models whose makers are not told: what a file has to say of one, and what it must not.

use domain::catalog::{Model, ModelKind, STEALTH, Stealth};
use sha2::{Digest, Sha256};

use crate::fault::FaultKind;
use crate::row::Row;

/// The most characters of the terms of a model whose maker is not told.
const TERMS_MAX: usize = 4_000;

/// Reads the terms of a model; `None` where its maker is told, or has none that could be shown.
pub(crate) fn read(row: &Row<'_>, is_stealth: bool) -> Option<Stealth> {
    if !is_stealth {
        if row.text("terms").is_some() {
            let message = "belongs to a model with `stealth = true`";
            row.fault("terms", FaultKind::BadValue, message);
        }
        return None;
    }
    let terms = row.required("terms")?.trim().to_owned();
    let is_plain = terms.chars().all(|it| it == '\n' || !it.is_control());
    if terms.is_empty() || TERMS_MAX < terms.chars().count() || !is_plain {
        let message = format!("must be plain text of 1 to {TERMS_MAX} characters");
        row.fault("terms", FaultKind::BadValue, message);
        return None;
    }
    let digest = Sha256::digest(terms.as_bytes());
    let terms_hash = digest[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    Some(Stealth { terms, terms_hash })
}

/// Tells what is wrong with a model whose maker is not told, or whose author says that it is one.
pub(crate) fn check(row: &Row<'_>, model: &Model, is_stealth: bool) {
    if is_stealth != (model.author() == STEALTH) {
        let message = match is_stealth {
            true => format!("must be `{STEALTH}/slug`, where `stealth = true`"),
            false => format!("`{STEALTH}` is the author of models with `stealth = true` alone"),
        };
        row.fault("id", FaultKind::BadName, message);
    }
    if !is_stealth {
        return;
    }
    if model.kind != ModelKind::Chat {
        row.fault("kind", FaultKind::BadValue, "must be chat, where `stealth = true`");
    }
    for key in ["tokenizer", "hf", "license", "permaslug"] {
        if row.has(key) {
            let message = "would tell whose model it is, and `stealth = true`";
            row.fault(key, FaultKind::BadValue, message);
        }
    }
}
