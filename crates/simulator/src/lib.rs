//! Simulated LLM providers: many on one port, each answering as its script says, or failing in
//! any of the ways in which providers fail.
//!
//! A provider needs no script and any name will do: `http://HOST:PORT/{name}/v1` is a base URL
//! for OpenAI clients. What it does instead of a plain answer is said by a [`Script`]:
//!
//! - by a program, with [`Simulator::script`];
//! - over HTTP, with `PUT /_sim/providers/{name}` and the script as JSON (`GET` shows it and the
//!   counters, `DELETE` resets both);
//! - inside one request, laid over the provider's script: by a header `x-sim-script: {json}`, or
//!   by the words `[[sim {json}]]` in the last message of the user, which pass through a gateway.
//!
//! In JSON a [`Fault`] is `{"kind": "stall", "after_chunks": 2}`, or just `"stall"` where its
//! defaults will do. `GET /_sim/requests?provider={name}` lists what was asked and how it ended,
//! `DELETE` clears the list, `GET /_sim/health` says that the simulator is there.
//!
//! Faults that come before a port is open have addresses of their own: [`refusing`],
//! [`black_hole`], [`mute`], and with the feature `tls` ports with wrong certificates and ports
//! that break the rules of HTTP/2.
mod answer;
mod ask;
mod bounds;
mod clock;
mod connection;
mod control;
mod directive;
mod draw;
mod event;
mod exchange;
mod fault;
#[cfg(feature = "tls")]
mod h2;
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

pub use bounds::ScriptError;
pub use fault::{BrokenJson, ContentLength, CutInside, Encoding, Fault, MalformedSse, OddUsage};
#[cfg(feature = "tls")]
pub use h2::H2Fault;
pub use places::{BlackHole, Mute, Refusing, black_hole, mute, refusing};
pub use record::{Counters, Ending, RecordedRequest};
pub use script::{ReasoningShape, Script, ScriptedCall, ToolUse, UsagePlace};
pub use simulator::{Simulator, SimulatorOptions};
#[cfg(feature = "tls")]
pub use tls::{Certificate, TlsPort};
