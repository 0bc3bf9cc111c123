//! A simulator to try by hand: listens on 127.0.0.1:4010, or on the address given, until killed.
use simulator::{Simulator, SimulatorOptions};

fn main() -> std::io::Result<()> {
    let mut options = SimulatorOptions::default();
    let listen = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:4010".to_owned());
    options.listen = listen.parse().map_err(std::io::Error::other)?;
    let _running = Simulator::start(options)?;
    loop {
        std::thread::park();
    }
}
