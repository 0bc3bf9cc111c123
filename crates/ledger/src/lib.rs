//! The node's side of the books: what may be spent is held in memory before a request goes out, and
//! settled in memory when it ends, so that no request waits for a database.

pub mod desk;
pub mod journal;
pub mod laws;
pub mod memory_books;
pub mod mutant;
pub mod record;
