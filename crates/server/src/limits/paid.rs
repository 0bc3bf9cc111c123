//! What was paid in decides how much of what costs nothing an account may use.

use std::sync::Arc;
use std::time::Duration;

use domain::id::AccountId;
use store::credits;

use crate::app::App;

/// How often it is looked at.
const BEAT: Duration = Duration::from_secs(5);

/// Looks at what was paid in for as long as the process lives, where that decides anything. A
/// database that does not answer changes nothing.
pub async fn keep_looking(app: Arc<App>) {
    let mut beat = tokio::time::interval(BEAT);
    beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        beat.tick().await;
        if app.current().snapshot.rules.free.is_none() {
            continue;
        }
        match credits::show(&app.db, &AccountId::default()).await {
            Ok(found) => app.limits.paid(found.map(|found| found.total).unwrap_or_default()),
            Err(error) => tracing::debug!("what was paid in cannot be looked at: {error}"),
        }
    }
}
