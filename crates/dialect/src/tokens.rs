//! How many tokens a text is, counted here: for requests to count, and where no provider said so.
//!
//! GPT's vocabularies are public and compiled in, so its counts are exact. Llama's and Qwen's grew
//! out of an earlier one of them and are close to it. Of all others the count is an estimate, and
//! whoever shows it has to say so. A vocabulary is unpacked when it is first needed; how long that
//! takes is told by `cargo bench -p dialect --bench tokens`.

use bpe_openai::{Tokenizer, cl100k_base, o200k_base};
use domain::chat::{ChatRequest, FileSource, Format, Message, Part, Tool};

/// Bytes of a text that are counted one by one. A longer text is taken to go on as its beginning
/// does: a hostile one cannot make counting slow.
const COUNTED_BYTES_MAX: usize = 256 << 10;
/// Tokens around each message: its role and what separates it from the next (OpenAI's cookbook).
const PER_MESSAGE: u32 = 3;
/// Tokens that open the answer (the same).
const PER_ANSWER: u32 = 3;
/// Tokens around each tool's definition, as nearly as providers' counts tell.
const PER_TOOL: u32 = 12;
/// Tokens of an image at the largest size that Anthropic does not scale down.
const PER_IMAGE: u32 = 1_600;
/// Encoded bytes of a recording, a film or a document that cost a token.
const MEDIA_BYTES_PER_TOKEN: usize = 64;

/// Returns the tokens of a text.
///
/// `tokenizer` is the family that the catalog names for the model, in OpenRouter's words; `None`
/// where it names none.
pub fn of_text(text: &str, tokenizer: Option<&str>) -> u32 {
    Count::new(tokenizer, usize::MAX).text(text)
}

/// Returns the tokens of a prompt: its messages, its tools and the schema of its answer.
///
/// `tokenizer`: see [`of_text`].
pub fn of_prompt(chat: &ChatRequest, tokenizer: Option<&str>) -> u32 {
    Count::new(tokenizer, usize::MAX).prompt(chat)
}

/// Returns the tokens of messages.
pub(crate) fn of_messages(messages: &[Message], tokenizer: Option<&str>) -> u32 {
    let mut count = Count::new(tokenizer, usize::MAX);
    messages.iter().map(|it| count.message(it)).fold(0, u32::saturating_add)
}

/// Bytes of a prompt that are counted where its provider did not tell how many tokens it had.
const ESTIMATED_BYTES_MAX: usize = 64 << 10;

/// Returns about as many tokens as a prompt has, for not much work however long it is: what lies
/// beyond its beginning is taken to be like that.
///
/// `tokenizer`: see [`of_text`].
pub(crate) fn about(chat: &ChatRequest, tokenizer: Option<&str>) -> u32 {
    Count::new(tokenizer, ESTIMATED_BYTES_MAX).prompt(chat)
}

/// A count under way.
struct Count<'a> {
    tokenizer: Option<&'a str>,
    /// Bytes that may still be counted one by one.
    left: usize,
    /// Bytes that were.
    bytes: u64,
    /// Their tokens.
    tokens: u64,
}

