//! Something to talk to on a first start: models that a simulator in this process answers.

use std::io;
use std::net::SocketAddr;

use catalog::SourceFile;
use simulator::{Simulator, SimulatorOptions};

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
    Simulator::start(SimulatorOptions { listen, record: false, ..SimulatorOptions::default() })
}

/// Returns the overlay that leads to a simulator.
pub fn overlay(simulator: SocketAddr) -> Vec<SourceFile> {
    let text = CATALOG.replace("{address}", &simulator.to_string());
    vec![SourceFile { path: "demo.toml".to_owned(), text }]
}
