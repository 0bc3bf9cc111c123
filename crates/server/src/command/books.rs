//! What the commands on money share: where the books are, and how they write amounts.

use domain::money::Money;
use store::Db;

use super::trouble::Trouble;
use crate::cli::Where;
use crate::database;

/// Opens the database that a command is told of, and does something with it. The server may run
/// meanwhile.
///
/// # Errors
/// When there is no database, or what is done with it fails.
pub(super) fn with_books<T>(
    place: &Where,
    act: impl AsyncFnOnce(&Db) -> Result<T, Trouble>,
) -> Result<T, Trouble> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let db = database::open_beside(&place.data, place.database.as_deref()).await?;
        let outcome = act(&db).await;
        db.close().await;
        outcome
    })
}

/// Writes an amount as people do: `$1.5`, `-$0.02`.
pub(super) fn dollars(amount: Money) -> String {
    let text = amount.to_string();
    match text.strip_prefix('-') {
        Some(rest) => format!("-${rest}"),
        None => format!("${text}"),
    }
}
