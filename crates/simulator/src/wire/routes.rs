//! The paths of a provider, and the dialect behind each. A new dialect is a line here.
use super::anthropic::Anthropic;
use super::azure_openai::AzureOpenAi;
use super::bedrock::Bedrock;
use super::cohere::Cohere;
use super::dialect::Wire;
use super::embeddings::Embeddings;
use super::gemini::Gemini;
use super::images::Images;
use super::mistral::Mistral;
use super::moderation::Moderation;
use super::ollama::Ollama;
use super::openai_chat::OpenAiChat;
use super::openai_completions::OpenAiCompletions;
use super::openai_responses::OpenAiResponses;
use super::rerank::Rerank;
use super::sap_orchestration::SapOrchestration;
use super::speech::Speech;
use super::transcription::Transcription;
use crate::ask::Refusal;

/// What stands behind a path of a provider.
#[derive(Clone, Copy)]
pub(crate) enum Route {
    Generate(&'static dyn Wire),
    Models,
    /// Tokens are given for credentials.
    Token,
}

/// The paths below a provider's name, each with the one method it takes.
///
/// A star stands for any text: a model, a project, a deployment.
const ROUTES: [(&str, &str, Route); 36] = [
    ("POST", "/v1/chat/completions", Route::Generate(&OpenAiChat)),
    ("POST", "/v1/completions", Route::Generate(&OpenAiCompletions)),
    ("POST", "/v1/responses", Route::Generate(&OpenAiResponses)),
    ("POST", "/openai/v1/chat/completions", Route::Generate(&AzureOpenAi)),
    ("POST", "/openai/deployments/*/chat/completions", Route::Generate(&AzureOpenAi)),
    ("POST", "/v2/chat", Route::Generate(&Cohere)),
    ("POST", "/model/*/converse", Route::Generate(&Bedrock)),
    ("POST", "/model/*/converse-stream", Route::Generate(&Bedrock)),
    ("POST", "/v2/inference/deployments/*/v2/completion", Route::Generate(&SapOrchestration)),
    ("POST", "/token", Route::Token),
    ("POST", "/oauth/token", Route::Token),
    ("POST", "/mistral/v1/chat/completions", Route::Generate(&Mistral)),
    ("POST", "/v1beta/models/*:generateContent", Route::Generate(&Gemini)),
    ("POST", "/v1beta/models/*:streamGenerateContent", Route::Generate(&Gemini)),
    ("POST", "/vertex/publishers/google/models/*:generateContent", Route::Generate(&Gemini)),
    ("POST", "/vertex/publishers/google/models/*:streamGenerateContent", Route::Generate(&Gemini)),
    ("POST", "/api/chat", Route::Generate(&Ollama)),
    ("POST", "/v1/embeddings", Route::Generate(&Embeddings::OpenAi)),
    ("POST", "/openai/v1/embeddings", Route::Generate(&Embeddings::OpenAi)),
    ("POST", "/v1beta/models/*:batchEmbedContents", Route::Generate(&Embeddings::Gemini)),
    ("POST", "/vertex/publishers/google/models/*:predict", Route::Generate(&Embeddings::Vertex)),
    ("POST", "/v2/embed", Route::Generate(&Embeddings::Cohere)),
    ("POST", "/api/embed", Route::Generate(&Embeddings::Ollama)),
    ("POST", "/v1/rerank", Route::Generate(&Rerank::Jina)),
    ("POST", "/v2/rerank", Route::Generate(&Rerank::Cohere)),
    ("POST", "/v1/images/generations", Route::Generate(&Images)),
    ("POST", "/v1/images/edits", Route::Generate(&Images)),
    ("POST", "/v1/audio/speech", Route::Generate(&Speech::OpenAi)),
    ("POST", "/v1/text-to-speech/*/stream", Route::Generate(&Speech::ElevenLabs)),
    ("POST", "/v1/audio/transcriptions", Route::Generate(&Transcription::OpenAi)),
    ("POST", "/v1/speech-to-text", Route::Generate(&Transcription::ElevenLabs)),
    ("POST", "/v1/moderations", Route::Generate(&Moderation)),
    ("GET", "/v1/models", Route::Models),
    ("POST", "/v1/messages", Route::Generate(&Anthropic::PLAIN)),
    (
        "POST",
        "/vertex/publishers/anthropic/models/*:rawPredict",
        Route::Generate(&Anthropic::VERTEX),
    ),
    (
        "POST",
        "/vertex/publishers/anthropic/models/*:streamRawPredict",
        Route::Generate(&Anthropic::VERTEX),
    ),
];

fn fits(path: &str, pattern: &str) -> bool {
    match pattern.split_once('*') {
        None => path == pattern,
        Some((head, tail)) => {
            head.len() + tail.len() < path.len() && path.starts_with(head) && path.ends_with(tail)
        }
    }
}

/// Finds what stands behind `path`, whose query is already off.
///
/// # Errors
/// 404 for an unknown path, 405 for a known one with another method.
pub(crate) fn route(method: &str, path: &str) -> Result<Route, Refusal> {
    let Some((wants, _, route)) = ROUTES.iter().find(|(_, known, _)| fits(path, known)) else {
        let code = Some("unknown_url".into());
        return Err(Refusal {
            code,
            ..Refusal::new(404, format!("Invalid URL ({method} {path})"))
        });
    };
    if method != *wants {
        return Err(Refusal::new(405, format!("Not allowed to {method} on {path}: use {wants}")));
    }
    Ok(*route)
}

/// The dialect for words to callers who asked for nothing we know.
pub(crate) fn default_wire() -> &'static dyn Wire {
    &OpenAiChat
}
