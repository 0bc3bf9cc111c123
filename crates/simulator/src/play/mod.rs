//! From an answer to what is done with the connection, step by step.
//!
//! A play is decided without touching a socket: every fault is a list of steps.
mod body;
mod framing;
mod healthy;
mod midstream;
mod reel;
mod refusal;
mod scene;
mod socket;
mod sse;
mod stage;
mod step;

pub(crate) use refusal::{json_reply, refused};
pub(crate) use scene::Scene;
pub(crate) use stage::stage;
pub(crate) use step::{Play, Step};
