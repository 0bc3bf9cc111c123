//! What admission and planning know of a request, taken from the house's form of it.

use domain::catalog::Modality;
use domain::chat::{ChatRequest, FileSource, Format, Message, Part, Role};
use domain::request::{Facts, fingerprint};

use crate::contract;

/// Bytes that an image, a file or a recording counts for: more tokens than most cost.
pub(crate) const MEDIA_BYTES: usize = 2048;
/// Encoded bytes of a recording or a document that cost one token, at least.
pub(crate) const MEDIA_BYTES_PER_TOKEN: usize = 64;

/// Returns the facts of a request, but for those that are the house's fields: its models, its
/// preferences, its session and its user.
pub(crate) fn facts(chat: &ChatRequest) -> Facts {
    let mut sum = Sum::default();
    for message in &chat.messages {
        sum.bytes += message.name.as_deref().map_or(0, str::len);
        message.parts.iter().for_each(|part| sum.part(part));
    }
    for tool in &chat.tools {
        let schema = tool.parameters.as_ref().map_or(0, |schema| schema.to_string().len());
        let told = tool.description.as_deref().map_or(0, str::len);
        sum.bytes += tool.name.len() + told + schema + TOOL_BYTES;
    }
    let schema = matches!(chat.output.format, Some(Format::JsonSchema { .. }));
    if let Some(Format::JsonSchema { schema, .. }) = &chat.output.format {
        sum.bytes += schema.to_string().len();
    }
    Facts {
        stream: chat.stream,
        output_tokens_max: chat.output.tokens_max,
        choices: chat.output.choices.unwrap_or(1),
        prompt_bytes: u32::try_from(sum.bytes).unwrap_or(u32::MAX),
        messages: u32::try_from(chat.messages.len()).unwrap_or(u32::MAX),
        modalities: sum.modalities,
        tools: !chat.tools.is_empty(),
        schema,
        reasoning: chat.reasoning.clone(),
        priority: chat.priority,
        parameters: contract::set(chat),
        conversation: conversation(chat),
        ..Facts::default()
    }
}

/// Bytes that surround a tool in any dialect.
const TOOL_BYTES: usize = 64;

#[derive(Default)]
struct Sum {
    bytes: usize,
    modalities: Vec<Modality>,
}

impl Sum {
    fn part(&mut self, part: &Part) {
        match part {
            Part::Text { text, .. } | Part::Refusal(text) | Part::Reasoning(text) => {
                self.bytes += text.len();
            }
            Part::Image { .. } => self.media(Modality::Image, 0),
            Part::Audio { data, .. } => self.media(Modality::Audio, data.len()),
            Part::Video { url } => self.media(Modality::Video, url.len()),
            Part::File { source, .. } => {
                let bytes = match source {
                    FileSource::Url(url) => url.len(),
                    FileSource::Id(_) => 0,
                };
                self.media(Modality::File, bytes);
            }
            Part::ReasoningDetail(detail) => self.bytes += detail.to_string().len(),
            Part::ToolCall(call) => {
                self.bytes += call.name.len() + call.arguments.len() + TOOL_BYTES;
            }
            Part::ToolResult { parts, .. } => parts.iter().for_each(|part| self.part(part)),
        }
    }

    fn media(&mut self, modality: Modality, bytes: usize) {
        self.bytes += MEDIA_BYTES + bytes / MEDIA_BYTES_PER_TOKEN;
        if !self.modalities.contains(&modality) {
            self.modalities.push(modality);
        }
    }
}

/// Returns what tells a conversation apart: the key that its caller gave its cache, or what it
/// begins with.
fn conversation(chat: &ChatRequest) -> Option<u64> {
    if let Some(key) = chat.extra.get("prompt_cache_key").and_then(|key| key.as_str()) {
        return Some(fingerprint(std::iter::once(key.as_bytes())));
    }
    let is_operators = |it: &&Message| matches!(it.role, Role::System | Role::Developer);
    let first = chat.messages.iter().find(is_operators);
    let other = chat.messages.iter().find(|it| !is_operators(it));
    let parts = first.into_iter().chain(other).flat_map(|message| &message.parts);
    let said = parts.filter_map(|part| match part {
        Part::Text { text, .. } => Some(text.as_bytes()),
        Part::Image { url, .. } => Some(url.as_bytes()),
        _ => None,
    });
    (!chat.messages.is_empty()).then(|| fingerprint(said))
}
