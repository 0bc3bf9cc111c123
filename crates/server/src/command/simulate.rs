//! `interline simulate`: providers to try clients and gateways against.

use std::io::Write;
use std::process::ExitCode;

use simulator::{Simulator, SimulatorOptions};

use super::trouble::Trouble;
use crate::cli::Simulate;

/// Simulates providers until it is interrupted.
///
/// # Errors
/// When the address cannot be bound.
pub(super) fn run(simulate: &Simulate) -> Result<ExitCode, Trouble> {
    let options = SimulatorOptions {
        listen: simulate.listen,
        record: !simulate.no_record,
        ..SimulatorOptions::default()
    };
    let simulator = Simulator::start(options)?;
    let base = format!("http://{}", simulator.addr());
    writeln!(
        std::io::stdout(),
        "Simulated providers, as many as you name, in OpenAI's chat dialect:\n\
         \n\
         \x20 curl {base}/acme/v1/chat/completions -d '{{\"model\":\"any\",\"messages\":\
         [{{\"role\":\"user\",\"content\":\"Hello\"}}]}}'\n\
         \n\
         \x20 PUT {base}/_sim/providers/acme   scripts what `acme` does; GET shows it\n\
         \x20 GET {base}/_sim/requests         what was asked so far"
    )?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut terminated =
            tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        tokio::select! {
            interrupted = tokio::signal::ctrl_c() => interrupted,
            _ = terminated.recv() => Ok(()),
        }
    })?;
    simulator.shutdown();
    Ok(ExitCode::SUCCESS)
}
