//! Tidying up behind the requests.

use std::sync::Arc;
use std::time::Duration;

use domain::time::{DAY_MS, Timestamp};
use store::prune::{Pruned, prune};
use store::{StoreError, feedback};

use crate::app::App;

/// How often rows are looked for that nobody will ask for again.
const EVERY: Duration = Duration::from_secs(3_600);

/// Tidies up for as long as the process lives. Several processes may do so on one database.
pub(crate) async fn keep_house(app: Arc<App>) {
    loop {
        tokio::time::sleep(EVERY).await;
        match tidy(&app, app.now()).await {
            Ok((Pruned { leases, purses }, said)) => {
                tracing::debug!(leases, purses, feedback = said, "pruned");
            }
            Err(error) => tracing::warn!("the books cannot be tidied up: {error}"),
        }
    }
}

/// Forgets what is too old, and returns how much that was of books and feedback.
async fn tidy(app: &App, now: Timestamp) -> Result<(Pruned, u64), StoreError> {
    let days = i64::from(app.current().config.analytics.feedback_days);
    let said = feedback::forget(&app.db, now.plus_ms(-days.saturating_mul(DAY_MS))).await?;
    Ok((prune(&app.db, now).await?, said))
}
