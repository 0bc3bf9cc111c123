//! How the bodies of requests are read: within bounds of size and time.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use domain::failure::{Failure, FailureKind, Fault, Retry};
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, EXPECT};
use http_body_util::BodyExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::config::Config;

/// Reads bodies.
pub struct Intake {
    body_bytes: usize,
    idle: Duration,
    /// A permit is a kilobyte of some body that is being read.
    budget: Arc<Semaphore>,
}

const PERMIT_BYTES: usize = 1024;
/// How long a caller may go on sending a body that is refused.
const LINGER: Duration = Duration::from_secs(2);

impl Intake {
    /// Takes the bounds from the configuration.
    pub fn new(config: &Config) -> Intake {
        let permits = config.limits.body_bytes_total.div_ceil(PERMIT_BYTES);
        Intake {
            body_bytes: config.limits.body_bytes,
            idle: Duration::from_millis(config.timeouts.client_body_idle_ms),
            budget: Arc::new(Semaphore::new(permits.min(Semaphore::MAX_PERMITS))),
        }
    }

    /// Reads a body to its end.
    ///
    /// # Errors
    /// `PayloadTooLarge`, before anything is kept where the length is announced; `InvalidRequest`
    /// when it is packed, when nothing comes for too long or the connection breaks.
    pub async fn read(&self, headers: &HeaderMap, mut body: Body) -> Result<Bytes, Failure> {
        let packed = headers.get(CONTENT_ENCODING).is_some_and(|coding| coding != "identity");
        if packed {
            return Err(Failure::caller(
                FailureKind::InvalidRequest,
                "The body is packed (Content-Encoding); send it as plain JSON.",
            ));
        }
        let announced = headers
            .get(CONTENT_LENGTH)
            .and_then(|value| value.to_str().ok())
            .and_then(|text| text.parse::<usize>().ok());
        if announced.is_some_and(|length| self.body_bytes < length) {
            return Err(self.refuse(headers, body).await);
        }
        let mut held: Vec<OwnedSemaphorePermit> = Vec::new();
        let mut first = Bytes::new();
        let mut whole = BytesMut::new();
        while let Some(piece) = self.next(&mut body).await? {
            let length = first.len().max(whole.len()) + piece.len();
            if self.body_bytes < length {
                return Err(self.refuse(headers, body).await);
            }
            held.extend(self.reserve(piece.len())?);
            if first.is_empty() {
                first = piece;
                continue;
            }
            if whole.is_empty() {
                whole.reserve(announced.unwrap_or(length).max(length));
                whole.extend_from_slice(&first);
            }
            whole.extend_from_slice(&piece);
        }
        Ok(if whole.is_empty() { first } else { whole.freeze() })
    }

    async fn next(&self, body: &mut Body) -> Result<Option<Bytes>, Failure> {
        loop {
            let frame = timeout(self.idle, body.frame()).await.map_err(|_| {
                Failure::caller(FailureKind::InvalidRequest, "The request's body stopped coming.")
            })?;
            let Some(frame) = frame else { return Ok(None) };
            let frame = frame.map_err(|_| {
                Failure::caller(FailureKind::InvalidRequest, "The request's body broke off.")
            })?;
            if let Ok(piece) = frame.into_data() {
                return Ok(Some(piece));
            }
        }
    }

    /// Reserves room for a piece; small bodies come in one and need no reservation.
    fn reserve(&self, length: usize) -> Result<Option<OwnedSemaphorePermit>, Failure> {
        if length < PERMIT_BYTES {
            return Ok(None);
        }
        let permits = u32::try_from(length.div_ceil(PERMIT_BYTES)).unwrap_or(u32::MAX);
        let permit = self.budget.clone().try_acquire_many_owned(permits).map_err(|_| {
            let failure = Failure::new(
                FailureKind::ProviderOverloaded,
                Fault::House,
                Retry::Never,
                "Too many large requests are being read. Try again shortly.",
            );
            Failure { retry_after_ms: Some(1_000), ..failure }
        })?;
        Ok(Some(permit))
    }

    /// Refuses a body that is too large, after its caller had a chance to finish sending: one that
    /// is cut off in the middle sees a broken connection instead of the reason.
    async fn refuse(&self, headers: &HeaderMap, mut body: Body) -> Failure {
        let waits = headers.contains_key(EXPECT);
        if !waits {
            let _ = timeout(LINGER, async {
                let mut read = 0;
                while let Some(Ok(frame)) = body.frame().await {
                    read += frame.data_ref().map_or(0, Bytes::len);
                    if self.body_bytes < read {
                        break;
                    }
                }
            })
            .await;
        }
        let detail = format!("The request's body is larger than {} bytes.", self.body_bytes);
        Failure::caller(FailureKind::PayloadTooLarge, detail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Overrides;

    #[tokio::test]
    async fn a_packed_body_is_refused_by_its_name() {
        let intake = Intake::new(&Config::read(None, &Overrides::default()).unwrap());
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_ENCODING, "gzip".parse().unwrap());
        let refused = intake.read(&headers, Body::from("{}")).await.unwrap_err();
        assert!(refused.detail.contains("Content-Encoding"), "{}", refused.detail);
        headers.insert(CONTENT_ENCODING, "identity".parse().unwrap());
        assert_eq!(intake.read(&headers, Body::from("{}")).await.unwrap(), "{}");
    }
}
