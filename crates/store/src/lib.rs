//! What the house remembers: API keys, settings and generations, in SQLite or Postgres.
//!
//! One file per noun; each function is one thing that the house says to its memory, with the SQL
//! inside. The text is the same for both engines: `BIGINT` and `TEXT` columns, numbered
//! placeholders (plain ones for SQLite where there are very many), `ON CONFLICT`, `RETURNING`. Times are milliseconds, money nano-dollars, truth 0
//! or 1, and nothing here reads a clock.

mod db;
mod engine;
mod error;
pub mod generations;
pub mod keys;
mod migrate;
mod rows;
pub mod settings;
mod spend;
mod writer;

pub use db::Db;
pub use error::StoreError;
pub use writer::{Progress, Recorder};
