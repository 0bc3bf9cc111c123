//! The dialects of the house, and the way in to them. To add one, add its folder, and its lines
//! here.

use bytes::Bytes;
use domain::catalog::{Dialect, Endpoint, ModelKind};
use domain::chat::ChatRequest;
use domain::failure::Failure;
use domain::operation::Operation;
use serde_json::Value;

use crate::anthropic::{ANTHROPIC, VERTEX_ANTHROPIC};
use crate::bedrock::BEDROCK;
use crate::cohere::COHERE;
use crate::contract::{self, Fate};
use crate::dialect::{ClientDialect, Face, Host, UpstreamDialect, VerbatimDialect};
use crate::door::Door;
use crate::envelope;
use crate::exchange::{Continuation, Delivered, Exchange, Stamp, Target, Wire};
use crate::gemini::{GEMINI, VERTEX};
use crate::named::tell_names;
use crate::ollama::OLLAMA;
use crate::openai_chat::{OPENAI_CHAT, described};
use crate::openai_responses::OPENAI_RESPONSES;
use crate::request::Request;
use crate::resume::{self, may_resume};
use crate::sap_orchestration::SapOrchestration;
use crate::sealed;
use crate::translated::Translated;
use crate::veil::{self, Veil};
use crate::{embeddings, images, moderation, preferences, rerank, speech, transcription};

/// Reads a body that came in by a door.
///
/// # Errors
/// The caller's, naming the field, where the body makes no sense.
pub fn decode(door: &Door, body: Bytes) -> Result<Request, Failure> {
    match door {
        Door::Embeddings | Door::OllamaEmbed => embeddings::decode(door, body),
        Door::GeminiEmbed { model, is_list } => {
            embeddings::decode_gemini(door, model, *is_list, body)
        }
        Door::Rerank => rerank::decode(door, body),
        Door::Images => images::decode(door, body, upstream),
        Door::Speech => speech::decode(door, body),
        Door::Transcriptions { boundary } => transcription::decode(door, boundary.as_deref(), body),
        Door::Moderations => moderation::decode(door, body),
        Door::ChatCompletions
        | Door::Completions
        | Door::Responses
        | Door::Messages
        | Door::Gemini { .. }
        | Door::OllamaChat
        | Door::OllamaGenerate => {
            let client = client(door.dialect()).ok_or_else(|| unspoken(door.dialect()))?;
            client.decode(door, body)
        }
    }
}

/// Returns whether endpoints in that dialect can be asked in conversations.
pub fn is_spoken(dialect: Dialect) -> bool {
    upstream(dialect).is_some()
}

/// Returns whether endpoints in that dialect can be asked, where their model is of that kind.
pub fn is_served(kind: ModelKind, dialect: Dialect) -> bool {
    Operation::ALL.iter().any(|it| it.suits(kind) && serves(*it, dialect))
}

/// Returns whether endpoints in that dialect can be asked for an operation.
fn serves(operation: Operation, dialect: Dialect) -> bool {
    match operation {
        Operation::Chat => upstream(dialect).is_some(),
        Operation::Embeddings => embeddings::is_spoken(dialect),
        Operation::Rerank => rerank::is_spoken(dialect),
        Operation::Images => images::is_spoken(dialect) || upstream(dialect).is_some(),
        Operation::Speech => speech::is_spoken(dialect),
        Operation::Transcription => transcription::is_spoken(dialect),
        Operation::Moderation => moderation::is_spoken(dialect),
    }
}

