//! How much callers may use in what time: counted here, by the arithmetic of `domain::limit`.

mod cluster;
mod counter;
mod figures;
mod headers;
mod keeper;
mod paid;
mod settings;

use std::sync::Arc;

use tokio::time::{MissedTickBehavior, interval};

pub use cluster::Cluster;
pub use figures::{Figures, Refusals};
pub use headers::{EXPOSED, tell, tell_reached};
pub use keeper::Keeper;
pub use paid::keep_looking;
pub(crate) use settings::dollars;
pub use settings::{FreeLimits, Limits};

/// Tells the others what this process uses, for as long as it lives.
pub async fn keep_in_touch(keeper: Arc<Keeper>) {
    let mut beat = interval(cluster::BEAT);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while keeper.cluster().is_some() {
        beat.tick().await;
        keeper.tell().await;
    }
}
