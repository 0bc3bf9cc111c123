//! Configuration and catalog, read again while requests are served.

use std::sync::Arc;
use std::time::Duration;

use domain::launch::Reveal;
use store::launches;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::MissedTickBehavior;

use super::house::{House, assembly, current, read_config};
use super::trouble::Trouble;
use crate::app::{App, Current};
use crate::cli::Serve;

/// How often it is looked whether a stealth model was named.
const BEAT: Duration = Duration::from_secs(2);

/// Reads configuration and catalog again on every SIGHUP, and the catalog alone where a stealth
/// model was named. Bad ones are refused, and the old stay.
pub(super) async fn keep_current(app: Arc<App>, serve: Serve, mut house: House) {
    let Ok(mut hangups) = signal(SignalKind::hangup()) else { return };
    let mut beat = tokio::time::interval(BEAT);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let reloaded = tokio::select! {
            hangup = hangups.recv() => {
                if hangup.is_none() {
                    return;
                }
                if let Some(reveals) = named(&app).await {
                    house.reveals = reveals;
                }
                again(&house, read_config(&serve))
            }
            _ = beat.tick() => match named(&app).await {
                Some(reveals) if reveals != house.reveals => {
                    house.reveals = reveals;
                    again(&house, Ok(app.current().config.clone()))
                }
                _ => continue,
            },
        };
        match reloaded {
            Ok(current) => {
                let callable: usize = current.providers.iter().map(|found| found.callable).sum();
                app.replace(current);
                tracing::info!(endpoints.callable = callable, "configuration and catalog reloaded");
            }
            Err(trouble) => tracing::error!("reload refused, the old one stays: {trouble}"),
        }
    }
}

/// Returns what stealth models turned out to be; `None` where the database does not answer.
async fn named(app: &App) -> Option<Vec<Reveal>> {
    let seen = launches::reveals(&app.db).await;
    seen.inspect_err(|error| tracing::debug!("reveals cannot be looked at: {error}")).ok()
}

fn again(
    house: &House,
    config: Result<crate::config::Config, Trouble>,
) -> Result<Current, Trouble> {
    let config = config?;
    Ok(current(assembly(house, &config)?, config))
}