/// Returns how an endpoint is asked, and how its answer is read.
///
/// # Errors
/// When the endpoint cannot do what the request insists on, or nobody here speaks its dialect.
pub fn exchange(
    request: &Request,
    target: Target<'_>,
    stamp: Stamp,
) -> Result<Box<dyn Exchange>, Failure> {
    let endpoint = target.endpoint;
    if endpoint.veiled {
        return veiled(request, target, stamp);
    }
    if let Some(task) = &request.task {
        return task.exchange(target, stamp);
    }
    let (client, upstream) = sides(request, target)?;
    let face = Face::of(request, stamp);
    let host = Host::of(endpoint);
    // Thinking of another family has to be taken out first.
    let is_own = !sealed::is_in(&request.body)
        && !is_emulated(request, endpoint)
        && !face.heals
        && request.replaced.is_none();
    if let Some(verbatim) = verbatim(request.dialect, endpoint.dialect).filter(|_| is_own) {
        let wire = verbatim.edit_request(request, target)?;
        return Ok(match verbatim.passes(&host) {
            true => verbatim.attempt(wire, face, host),
            false => Box::new(Translated::new((wire, face, host), (client, upstream))),
        });
    }
    let mut chat = told(request, endpoint)?;
    contract::keep(&mut chat, |name| upstream.fate(name, endpoint));
    let tells_user = upstream.fate("user", endpoint) != Fate::Drop;
    if request.facts.user.is_some() && !tells_user {
        chat.dropped.push("user".to_owned());
    }
    let target = Target { user_hash: target.user_hash.filter(|_| tells_user), ..target };
    let mut wire = upstream.encode_request(&chat, target)?;
    wire.dropped.extend(request.ignored_names().map(str::to_owned));
    Ok(Box::new(Translated::new((wire, face, host), (client, upstream))))
}

/// Returns how an endpoint is asked whose answer may go on elsewhere when it breaks off, and how
/// that answer is read.
///
/// # Errors
/// As [`exchange`].
pub fn resumable(
    request: &Request,
    target: Target<'_>,
    stamp: Stamp,
) -> Result<Box<dyn Exchange>, Failure> {
    if request.task.is_some() || target.endpoint.veiled {
        return exchange(request, target, stamp);
    }
    let (client, upstream) = sides(request, target)?;
    let chat = told(request, target.endpoint)?;
    let mut wire = upstream.encode_request(&chat, target)?;
    wire.dropped.extend(request.ignored_names().map(str::to_owned));
    let (face, host) = (Face::of(request, stamp), Host::of(target.endpoint));
    let lane = Translated::new((wire, face, host), (client, upstream));
    Ok(Box::new(Translated { resumes: Some(may_resume(&chat)), ..lane }))
}

/// Returns how an endpoint is asked whose provider is not told, and how its answer is read. Its
/// stream may go on elsewhere where the caller asks for that: the other one is not told either.
fn veiled(
    request: &Request,
    target: Target<'_>,
    stamp: Stamp,
) -> Result<Box<dyn Exchange>, Failure> {
    if request.task.is_some() {
        return Err(veil::only_conversations());
    }
    let (client, upstream) = sides(request, target).map_err(veil::failure)?;
    let mut chat = told(request, target.endpoint)?;
    veil::keep(&mut chat, |name| fate(name, target.endpoint));
    if request.facts.user.is_some() {
        chat.dropped.push("user".to_owned());
    }
    let mut dropped = chat.dropped.clone();
    dropped.extend(request.ignored_names().map(str::to_owned));
    let target = Target { user_hash: None, ..target };
    // What else its dialect has no words for would tell which dialect that is.
    let wire = upstream.encode_request(&chat, target).map_err(veil::failure)?;
    let wire = Wire { dropped, ..wire };
    let veil = Some(Veil::new(&stamp.id));
    let (face, host) = (Face::of(request, stamp), Host::of(target.endpoint));
    let resumes = request.facts.preferences.resume && request.facts.stream;
    let resumes = resumes.then(|| may_resume(&chat));
    let lane = Translated::new((wire, face, host), (client, upstream));
    Ok(Box::new(Translated { resumes, veil, ..lane }))
}

/// Returns how the rest of an answer is asked of an endpoint.
///
/// # Errors
/// As [`exchange`].
pub fn continuation(
    request: &Request,
    delivered: &Delivered,
    target: Target<'_>,
) -> Result<Continuation, Failure> {
    let (_, upstream) = sides(request, target)?;
    let mut chat = told(request, target.endpoint)?;
    if target.endpoint.veiled {
        veil::keep(&mut chat, |name| fate(name, target.endpoint));
    }
    resume::continuation(chat, delivered, target, upstream)
}

/// Returns a request in the house's form, with names told in the text where the endpoint's dialect
/// has no place for them.
fn told(request: &Request, endpoint: &Endpoint) -> Result<ChatRequest, Failure> {
    let mut chat = canonical(request)?;
    tell_names(&mut chat, endpoint.dialect);
    Ok(chat)
}

