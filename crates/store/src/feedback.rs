//! What callers said of generations.

use domain::feedback::{Category, Feedback, Rating};
use domain::id::AccountId;
use domain::time::Timestamp;
use sqlx::Row;

use crate::db::{Db, StoreError};

/// What was said of a generation, with what a report of its model needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// When it was first said.
    pub at: Timestamp,
    /// What it is about.
    pub category: Category,
    /// Whether the answer was any good.
    pub rating: Option<Rating>,
    /// In words.
    pub comment: Option<String>,
    /// Who said it.
    pub account: AccountId,
    /// The key accepted terms of the model, and has a record of that.
    pub has_accepted: bool,
}

/// Keeps what was said of a generation, in the place of what was said before in the same category.
///
/// The account is the one that the generation was settled for.
///
/// # Errors
/// When the database fails.
pub async fn put(db: &Db, said: &Feedback) -> Result<(), StoreError> {
    const PUT: &str = "
        INSERT INTO feedback (generation_id, category, rating, comment, key_id, account, model,
                              created_ms, updated_ms)
        VALUES ($1, $2, $3, $4, $5,
                COALESCE((SELECT account FROM settlements WHERE generation_id = $1), $6), $7, $8,
                $8)
        ON CONFLICT (generation_id, category) DO UPDATE SET
            rating = excluded.rating, comment = excluded.comment, updated_ms = excluded.updated_ms";
    sqlx::query(PUT)
        .bind(said.generation.as_str())
        .bind(said.category.word())
        .bind(said.rating.map(Rating::word))
        .bind(said.comment.as_deref())
        .bind(said.key.as_str())
        .bind(AccountId::DEFAULT)
        .bind(said.model.as_str())
        .bind(said.at.ms())
        .execute(&db.pool)
        .await?;
    Ok(())
}

/// Returns what was said of a model's generations since `from`, oldest first.
///
/// # Errors
/// When the database fails.
pub async fn of_model(db: &Db, model: &str, from: Timestamp) -> Result<Vec<Said>, StoreError> {
    const OF_MODEL: &str = "
        SELECT created_ms, category, rating, comment, account,
               CASE WHEN EXISTS (SELECT 1 FROM accepted_terms
                                  WHERE accepted_terms.key_id = feedback.key_id
                                    AND accepted_terms.model = feedback.model)
                    THEN CAST(1 AS BIGINT) ELSE CAST(0 AS BIGINT) END
          FROM feedback
         WHERE model = $1 AND $2 <= created_ms
         ORDER BY created_ms, generation_id, category";
    let rows = sqlx::query(OF_MODEL).bind(model).bind(from.ms()).fetch_all(&db.pool).await?;
    let mut said = Vec::with_capacity(rows.len());
    for row in &rows {
        let rating: Option<&str> = row.try_get(2)?;
        said.push(Said {
            at: Timestamp::from_ms(row.try_get(0)?),
            category: Category::parse(row.try_get(1)?).ok_or(StoreError::Corrupt("category"))?,
            rating: rating.and_then(Rating::parse),
            comment: row.try_get(3)?,
            account: AccountId::new(row.try_get(4)?),
            has_accepted: row.try_get::<i64, usize>(5)? == 1,
        });
    }
    Ok(said)
}

/// Forgets what was said before an instant, and returns how much that was.
///
/// # Errors
/// When the database fails.
pub async fn forget(db: &Db, before: Timestamp) -> Result<u64, StoreError> {
    const FORGET: &str = "DELETE FROM feedback WHERE created_ms < $1";
    Ok(sqlx::query(FORGET).bind(before.ms()).execute(&db.pool).await?.rows_affected())
}
