//! Simulated LLM providers: many on one port, each answering as its script says, or failing in
//! any of the ways in which providers fail.
//!
//! A provider needs no script and any name will do: `http://HOST:PORT/{name}/v1` is a base URL
//! for OpenAI clients. What it does instead of a plain answer is said by a [`Script`]: through
//! [`Simulator::script`], with `PUT /_sim/providers/{name}`, or inside one request, by a header
//! `x-sim-script: {json}` or by the words `[[sim {json}]]` in the last message of the user.
mod answer;
mod ask;
mod clock;
mod connection;
mod control;
mod directive;
mod draw;
mod event;
mod exchange;
mod fault;
mod places;
mod play;
mod provider;
mod record;
mod request;
mod response;
mod schema;
mod script;
mod simulator;
#[cfg(feature = "tls")]
mod tls;
mod tools;
mod wire;
mod words;
mod world;

pub use fault::{BrokenJson, ContentLength, CutInside, Encoding, Fault, MalformedSse, OddUsage};
pub use places::{BlackHole, Mute, Refusing, black_hole, mute, refusing};
pub use record::{Counters, Ending, RecordedRequest};
pub use script::{ReasoningShape, Script, ScriptError, ToolUse, UsagePlace};
pub use simulator::{Simulator, SimulatorOptions};
#[cfg(feature = "tls")]
pub use tls::{Certificate, TlsPort};
