//! Embeddings: texts in, vectors out.
//!
//! Callers come in OpenAI's form, Gemini's or Ollama's; endpoints are asked in OpenAI's, Gemini's,
//! Vertex's, Cohere's or Ollama's. Vectors pass as they stand, unless the caller wants them packed.

mod answer;
mod ask;
mod decode;
mod form;
mod said;
mod vector;

pub(crate) use decode::{decode, decode_gemini};
pub(crate) use form::is_spoken;
