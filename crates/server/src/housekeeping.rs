//! Tidying up behind the requests.

use std::sync::Arc;
use std::time::Duration;

use domain::port::Clock;
use store::Db;
use store::prune::{Pruned, prune};

/// How often rows are looked for that nobody will ask for again.
const EVERY: Duration = Duration::from_secs(3_600);

/// Tidies up for as long as the process lives. Several processes may do so on one database.
pub async fn keep_house(db: Db, clock: Arc<dyn Clock>) {
    loop {
        tokio::time::sleep(EVERY).await;
        match prune(&db, clock.now()).await {
            Ok(Pruned { leases, purses }) => tracing::debug!(leases, purses, "pruned"),
            Err(error) => tracing::warn!("the books cannot be tidied up: {error}"),
        }
    }
}