fn sides(
    request: &Request,
    target: Target<'_>,
) -> Result<(&'static dyn ClientDialect, &'static dyn UpstreamDialect), Failure> {
    let endpoint = target.endpoint;
    let upstream = upstream(endpoint.dialect).ok_or_else(|| unspoken(endpoint.dialect))?;
    let client = client(request.dialect).ok_or_else(|| unspoken(request.dialect))?;
    Ok((client, upstream))
}

/// Returns a request in the house's form.
///
/// # Errors
/// When it holds what has no meaning in any form.
pub(crate) fn canonical(request: &Request) -> Result<ChatRequest, Failure> {
    if let Some(replaced) = &request.replaced {
        return Ok(ChatRequest::clone(replaced));
    }
    client(request.dialect).ok_or_else(|| unspoken(request.dialect))?.canonical(request)
}

/// Returns whether a caller's own bytes go to endpoints of a dialect.
pub(crate) fn passes(client: Dialect, upstream: Dialect) -> bool {
    verbatim(client, upstream).is_some()
}

/// Returns the optional parameters that an endpoint takes, by their names in OpenRouter's API.
/// There are none where nobody speaks its dialect.
pub fn supported_parameters(endpoint: &Endpoint) -> Vec<&'static str> {
    let fate = |name: &str| fate(name, endpoint);
    contract::supported(fate)
}

/// Returns what becomes of an optional parameter at an endpoint, by its name in OpenRouter's API.
pub fn fate(parameter: &str, endpoint: &Endpoint) -> Fate {
    let own = upstream(endpoint.dialect).map(|dialect| dialect.fate(parameter, endpoint));
    veil::fate(parameter, endpoint, own.unwrap_or(Fate::Drop))
}

/// Returns whether an optional parameter has its effect at an endpoint.
pub fn takes(parameter: &str, endpoint: &Endpoint) -> bool {
    fate(parameter, endpoint) != Fate::Drop
}

/// The names of the optional parameters of which it is known what becomes.
pub const PARAMETERS: &[&str] = &contract::NAMES;

/// Returns every top-level field of a chat request that is known, with what its value must look
/// like as JSON Schema. `null` is taken for no value besides.
pub fn chat_fields() -> impl Iterator<Item = (&'static str, Value)> {
    described()
}

/// How weights may be stored, by their words in requests.
pub fn quantizations() -> impl Iterator<Item = &'static str> {
    preferences::QUANTIZATIONS.into_iter()
}

/// The formats of speech, by their words in requests.
pub fn speech_formats() -> impl Iterator<Item = &'static str> {
    speech::formats()
}

/// The formats of transcripts, by their words in requests.
pub fn transcript_formats() -> impl Iterator<Item = &'static str> {
    transcription::formats()
}

/// Returns whether an endpoint takes everything that a request sets, unknown fields among it.
pub fn takes_all(request: &Request, endpoint: &Endpoint) -> bool {
    let mut parameters = request.facts.parameters.iter();
    let passes = verbatim(request.dialect, endpoint.dialect).is_some() && !endpoint.veiled;
    let is_strange = request.chat.as_ref().is_some_and(|chat| !chat.dropped.is_empty());
    parameters.all(|name| fate(name, endpoint) != Fate::Drop) && (passes || !is_strange)
}

/// Returns whether the answer's schema has to be asked for as a tool, and told back as text.
fn is_emulated(request: &Request, endpoint: &Endpoint) -> bool {
    request.facts.schema && fate("structured_outputs", endpoint) == Fate::Emulate
}

/// Returns what an endpoint can be told of an image, by OpenRouter's descriptors.
pub fn image_parameters(endpoint: &Endpoint) -> Vec<(String, Value)> {
    images::parameters(endpoint)
}

/// Returns the body of an error response in OpenRouter's envelope.
///
/// `docs_base`: the page that explains why nothing was available, by anchors.
pub fn envelope(failure: &Failure, docs_base: &str) -> Value {
    envelope::body(failure, docs_base)
}

