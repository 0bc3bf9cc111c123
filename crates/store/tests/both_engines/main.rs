//! One suite, run against SQLite and, where `DATABASE_URL` names a server, against Postgres.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by a panic")]

mod answers;
mod books;
mod generations;
mod home;
mod keys;
mod migrations;
mod model;
mod samples;
mod settings;
