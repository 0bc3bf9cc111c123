//! The processes that hold leases, for the operator who has to know which of them is gone.

use domain::id::InstanceId;
use domain::money::Money;
use sqlx::Row;

use crate::db::{Db, StoreError};

/// A process that holds leases, or may yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Living {
    /// Its name, which is also that of its journal's folder.
    pub instance: InstanceId,
    /// How often it was taken over.
    pub epoch: u64,
    /// What is set aside for it and neither spent nor given back, over all purses.
    pub set_aside: Money,
}

/// Returns the instances that were neither retired nor declared lost, by name.
///
/// # Errors
/// When the database fails.
pub async fn living(db: &Db) -> Result<Vec<Living>, StoreError> {
    const LIVING: &str = "
        SELECT instances.id, instances.epoch,
               CAST(COALESCE(SUM(leases.remainder_nanos), 0) AS BIGINT)
          FROM instances LEFT JOIN leases ON leases.instance = instances.id
         WHERE instances.gone = 0
         GROUP BY instances.id, instances.epoch
         ORDER BY instances.id";
    let rows = sqlx::query(LIVING).fetch_all(&db.pool).await?;
    let read = |row: &sqlx::any::AnyRow| {
        Ok(Living {
            instance: InstanceId::new(row.try_get(0)?),
            epoch: u64::try_from(row.try_get::<i64, _>(1)?).unwrap_or_default(),
            set_aside: Money::from_nanos(row.try_get(2)?),
        })
    };
    rows.iter().map(read).collect()
}
