//! Finding out what a request is for, beside the request: on a thread of its own while the provider
//! works, so that nobody waits for it.

use std::sync::Arc;

use dialect::seen::seen;
use domain::generation::Traits;
use domain::operation::Operation;
use domain::port::Sorter;
use tokio::task::JoinHandle;

use crate::call::Call;

/// Begins to find out what a request is for, where somebody can tell and has time. The words are
/// forgotten when it is told.
pub(crate) fn begin(sorter: Option<&Arc<dyn Sorter>>, call: &Call) -> Option<JoinHandle<Traits>> {
    let is_chat = call.request.facts.operation == Operation::Chat;
    let sorter = sorter.filter(|sorter| is_chat && sorter.has_time())?.clone();
    let request = call.request.clone();
    Some(tokio::task::spawn_blocking(move || match seen(&request) {
        Some(seen) => Traits { tools: Some(seen.tools), ..sorter.sort(&seen.text) },
        None => Traits::default(),
    }))
}

/// Returns what was found out, where that is over by the end of the request.
pub(crate) async fn end(sorting: Option<JoinHandle<Traits>>) -> Option<Traits> {
    let found = sorting.filter(JoinHandle::is_finished)?.await.ok()?;
    (found != Traits::default()).then_some(found)
}
