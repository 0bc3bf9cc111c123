//! What is packed on its way to whoever unpacks it.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

/// Returns whether a reader unpacks gzip, by its `Accept-Encoding`.
pub(crate) fn unpacks(accepted: &str) -> bool {
    accepted.split(',').any(|entry| {
        let (name, weight) = entry.split_once(';').unwrap_or((entry, ""));
        let refused = matches!(weight.trim(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000");
        matches!(name.trim(), "gzip" | "*") && !refused
    })
}

/// Packs a text.
///
/// # Errors
/// Memory does not fail.
pub(crate) fn gzip(text: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(text.len() / 4), Compression::new(5));
    encoder.write_all(text)?;
    encoder.finish()
}
