//! Finding out whether the calls of tools in which an answer ended are valid. The caller has all of
//! them by then, and only the count of what was used is still to come.

use std::time::Duration;

use dialect::called::Called;
use dialect::judge::{Judged, judge};
use domain::generation::Traits;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::call::Call;

/// Bytes of calls and of offered tools that take some ten microseconds, less than to ask another
/// thread.
const AT_ONCE_BYTES_MAX: usize = 32 << 10;
/// How long a settlement waits for another thread where it takes longer.
const PATIENCE: Duration = Duration::from_millis(5);

/// Adds what can be told of the calls to what is known besides. What takes too long is not told.
pub(crate) async fn judged(
    call: &Call,
    called: Option<Called>,
    known: Option<Traits>,
) -> Option<Traits> {
    let Some(called) = called else { return known };
    let tools = call.request.value("tools").map_or(0, <[u8]>::len);
    let told = if called.bytes() + tools <= AT_ONCE_BYTES_MAX {
        judge(&call.request, &called)
    } else {
        let request = call.request.clone();
        let judging = spawn_blocking(move || judge(&request, &called));
        timeout(PATIENCE, judging).await.ok().and_then(Result::ok).flatten()
    };
    let Some(Judged { calls, invalid, verdict }) = told else { return known };
    Some(Traits {
        tool_calls: calls,
        tool_calls_invalid: invalid,
        tool_verdict: Some(verdict),
        ..known.unwrap_or_default()
    })
}
