//! The one thread that writes the journal: what has come meanwhile goes out together.

use std::io;
use std::sync::Arc;

use ledger::mutant::Mutant;

use super::disk::Folder;
use super::shared::Shared;

/// Where nothing has to survive a power cut, the disk is given what it has this often.
const SYNC_EVERY: u32 = 50;

/// Writes until it is told to end. Where the disk fails, the process ends at once: nobody knows
/// then what is on it, and nobody must be told that something is.
pub(super) fn run(shared: &Arc<Shared>, mut folder: Folder, syncs: bool) {
    let mut is_sealed = false;
    let mut rounds = 0;
    loop {
        let state = shared.bell.wait();
        let flush = {
            let mut desk = shared.desk();
            if !state.is_rung && !is_sealed {
                desk.seal();
                is_sealed = true;
            } else if state.is_rung {
                is_sealed = false;
            }
            desk.take_flush()
        };
        rounds += 1;
        let written = match flush.is_empty() {
            true => Ok(None),
            false => flush.write(&mut folder, Mutant::None).map(Some),
        };
        let late = if !syncs && rounds % SYNC_EVERY == 0 { folder.sync_all() } else { Ok(()) };
        match written.and_then(|mark| late.map(|()| mark)) {
            Ok(Some(mark)) => shared.written(mark),
            Ok(None) => (),
            Err(error) => give_up(&error),
        }
        if state.is_over && flush.is_empty() {
            return;
        }
    }
}

/// Ends the process at once.
pub(super) fn give_up(error: &io::Error) -> ! {
    tracing::error!("the journal cannot be written: {error}; nothing can be promised any more");
    std::process::abort()
}
