//! Bodies, read within bounds.

use std::future::poll_fn;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use domain::failure::{Failure, FailureKind};
use tokio::time::timeout;

use crate::world::Body;

/// The largest whole answer that is read.
pub(crate) const ANSWER_BYTES_MAX: usize = 32 << 20;
/// How much of an error's body is read.
pub(crate) const ERROR_BYTES_MAX: usize = 64 << 10;

/// Returns the next piece of a body.
///
/// # Errors
/// When it breaks off, or nothing comes for `idle`.
pub(crate) async fn next_piece(
    body: &mut dyn Body,
    idle: Duration,
) -> Option<Result<Bytes, Failure>> {
    match timeout(idle, poll_fn(|context| body.poll_piece(context))).await {
        Ok(piece) => piece,
        Err(_) => Some(Err(silence())),
    }
}

/// Reads a body to its end.
///
/// # Errors
/// When it breaks off, falls silent, or is larger than [`ANSWER_BYTES_MAX`].
pub(crate) async fn read_all(body: &mut dyn Body, idle: Duration) -> Result<Bytes, Failure> {
    let Some(first) = next_piece(body, idle).await.transpose()? else { return Ok(Bytes::new()) };
    let mut whole: Option<BytesMut> = None;
    while let Some(piece) = next_piece(body, idle).await.transpose()? {
        let whole = whole.get_or_insert_with(|| BytesMut::from(&first[..]));
        if ANSWER_BYTES_MAX < whole.len() + piece.len() {
            return Err(too_large());
        }
        whole.extend_from_slice(&piece);
    }
    Ok(whole.map_or(first, BytesMut::freeze))
}

/// Reads the beginning of an error's body; what cannot be read is left.
pub(crate) async fn read_error(body: &mut dyn Body, idle: Duration) -> Vec<u8> {
    let mut read = Vec::new();
    while read.len() < ERROR_BYTES_MAX {
        match next_piece(body, idle).await {
            Some(Ok(piece)) => read.extend_from_slice(&piece),
            Some(Err(_)) | None => break,
        }
    }
    read.truncate(ERROR_BYTES_MAX);
    read
}

/// The failure of a provider that says nothing.
pub(crate) fn silence() -> Failure {
    Failure::upstream(FailureKind::Timeout, "The provider did not answer in time.")
}

fn too_large() -> Failure {
    Failure::upstream(FailureKind::ProviderUnavailable, "The provider's answer is too large.")
}
