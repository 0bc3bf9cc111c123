//! One suite, run against SQLite and against the Postgres that `DATABASE_URL` names.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by a panic")]

mod answers;
mod books;
mod feedback;
mod generations;
mod home;
mod keys;
mod launches;
mod lease;
mod migrations;
mod model;
mod samples;
mod settings;
