//! The body of a provider's response, as the relay reads it.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use domain::failure::{Failure, FailureKind};
use hyper::body::{Body as _, Incoming};
use relay::Body;

/// A response's body. Trailers are passed over.
pub(super) struct ResponseBody(pub(super) Incoming);

impl Body for ResponseBody {
    fn poll_piece(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Failure>>> {
        loop {
            match ready!(Pin::new(&mut self.0).poll_frame(context)) {
                None => return Poll::Ready(None),
                Some(Err(_)) => return Poll::Ready(Some(Err(broken()))),
                Some(Ok(frame)) => {
                    if let Ok(piece) = frame.into_data() {
                        return Poll::Ready(Some(Ok(piece)));
                    }
                }
            }
        }
    }
}

fn broken() -> Failure {
    let failure = Failure::upstream(
        FailureKind::ProviderUnavailable,
        "The connection to the provider broke while it answered.",
    );
    Failure { provider_code: Some("connection_broken".to_owned()), ..failure }
}
