//! The simulator as its callers see it: bytes on a socket, and a client that reads HTTP.
#![expect(clippy::unwrap_used, reason = "all of this is test")]
mod answers;
mod faults;
mod framing;
mod http_client;
mod raw;
mod recording;
