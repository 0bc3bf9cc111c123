//! Where figures begin, whoever they are made for.

use domain::time::Timestamp;
use rankings::METHODOLOGY;

use super::read::Terms;
use crate::figures::{Day, Figures};
use crate::store::{Store, StoreError};

/// Returns figures that say what they are made of, and nothing else yet.
pub(super) async fn begin(
    store: &Store,
    terms: &Terms,
    now: Timestamp,
    last: Day,
) -> Result<Figures, StoreError> {
    Ok(Figures {
        made: now,
        methodology: METHODOLOGY,
        has_synthetic: store.has_synthetic().await?,
        first_day: store.first_day().await?,
        last_day: last,
        cloaked: terms.cloaked.clone(),
        ..Figures::default()
    })
}
