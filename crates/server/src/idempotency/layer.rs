//! The layer that every route stands behind.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::response::Response;
use futures_util::future::Either;
use http::Method;
use tower_layer::Layer;
use tower_service::Service;

use super::serve::{NAME, answer_once};
use crate::app::App;

/// Has requests that carry an `Idempotency-Key` served once. Others pass as if it were not there.
#[derive(Clone)]
pub struct Idempotency(pub Arc<App>);

/// What stands behind the layer.
#[derive(Clone)]
pub struct Once<S> {
    app: Arc<App>,
    inner: S,
}

impl<S> Layer<S> for Idempotency {
    type Service = Once<S>;

    fn layer(&self, inner: S) -> Once<S> {
        Once { app: self.0.clone(), inner }
    }
}

type Answering = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

impl<S> Service<http::Request<Body>> for Once<S>
where
    S: Service<http::Request<Body>, Response = Response, Error = Infallible>
        + Clone
        + Send
        + 'static,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Either<S::Future, Answering>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        if request.method() != Method::POST || !request.headers().contains_key(NAME) {
            return Either::Left(self.inner.call(request));
        }
        // The one that is ready goes with the request, a copy stays.
        let copy = self.inner.clone();
        let ready = std::mem::replace(&mut self.inner, copy);
        let app = self.app.clone();
        Either::Right(Box::pin(async move { Ok(answer_once(app, request, ready).await) }))
    }
}
