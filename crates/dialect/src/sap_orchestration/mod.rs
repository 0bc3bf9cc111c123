//! SAP's orchestration: OpenAI's chat in an envelope, on the side of providers.

mod decoder;
mod envelope;
mod speaker;

pub(crate) use speaker::SapOrchestration;
