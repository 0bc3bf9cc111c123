//! Terms that keys accepted on other nodes, taken note of beside requests.

use std::sync::Arc;
use std::time::Duration;

use domain::launch::{Acceptance, AcceptedTerms};
use store::launches;

use crate::app::App;

/// How often it is looked for them.
const BEAT: Duration = Duration::from_secs(1);
/// How far clocks of nodes may be apart, and a transaction may take, in milliseconds.
const OVERLAP_MS: i64 = 60_000;

/// Looks for acceptances for as long as the process lives, where others may use the database too.
/// Whatever is missed is seen when the key is looked up again.
pub(crate) async fn keep_looking(app: Arc<App>) {
    if !app.db.is_shared() {
        return;
    }
    let mut seen = app.now();
    let mut beat = tokio::time::interval(BEAT);
    beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        beat.tick().await;
        let now = app.now();
        match launches::accepted_since(&app.db, seen.plus_ms(-OVERLAP_MS)).await {
            Ok(found) => {
                for Acceptance { key, model, hash, .. } in found {
                    app.auth.accept(&key, &AcceptedTerms { model: Some(model), hash });
                }
                seen = now;
            }
            Err(error) => tracing::debug!("acceptances cannot be looked at: {error}"),
        }
    }
}
