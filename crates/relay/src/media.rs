//! Media that an endpoint takes as bytes alone, fetched for it.

use std::collections::btree_map::Entry;
use std::time::Duration;

use dialect::media::{BYTES_MAX, BYTES_TOGETHER_MAX, failed, inlined, wanted};
use dialect::request::Request;
use domain::catalog::EndpointIx;
use domain::failure::Failure;
use tokio::time::timeout;

use crate::journey::Journey;

/// How long all media of one request may take.
const FETCH_TIMEOUT: Duration = Duration::from_secs(20);

/// Returns the request with its media in place, where an endpoint does not fetch them itself;
/// `None` where it may go as it is. What was fetched for one endpoint serves the next.
///
/// # Errors
/// The caller's, when an address leads nowhere, or to what may not be fetched.
pub(crate) async fn with_media(
    journey: &mut Journey,
    place: EndpointIx,
) -> Result<Option<Request>, Failure> {
    let snapshot = journey.call.snapshot.clone();
    let addresses = wanted(&journey.call.request, snapshot.catalog.endpoint(place))?;
    if addresses.is_empty() {
        return Ok(None);
    }
    let fetching = async {
        for address in addresses {
            if let Entry::Vacant(place) = journey.media.entry(address) {
                let bytes = snapshot.upstream.fetch(place.key(), BYTES_MAX).await?;
                place.insert(bytes);
            }
        }
        Ok::<(), Failure>(())
    };
    timeout(FETCH_TIMEOUT, fetching)
        .await
        .map_err(|_| failed("Its images or documents did not arrive in time."))??;
    let together: usize = journey.media.values().map(|bytes| bytes.len()).sum();
    if BYTES_TOGETHER_MAX < together {
        return Err(failed("Its images and documents are too large together."));
    }
    inlined(&journey.call.request, &journey.media).map(Some)
}
