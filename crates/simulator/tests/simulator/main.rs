//! The simulator as its callers see it: bytes on a socket, and a client that reads HTTP.
mod answers;
mod faults;
mod framing;
mod http_client;
mod raw;
mod recording;
