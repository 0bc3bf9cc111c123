//! A whole answer, read into the house's form and written from it.

use domain::answer::{Answer, Choice};
use domain::event::FinishReason;
use domain::failure::Failure;
use serde_json::{Value, json};

use super::cited::{self, Said};
use super::decoder::Chunks;
use super::usage;
use crate::decoding::Reading;
use crate::dialect::{Face, Host};
use crate::error;
use crate::exchange::Receipt;
use crate::logprobs;
use crate::sealed;
use crate::thought::{GEMINI, is_of, said};

/// Reads an answer: one object, or the list of chunks that a stream without framing is.
///
/// # Errors
/// When it is none.
pub(super) fn decode(body: &Value, host: &Host) -> Result<Answer, Failure> {
    let mut chunks = Chunks::new(host);
    let mut events = Vec::new();
    match body {
        Value::Array(list) => {
            list.iter().try_for_each(|chunk| chunks.take(b"", chunk, &mut events))?;
        }
        body if body.get("candidates").is_none() && body.get("promptFeedback").is_none() => {
            return Err(match error::is_one(body) {
                true => error::inside(body),
                false => error::nonsense("holds no candidates"),
            });
        }
        body => chunks.take(b"", body, &mut events)?,
    }
    if !chunks.is_done() && !chunks.end(&mut events) {
        return Err(error::nonsense("ended with an error"));
    }
    let mut answer = Answer::default();
    events.into_iter().for_each(|event| answer.take(event));
    Ok(answer)
}

/// Writes an answer.
pub(super) fn encode(answer: &Answer, face: &Face, receipt: &Receipt) -> Vec<u8> {
    let candidates: Vec<Value> = answer.choices.iter().map(|it| candidate(it, face)).collect();
    let mut body = json!({"candidates": candidates});
    identify(&mut body, face);
    body["usageMetadata"] = usage::shown(receipt);
    if let Some(metadata) = &receipt.metadata {
        body["openrouterMetadata"] = metadata.clone();
    }
    body.to_string().into_bytes()
}

/// Puts the house's identity on an answer or a chunk.
pub(super) fn identify(body: &mut Value, face: &Face) {
    for (name, value) in identity(face) {
        body[name] = json!(value);
    }
}

