//! Something to talk to on a first start: models that a simulator in this process answers.

use std::io;
use std::net::SocketAddr;

use catalog::SourceFile;
use simulator::{Script, Simulator, SimulatorOptions};

/// The model that the first words of a new user go to.
pub const FIRST_MODEL: &str = "interline/demo";

/// The demo's catalog; `{address}` stands for the simulator's.
const CATALOG: &str = include_str!("demo.toml");

/// Starts the simulator on a free port of this machine.
///
/// # Errors
/// When no port can be bound.
pub fn start() -> io::Result<Simulator> {
    let listen = SocketAddr::from(([127, 0, 0, 1], 0));
    let options = SimulatorOptions { listen, record: false, ..SimulatorOptions::default() };
    let simulator = Simulator::start(options)?;
    for name in ["north", "south"] {
        simulator.script(name, script(0));
    }
    simulator.script("thinker", script(24));
    Ok(simulator)
}

/// What the demo models say, at the pace of a model.
fn script(reasoning_tokens: u32) -> Script {
    Script {
        text: Some(GREETING.to_owned()),
        first_byte_ms: 60,
        chunk_ms: 12,
        reasoning_tokens,
        ..Script::default()
    }
}

const GREETING: &str = "Hello from Interline's demo model. I am simulated and understand nothing, but \
    what is around me is real: the routing, the stream, the tools, the cost in this answer. Put a \
    provider's key into the environment to talk to a real model.";

/// Returns the overlay that leads to a simulator.
pub fn overlay(simulator: SocketAddr) -> Vec<SourceFile> {
    let text = CATALOG.replace("{address}", &simulator.to_string());
    vec![SourceFile { path: "demo.toml".to_owned(), text }]
}
