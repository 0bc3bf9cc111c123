//! Media that an endpoint takes as bytes alone, fetched for it.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use dialect::media::{BYTES_MAX, BYTES_TOGETHER_MAX, failed, inlined, wanted};
use dialect::request::Request;
use domain::catalog::Endpoint;
use domain::failure::Failure;
use tokio::time::timeout;

use crate::journey::Journey;

/// How long all media of one request may take.
const FETCH_TIMEOUT: Duration = Duration::from_secs(20);

/// Returns the request with its media in place, where an endpoint does not fetch them itself;
/// `None` where it may go as it is. What was fetched for one endpoint serves the next.
///
/// `changed`: the request, where it does not go as its caller sent it.
///
/// # Errors
/// The caller's, when an address leads nowhere, or to what may not be fetched.
pub(crate) async fn with_media(
    journey: &mut Journey,
    changed: Option<&Request>,
    endpoint: &Endpoint,
) -> Result<Option<Request>, Failure> {
    let Journey { call, media, .. } = journey;
    let request = changed.unwrap_or(&call.request);
    let addresses = wanted(request, endpoint)?;
    if addresses.is_empty() {
        return Ok(None);
    }
    let mut there = BTreeMap::new();
    let fetching = async {
        for address in addresses {
            let bytes = match media.get(&address) {
                Some(bytes) => bytes.clone(),
                None => call.snapshot.upstream.fetch(&address, BYTES_MAX).await?,
            };
            media.insert(address.clone(), bytes.clone());
            there.insert(address, bytes);
        }
        Ok::<(), Failure>(())
    };
    timeout(FETCH_TIMEOUT, fetching)
        .await
        .map_err(|_| failed("Its images or documents did not arrive in time."))??;
    let together: usize = there.values().map(Bytes::len).sum();
    if BYTES_TOGETHER_MAX < together {
        return Err(failed("Its images and documents are too large together."));
    }
    inlined(request, &there).map(Some)
}
