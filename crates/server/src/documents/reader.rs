//! The process that reads a document, from outside.

use std::path::PathBuf;
use std::process::Stdio;
use std::sync::LazyLock;
use std::thread::available_parallelism;
use std::time::Duration;

use bytes::Bytes;
use dialect::documents::TEXT_BYTES_MAX;
use domain::failure::Failure;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::unread::Unread;

/// The command that reads a document: hidden, for it is no user's.
const COMMAND: &str = "read-pdf";
/// How long a document is waited for, its place in the queue included.
const WAIT: Duration = Duration::from_secs(15);

/// Documents that are read at a time, at most: each may take two gigabytes.
const PLACES_MAX: usize = 4;
/// Places to read at: for half of the cores, for all of them have other work.
static PLACES: LazyLock<Semaphore> = LazyLock::new(|| {
    let cores = available_parallelism().map_or(1, usize::from);
    Semaphore::new(cores.div_ceil(2).min(PLACES_MAX))
});

/// Returns the text of a PDF.
///
/// # Errors
/// The caller's, where it cannot be read, holds no text, or too much. The house's, where no reader
/// can be started.
pub(crate) async fn text_of(document: Bytes) -> Result<String, Failure> {
    timeout(WAIT, read(document)).await.unwrap_or_else(|_| Err(Unread::Slow.failure()))
}

async fn read(document: Bytes) -> Result<String, Failure> {
    let cannot = |what: &str| Failure::house(format!("no document can be read: {what}"));
    let _place = PLACES.acquire().await.map_err(|_| cannot("its queue is closed"))?;
    let program = program().ok_or_else(|| cannot("this program is not found"))?;
    let mut reader = Command::new(program)
        .arg(COMMAND)
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| cannot(&error.to_string()))?;
    let (Some(mut stdin), Some(stdout)) = (reader.stdin.take(), reader.stdout.take()) else {
        return Err(cannot("it has no pipes"));
    };
    // It reads everything before it writes, and one that ends early has a status that says why.
    let _ = stdin.write_all(&document).await;
    drop(stdin);
    let mut text = Vec::new();
    let bytes_max = TEXT_BYTES_MAX as u64 + 1;
    stdout.take(bytes_max).read_to_end(&mut text).await.map_err(|it| cannot(&it.to_string()))?;
    if TEXT_BYTES_MAX < text.len() {
        return Err(Unread::LongText.failure());
    }
    let status = reader.wait().await.map_err(|error| cannot(&error.to_string()))?;
    if !status.success() {
        tracing::debug!("a document was not read: {status}");
        return Err(Unread::of_status(status).failure());
    }
    String::from_utf8(text).map_err(|_| Unread::Broken.failure())
}

/// Returns this program, also where its file was replaced since it was started.
fn program() -> Option<PathBuf> {
    match cfg!(target_os = "linux") {
        true => Some(PathBuf::from("/proc/self/exe")),
        false => std::env::current_exe().ok(),
    }
}
