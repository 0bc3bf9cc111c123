//! The catalog: files that people edit, made into the one that the house reads.
//!
//! Everything here is a function of texts. Who reads them from a directory, and when to read them
//! again, is the server's matter. `catalog/README.md` describes the format.

mod assemble;
mod base_url;
mod endpoint;
mod fault;
mod files;
pub mod import;
mod model;
mod overlay;
mod price;
mod provider;
mod row;
mod source;
mod stealth;

pub use assemble::{Counts, Loaded};
pub use fault::{Fault, FaultKind};
pub use source::{Layers, SourceFile, shipped};

use domain::launch::Reveal;

use fault::Sink;

/// Makes a catalog of its files: reads the base, lays the overlays over it, and checks the whole.
///
/// # Errors
/// Every fault of every file at once, in the order of files and lines; a long list is cut.
pub fn load(layers: &Layers) -> Result<Loaded, Vec<Fault>> {
    load_after(layers, &[])
}

/// Makes a catalog of its files, after stealth models were named.
///
/// # Errors
/// As [`load`].
pub fn load_after(layers: &Layers, reveals: &[Reveal]) -> Result<Loaded, Vec<Fault>> {
    let sink = Sink::default();
    let mut rows = files::read_base(&layers.base, &sink);
    let overlays = files::read_overlays(&layers.overlays, &sink);
    overlay::apply(&mut rows, overlays, &sink);
    let loaded = assemble::assemble(rows, reveals, &sink);
    let faults = sink.into_faults();
    if faults.is_empty() { Ok(loaded) } else { Err(faults) }
}
