//! What is done to a request for the one endpoint that is asked next: its documents are made text,
//! its media are brought in, and a prompt that is too long is shortened.

use dialect::compress::{compressed, is_due};
use dialect::media::wanted;
use dialect::request::Request;
use domain::catalog::EndpointIx;
use domain::failure::Failure;
use tokio::task::spawn_blocking;

use crate::journey::Journey;
use crate::media::with_media;

/// Returns whether a request goes to an endpoint as it is, without anything fetched or counted.
pub(crate) fn goes_as_it_is(journey: &Journey, place: EndpointIx) -> bool {
    let (request, catalog) = (&journey.call.request, &journey.call.snapshot.catalog);
    let endpoint = catalog.endpoint(place);
    let tokenizer = catalog.model(endpoint.model).tokenizer.as_deref();
    matches!(journey.documents.as_text(request, endpoint), Ok(None))
        && wanted(request, endpoint).is_ok_and(|addresses| addresses.is_empty())
        && !is_due(request, endpoint, tokenizer)
}

/// Returns the request as it goes to an endpoint; `None` where it goes as it is.
///
/// What it may cost was held for the whole of it, so a shorter one costs no more.
///
/// # Errors
/// The caller's, when its media cannot be had.
pub(crate) async fn prepared(
    journey: &mut Journey,
    place: EndpointIx,
) -> Result<Option<Request>, Failure> {
    let snapshot = journey.call.snapshot.clone();
    let endpoint = snapshot.catalog.endpoint(place);
    let as_text = journey.documents.as_text(&journey.call.request, endpoint)?;
    let with_media = with_media(journey, as_text.as_ref(), endpoint).await?.or(as_text);
    journey.compression = None;
    let tokenizer = snapshot.catalog.model(endpoint.model).tokenizer.as_deref();
    let request = with_media.as_ref().unwrap_or(&journey.call.request);
    if !is_due(request, endpoint, tokenizer) {
        return Ok(with_media);
    }
    // Counting a long prompt keeps a core busy for milliseconds.
    let (request, world) = (request.clone(), snapshot.clone());
    let shortened = spawn_blocking(move || {
        let endpoint = world.catalog.endpoint(place);
        compressed(&request, endpoint, world.catalog.model(endpoint.model).tokenizer.as_deref())
    });
    let broke = |error| Failure::house(format!("a prompt could not be shortened: {error}"));
    let Some((request, compression)) = shortened.await.map_err(broke)?? else {
        return Ok(with_media);
    };
    journey.compression = Some(compression);
    Ok(Some(request))
}
