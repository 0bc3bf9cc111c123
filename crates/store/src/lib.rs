//! What the house remembers: API keys, settings, generations and what was said of them, in SQLite
//! or Postgres, and what nodes share of limits, in Redis.
//!
//! One folder or file per noun; each function is one thing that the house says to its memory, with
//! the SQL inside. The text is the same for both engines: `BIGINT` and `TEXT` columns, numbered
//! placeholders (plain ones for SQLite where there are very many), `ON CONFLICT`, `RETURNING`.
//! Times are milliseconds, money nano-dollars, truth 0 or 1, and nothing here reads a clock.

pub mod answers;
mod books;
mod db;
pub mod feedback;
pub mod keys;
pub mod launches;
pub mod lease;
pub mod pools;
pub mod settings;

pub use books::{
    SqlBooks, audit, budgets, credits, export, generations, instances, payments, prune, recalls,
    settled,
};
pub use db::{Db, StoreError};