/// Returns the members that tell whose an answer is.
pub(super) fn identity(face: &Face) -> [(&'static str, &str); 3] {
    let stamp = &face.stamp;
    [("modelVersion", &stamp.model), ("responseId", &stamp.id), ("provider", &stamp.provider)]
}

fn candidate(choice: &Choice, face: &Face) -> Value {
    let mut parts = Vec::new();
    let hides = face.hides_thinking;
    if !choice.reasoning.is_empty() && !hides {
        parts.push(json!({"text": choice.reasoning, "thought": true}));
    }
    let mut signs = Signs::default();
    for detail in &choice.reasoning_details {
        parts.extend(signs.take(detail, hides));
    }
    if !choice.text.is_empty() || !choice.refusal.is_empty() {
        let text = [choice.text.as_str(), &choice.refusal].concat();
        parts.push(json!({"text": text}));
    }
    for call in &choice.tool_calls {
        parts.push(signs.call(&call.id, &call.name, &call.arguments));
    }
    parts.extend(choice.images.iter().filter_map(|url| image(url)));
    parts.extend(signs.rest());
    let mut candidate = json!({
        "content": {"role": "model", "parts": parts},
        "finishReason": finish_word(choice.finish, choice.native_finish.as_deref()),
        "index": choice.index,
    });
    let said = match choice.annotations.is_empty() {
        true => Said::default(),
        false => Said::of(&choice.text),
    };
    close(&mut candidate, &choice.annotations, choice.logprobs.as_ref(), &said);
    candidate
}

/// Puts citations of the web and probabilities of tokens on a candidate, as Google writes them.
/// `said`: what the candidate says, as far as it is known.
pub(super) fn close(
    candidate: &mut Value,
    annotations: &[Value],
    logprobs: Option<&Value>,
    said: &Said,
) {
    if let Some(grounding) = cited::grounding(annotations, said) {
        candidate["groundingMetadata"] = grounding;
    }
    if let Some(result) = logprobs.and_then(logprobs::to_google) {
        candidate["logprobsResult"] = result;
    }
}

/// Writes an image that was made.
pub(super) fn image(url: &str) -> Option<Value> {
    let (mime, data) = url.strip_prefix("data:")?.split_once(";base64,")?;
    Some(json!({"inlineData": {"mimeType": mime, "data": data}}))
}

/// Returns Google's word for why an answer ended.
pub(super) fn finish_word(finish: Option<FinishReason>, native: Option<&str>) -> String {
    let own = native.filter(|it| it.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_'));
    let word = match finish {
        Some(FinishReason::Length) => "MAX_TOKENS",
        Some(FinishReason::ContentFilter) => own.unwrap_or("SAFETY"),
        Some(FinishReason::Error) => own.unwrap_or("OTHER"),
        Some(FinishReason::Stop | FinishReason::ToolCalls) | None => "STOP",
    };
    word.to_owned()
}

/// The signatures that wait for the part on which they go out.
#[derive(Debug, Default)]
pub(super) struct Signs {
    /// Google's own, by the ids of the calls that they sign.
    calls: Vec<(String, String)>,
    /// What goes on the next part, packed where it is of another family.
    loose: Vec<Value>,
}

impl Signs {
    /// Takes a piece of thinking. Returns the part that shows its text.
    pub(super) fn take(&mut self, detail: &Value, hides: bool) -> Option<Value> {
        let text = [said(detail, "text"), said(detail, "summary")].concat();
        let is_own = is_of(detail, GEMINI);
        match (is_own, said(detail, "type"), said(detail, "id")) {
            (true, "reasoning.encrypted", id) if !id.is_empty() => {
                self.calls.push((id.to_owned(), said(detail, "data").to_owned()));
            }
            (true, "reasoning.encrypted", _) => self.loose.push(detail.clone()),
            (true, ..) => (),
            (false, ..) => self.hold(sealed::untold(detail)),
        }
        let shows = !text.is_empty() && !hides;
        shows.then(|| json!({"text": text, "thought": true}))
    }

    /// Keeps a piece of another family's, joined to the one that it continues.
    fn hold(&mut self, piece: Value) {
        let same = |it: &Value| it["type"] == piece["type"] && it["index"] == piece["index"];
        let Some(last) = self.loose.last_mut().filter(|it| same(it)) else {
            return self.loose.push(piece);
        };
        for (name, value) in piece.as_object().into_iter().flatten() {
            let grows = matches!(name.as_str(), "data" | "signature");
            match (last[name].as_str(), value.as_str()) {
                (Some(held), Some(more)) if grows => last[name] = json!([held, more].concat()),
                (None, _) if last[name].is_null() => last[name] = value.clone(),
                _ => (),
            }
        }
    }

    /// Writes a call with the signature that is its own, or that waits.
    pub(super) fn call(&mut self, id: &str, name: &str, arguments: &str) -> Value {
        let args: Value = serde_json::from_str(arguments).unwrap_or_default();
        let args = if args.is_object() { args } else { json!({}) };
        let mut part = json!({"functionCall": {"id": id, "name": name, "args": args}});
        let own = self.calls.iter().position(|(signed, _)| signed == id);
        let signature = own.map(|place| self.calls.remove(place).1).or_else(|| self.next());
        if let Some(signature) = signature {
            part["thoughtSignature"] = json!(signature);
        }
        part
    }

    /// Returns the signature that waits for any part.
    fn next(&mut self) -> Option<String> {
        let details = std::mem::take(&mut self.loose);
        match details.as_slice() {
            [] => None,
            [one] if is_of(one, GEMINI) => Some(said(one, "data").to_owned()),
            details => Some(sealed::pack(details)),
        }
    }

    /// Returns a part that carries what still waits: an empty text, as Google does.
    pub(super) fn rest(&mut self) -> Option<Value> {
        let signature = self.next()?;
        Some(json!({"text": "", "thoughtSignature": signature}))
    }
}
