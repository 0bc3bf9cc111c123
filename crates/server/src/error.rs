//! The one way in which a failure becomes a response.

use axum::extract::rejection::QueryRejection;
use axum::response::{IntoResponse, Response};
use domain::catalog::Dialect;
use domain::failure::{AvailabilityCode, Failure, FailureKind, Fault};
use domain::generation::AttemptRecord;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderName, HeaderValue, StatusCode};
use relay::Refusal;
use serde_json::{Map, Value, json};

use crate::limits;

/// The header that names the generation, on every answer to a request for one.
pub const GENERATION_ID: HeaderName = HeaderName::from_static("x-generation-id");

/// The longest that a caller is asked to wait for a provider, in seconds.
const RETRY_AFTER_MAX_S: u64 = 300;

/// A failure on its way to the caller.
#[derive(Debug)]
pub struct ApiError {
    failure: Failure,
    attempts: Vec<AttemptRecord>,
    metadata: Option<Value>,
    generation: Option<String>,
    /// The dialect in which it is told.
    dialect: Dialect,
}

impl ApiError {
    /// Names the generation that failed.
    pub fn of(self, generation: &str) -> ApiError {
        ApiError { generation: Some(generation.to_owned()), ..self }
    }

    /// Has it told in a caller's dialect. An unknown model is a 400 at OpenRouter and OpenAI, and a
    /// 404 at the others, whose clients tell it by that.
    pub fn spoken(self, dialect: Dialect) -> ApiError {
        let code = self.failure.availability.as_deref().map(|availability| availability.code);
        let openais = matches!(dialect, Dialect::OpenaiChat | Dialect::OpenaiResponses);
        let kind = match code {
            Some(AvailabilityCode::ModelNotFound) if !openais => FailureKind::NotFound,
            _ => self.failure.kind,
        };
        ApiError { dialect, failure: Failure { kind, ..self.failure }, ..self }
    }

    /// Returns the body in the caller's dialect, made from OpenRouter's envelope.
    fn body(self) -> Value {
        let internal = self.failure.status() == 500;
        let mut body = dialect::registry::envelope(&self.failure, dialect::registry::DOCS);
        let previous = self.attempts.split_last().map_or(&[][..], |(_, previous)| previous);
        if !previous.is_empty() && !internal {
            let slim: Vec<Value> = previous.iter().map(slim).collect();
            let metadata = body["error"]
                .as_object_mut()
                .map(|error| error.entry("metadata").or_insert(Value::Object(Map::new())));
            if let Some(Value::Object(metadata)) = metadata {
                metadata.insert("previous_errors".to_owned(), Value::Array(slim));
            }
        }
        if let (Some(metadata), false) = (self.metadata, internal) {
            body["openrouter_metadata"] = metadata;
        }
        dialect::registry::failure_body(self.dialect, &self.failure, body)
    }
}

/// An earlier attempt, without anything of what the provider said.
fn slim(attempt: &AttemptRecord) -> Value {
    json!({
        "provider": attempt.provider_name,
        "code": attempt.failure,
        "status": attempt.status,
    })
}

impl From<Failure> for ApiError {
    fn from(failure: Failure) -> ApiError {
        let dialect = Dialect::OpenaiChat;
        ApiError { failure, attempts: Vec::new(), metadata: None, generation: None, dialect }
    }
}

impl From<Box<Refusal>> for ApiError {
    fn from(refusal: Box<Refusal>) -> ApiError {
        let Refusal { failure, attempts, metadata } = *refusal;
        ApiError { attempts, metadata, ..ApiError::from(failure) }
    }
}

impl From<QueryRejection> for ApiError {
    fn from(rejection: QueryRejection) -> ApiError {
        let detail = format!("The query cannot be read: {}.", rejection.body_text());
        Failure::caller(FailureKind::InvalidRequest, detail).into()
    }
}

impl From<store::StoreError> for ApiError {
    fn from(error: store::StoreError) -> ApiError {
        Failure::house(error.to_string()).into()
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let is_full = self.failure.kind == FailureKind::ProviderOverloaded;
        match self.failure.fault {
            // So many lines would only add to what there is to do; the metrics count them.
            Fault::House if is_full => tracing::debug!("{}", self.failure.detail),
            Fault::House => {
                tracing::error!(failure.kind = ?self.failure.kind, "{}", self.failure.detail);
            }
            Fault::Caller | Fault::Upstream | Fault::Credential => (),
        }
        let status = StatusCode::from_u16(self.failure.status())
            .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let limit = self.failure.limit.clone();
        // What a provider asks for is believed within bounds; what a limit of ours says is so.
        let longest = if limit.is_some() { u64::MAX } else { RETRY_AFTER_MAX_S };
        let retry_after = self.failure.retry_after_ms;
        let retry_after = retry_after.map(|ms| ms.div_ceil(1000).clamp(1, longest));
        let dialect = self.dialect;
        let generation = self.generation.clone();
        let mut response = (status, self.body().to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(seconds) = retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(reached) = limit {
            limits::tell_reached(headers, &reached, dialect);
        }
        if let Some(id) = generation.and_then(|id| HeaderValue::from_str(&id).ok()) {
            headers.insert(GENERATION_ID, id);
        }
        response
    }
}