/// Returns the body of an error response in a caller's dialect, made from OpenRouter's envelope.
pub fn failure_body(dialect: Dialect, failure: &Failure, envelope: Value) -> Value {
    match client(dialect) {
        Some(client) => client.failure_body(failure, envelope),
        None => envelope,
    }
}

/// Returns the end of a stream that broke before anything of an answer was shown: the event that
/// tells the failure, and the terminator.
pub fn failure_event(request: &Request, failure: &Failure, stamp: Stamp) -> Bytes {
    if let Some(task) = &request.task {
        return Bytes::from(task.failure_event(failure));
    }
    let face = Face::of(request, stamp);
    let event = client(request.dialect).map(|client| client.failure_event(failure, &face));
    Bytes::from(event.unwrap_or_default())
}

/// Returns what keeps a silent stream alive, and clients pass over; empty where nothing does.
pub fn keep_alive(request: &Request) -> &'static [u8] {
    if let Some(task) = &request.task {
        return task.keep_alive();
    }
    client(request.dialect).map_or(b"", |client| client.keep_alive(request.framing))
}

/// The page that explains why nothing was available, by anchors, on the house's own host.
pub const DOCS: &str = envelope::DOCS;

/// Every dialect that callers may speak.
fn client(dialect: Dialect) -> Option<&'static dyn ClientDialect> {
    match dialect {
        Dialect::OpenaiChat => Some(&OPENAI_CHAT),
        Dialect::OpenaiResponses => Some(&OPENAI_RESPONSES),
        Dialect::AnthropicMessages => Some(&ANTHROPIC),
        Dialect::GoogleGemini => Some(&GEMINI),
        Dialect::Ollama => Some(&OLLAMA),
        _ => None,
    }
}

/// OpenAI's chat in SAP's envelope.
static SAP_ORCHESTRATION: SapOrchestration = SapOrchestration::around(&OPENAI_CHAT);

/// Every dialect in which endpoints can be asked.
fn upstream(dialect: Dialect) -> Option<&'static dyn UpstreamDialect> {
    match dialect {
        Dialect::OpenaiChat | Dialect::AzureOpenai | Dialect::Mistral => Some(&OPENAI_CHAT),
        Dialect::OpenaiResponses => Some(&OPENAI_RESPONSES),
        Dialect::AnthropicMessages => Some(&ANTHROPIC),
        Dialect::VertexAnthropic => Some(&VERTEX_ANTHROPIC),
        Dialect::GoogleGemini => Some(&GEMINI),
        Dialect::Ollama => Some(&OLLAMA),
        Dialect::GoogleVertex => Some(&VERTEX),
        Dialect::Cohere => Some(&COHERE),
        Dialect::BedrockConverse => Some(&BEDROCK),
        Dialect::SapOrchestration => Some(&SAP_ORCHESTRATION),
        _ => None,
    }
}

/// Every pair of dialects between which a caller's own bytes go to an endpoint, and back.
fn verbatim(client: Dialect, upstream: Dialect) -> Option<&'static dyn VerbatimDialect> {
    match (client, upstream) {
        // What the others do otherwise is said by flags, and by where their addresses lead.
        (Dialect::OpenaiChat, Dialect::OpenaiChat | Dialect::AzureOpenai | Dialect::Mistral) => {
            Some(&OPENAI_CHAT)
        }
        (Dialect::OpenaiResponses, Dialect::OpenaiResponses) => Some(&OPENAI_RESPONSES),
        (Dialect::AnthropicMessages, Dialect::AnthropicMessages) => Some(&ANTHROPIC),
        (Dialect::AnthropicMessages, Dialect::VertexAnthropic) => Some(&VERTEX_ANTHROPIC),
        (Dialect::GoogleGemini, Dialect::GoogleGemini) => Some(&GEMINI),
        (Dialect::GoogleGemini, Dialect::GoogleVertex) => Some(&VERTEX),
        _ => None,
    }
}

/// Both sides of a dialect that has them.
#[cfg(test)]
pub(crate) fn both_sides(
    dialect: Dialect,
) -> Option<(&'static dyn ClientDialect, &'static dyn UpstreamDialect)> {
    client(dialect).zip(upstream(dialect))
}

fn unspoken(dialect: Dialect) -> Failure {
    Failure::house(format!("{dialect:?} is not spoken here"))
}