impl<'a> Count<'a> {
    fn new(tokenizer: Option<&'a str>, bytes_max: usize) -> Count<'a> {
        Count { tokenizer, left: bytes_max, bytes: 0, tokens: 0 }
    }

    fn prompt(&mut self, chat: &ChatRequest) -> u32 {
        let mut tokens = PER_ANSWER;
        for message in &chat.messages {
            tokens = tokens.saturating_add(self.message(message));
        }
        for tool in &chat.tools {
            tokens = tokens.saturating_add(self.tool(tool));
        }
        match &chat.output.format {
            Some(Format::JsonSchema { schema, .. }) => {
                tokens.saturating_add(self.text(&schema.to_string()))
            }
            _ => tokens,
        }
    }

    fn text(&mut self, text: &str) -> u32 {
        let counted = &text[..text.floor_char_boundary(self.left.min(COUNTED_BYTES_MAX))];
        if !counted.is_empty() {
            let tokens = vocabulary(self.tokenizer).count(counted) as u64;
            self.left -= counted.len();
            self.bytes += counted.len() as u64;
            self.tokens += tokens;
            return scaled(tokens, text.len(), counted.len() as u64);
        }
        match self.bytes {
            0 => 0,
            bytes => scaled(self.tokens, text.len(), bytes),
        }
    }

    fn message(&mut self, message: &Message) -> u32 {
        let name = message.name.as_deref().map_or(0, |name| self.text(name) + 1);
        self.parts(&message.parts).saturating_add(name).saturating_add(PER_MESSAGE)
    }

    fn parts(&mut self, parts: &[Part]) -> u32 {
        let media = |bytes: usize| u32::try_from(bytes / MEDIA_BYTES_PER_TOKEN).unwrap_or(u32::MAX);
        let counts = parts.iter().map(|part| match part {
            Part::Text { text, .. } | Part::Refusal(text) | Part::Reasoning(text) => {
                self.text(text)
            }
            Part::Image { .. } => PER_IMAGE,
            Part::Audio { data, .. } => media(data.len()),
            Part::Video { url } => media(url.len()),
            Part::File { source: FileSource::Url(url), .. } => media(url.len()),
            // What lies with the provider, and thinking, which goes back sealed, cannot be seen
            // here.
            Part::File { source: FileSource::Id(_), .. } | Part::ReasoningDetail(_) => 0,
            Part::ToolCall(call) => {
                self.text(&call.name).saturating_add(self.text(&call.arguments))
            }
            Part::ToolResult { parts, .. } => self.parts(parts),
        });
        counts.fold(0, u32::saturating_add)
    }

    fn tool(&mut self, tool: &Tool) -> u32 {
        let schema = tool.parameters.as_ref().map(ToString::to_string);
        [Some(tool.name.as_str()), tool.description.as_deref(), schema.as_deref()]
            .into_iter()
            .flatten()
            .map(|text| self.text(text))
            .fold(PER_TOOL, u32::saturating_add)
    }
}

/// Returns the tokens of `length` bytes, of which `counted` have `tokens`.
fn scaled(tokens: u64, length: usize, counted: u64) -> u32 {
    let whole = tokens.saturating_mul(length as u64).div_ceil(counted);
    u32::try_from(whole).unwrap_or(u32::MAX)
}

/// Returns the vocabulary that a family has, or the one that comes nearest to it.
fn vocabulary(tokenizer: Option<&str>) -> &'static Tokenizer {
    match tokenizer {
        Some("Llama3" | "Qwen" | "Qwen3") => cl100k_base(),
        _ => o200k_base(),
    }
}

#[cfg(test)]
mod tests {
    use domain::chat::Role;
    use serde_json::json;

    use super::*;

    fn said(text: &str) -> Message {
        let parts = vec![Part::Text { text: text.to_owned(), cache: None }];
        Message { role: Role::User, name: None, parts }
    }

    #[test]
    fn a_text_has_as_many_tokens_as_its_vocabulary_makes_of_it() {
        for (text, o200k, cl100k) in [
            ("", 0, 0),
            ("Hello, world!", 4, 4),
            ("tiktoken is great!", 6, 6),
            // The later vocabulary knows more of the world's languages.
            ("お誕生日おめでとう", 8, 9),
        ] {
            assert_eq!(of_text(text, Some("GPT")), o200k, "{text}");
            assert_eq!(of_text(text, Some("Llama3")), cl100k, "{text}");
            assert_eq!(of_text(text, None), o200k, "{text}");
        }
    }

    #[test]
    fn a_long_text_is_counted_by_its_beginning() {
        let text = "word ".repeat(1 << 20);
        let tokens = of_text(&text, None);
        assert!(tokens.abs_diff(1 << 20) < 1 << 12, "{tokens}");
        let whole = "é".repeat(COUNTED_BYTES_MAX);
        assert!(0 < of_text(&whole, None), "no letter is cut");
    }

    #[test]
    fn a_prompt_beyond_what_is_counted_is_taken_to_go_on() {
        let texts = ["word ".repeat(50), "word ".repeat(100_000), "word ".repeat(2_000)];
        let messages = texts.iter().map(|text| said(text)).collect();
        let chat = ChatRequest { messages, ..ChatRequest::default() };
        let about = Count::new(None, 1_000).prompt(&chat);
        let exact = of_prompt(&chat, None);
        assert!(about.abs_diff(exact) < exact / 50, "{about} {exact}");
    }

    #[test]
    fn everything_of_a_prompt_counts() {
        let mut chat = ChatRequest { messages: vec![said("Hello, world!")], ..Default::default() };
        assert_eq!(of_prompt(&chat, None), 4 + PER_MESSAGE + PER_ANSWER);
        let before = of_prompt(&chat, None);
        chat.tools.push(Tool {
            name: "weather".to_owned(),
            description: Some("Tells the weather.".to_owned()),
            parameters: Some(json!({"type": "object"})),
            strict: None,
            cache: None,
        });
        let with_tool = of_prompt(&chat, None);
        assert!(before + PER_TOOL < with_tool);
        let url = "https://a.example/a.png".to_owned();
        chat.messages[0].parts.push(Part::Image { url, detail: None, cache: None });
        assert_eq!(of_prompt(&chat, None), with_tool + PER_IMAGE);
    }
}
