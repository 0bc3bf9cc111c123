//! One suite, run against SQLite and, where `DATABASE_URL` names a server, against Postgres.

mod generations;
mod home;
mod keys;
mod migrations;
mod model;
mod recorder;
mod samples;
mod settings;
