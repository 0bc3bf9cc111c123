//! What is said of every figure.

use super::day;
use crate::reference::{Schema, instant, list, named, object, text, truth, whole};

/// What is said of every figure, and more of some.
pub(super) fn meta(name: &'static str, make: fn() -> Schema) -> Schema {
    named(name, make)
}

/// The fields that all figures have.
pub(super) fn common() -> Vec<(&'static str, Schema)> {
    let cloak = object(
        "A stealth model whose use counts as another's.",
        vec![
            ("model", text("The model.")),
            ("id", text("The name that it had.")),
            ("until", day("Until when.")),
        ],
    );
    let accounts = |said: &str| whole(said).maybe();
    let scope = object(
        "For whom the figures are made.",
        vec![
            ("public", truth("For everybody, by the rules of disclosure.")),
            ("eligible_accounts", accounts("Accounts whose use may be told.")),
            ("eligible_accounts_min", accounts("How many there have to be.")),
            ("eligible_accounts_missing", accounts("How many are missing.")),
        ],
    );
    vec![
        ("as_of", instant("When the figures were made.")),
        ("version", text("The rules by which they were made.")),
        ("first_day", day("The first day of which anything is known.").or_null()),
        ("last_day", day("The last complete day.")),
        ("synthetic", truth("The traffic is made up.")),
        ("scope", scope),
        ("cloaked", list(cloak, "Stealth models that were named since.").maybe()),
    ]
}
