//! Rerank: a query and documents in, the documents' places by relevance out.
//!
//! One form serves every host: Cohere's, which Jina, vLLM and Voyage follow with other names for
//! two fields.

mod answer;
mod ask;

pub(crate) use ask::{decode, is_spoken};
