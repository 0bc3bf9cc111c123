//! How one simulated provider answers, as data that a person or a test writes.
use crate::bounds::{ScriptError, is_one_line};
use crate::fault::Fault;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// How a provider answers. The default answers at once, in a few words, without fault.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Script {
    /// Wait before the response headers, in milliseconds.
    pub first_byte_ms: u64,
    /// Wait between two chunks of a stream, in milliseconds.
    pub chunk_ms: u64,
    /// Tokens of text in an answer, reasoning apart. The request's own maximum caps it.
    pub output_tokens: u32,
    /// Prompt tokens to report. Without it: a quarter of the prompt's bytes.
    pub prompt_tokens: Option<u32>,
    /// How many of the prompt tokens are reported as read from a cache.
    pub cached_tokens: u32,
    /// Tokens of reasoning before the text.
    pub reasoning_tokens: u32,
    /// Where the reasoning is shown.
    pub reasoning: ReasoningShape,
    /// Where a stream reports its usage.
    pub usage: UsagePlace,
    /// When a tool is called.
    pub tools: ToolUse,
    /// The calls of a conversation, in order, where the request offers the tools: after no result
    /// of a tool the first, after one the second, and words after the last.
    pub calls: Vec<ScriptedCall>,
    /// The text to answer, in place of words drawn by the seed.
    pub text: Option<String>,
    /// Answers `echo: ` and the caller's last text.
    pub echo: bool,
    /// The credential that callers must show, each dialect in its own way; others get a 401. Invent
    /// one, this is no vault.
    pub auth: Option<String>,
    /// What goes wrong. Without `fault_rate` and `fault_first_n`, at every request.
    #[serde(deserialize_with = "fault_or_its_name")]
    pub fault: Option<Fault>,
    /// The share of requests that meet the fault, from 0 to 1, drawn by the seed.
    pub fault_rate: Option<f64>,
    /// Only the first so many requests since the script was set can meet the fault.
    pub fault_first_n: Option<u64>,
    /// What all draws start from.
    pub seed: u64,
    /// Further response headers.
    pub headers: BTreeMap<String, String>,
    /// Pads the text until a whole answer has about this many bytes.
    pub body_bytes: Option<usize>,
    /// What `/v1/models` lists. The provider answers to any model name.
    pub models: Vec<String>,
}

/// A call of a tool, word for word.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScriptedCall {
    /// The tool's name.
    pub name: String,
    /// What it is called with; a tool that takes free text gets the field `input`.
    pub arguments: Value,
}

/// Where a provider shows what a model thought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReasoningShape {
    /// In a field `reasoning_content` beside `content`.
    #[default]
    ReasoningContent,
    /// In a field `reasoning` beside `content`.
    Reasoning,
    /// In the content, between `<think>` and `</think>`.
    ThinkTags,
    /// As content parts of type `reasoning`.
    ContentParts,
}

/// Where a stream reports its usage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UsagePlace {
    /// In a last chunk without choices, if `stream_options.include_usage` asks for it.
    #[default]
    OwnChunk,
    /// In a last chunk without choices, asked for or not.
    Always,
    /// Counted up on every chunk.
    EveryChunk,
    /// In the last choice's chunk, as `x_groq.usage`.
    XGroq,
    /// Nowhere, in whole answers neither.
    Never,
}

/// When a provider calls a tool that the request offers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToolUse {
    /// When the request demands it, or the caller's last text names a tool or says `use tool`.
    #[default]
    Asked,
    /// Whenever there are tools and the last message is no tool's result.
    Always,
    /// Never.
    Never,
}

/// A day: no wait that a person scripts is longer by intent.
const WAIT_MS_MAX: u64 = 86_400_000;
/// Bounds the memory one answer takes.
pub(crate) const OUTPUT_TOKENS_MAX: u32 = 1_000_000;
/// More than any conversation of a test has.
const CALLS_MAX: usize = 1_000;
/// As large as the largest body the simulator takes in.
const BODY_BYTES_MAX: usize = 64 << 20;

impl Default for Script {
    fn default() -> Script {
        Script {
            first_byte_ms: 0,
            chunk_ms: 0,
            output_tokens: 16,
            prompt_tokens: None,
            cached_tokens: 0,
            reasoning_tokens: 0,
            reasoning: ReasoningShape::default(),
            usage: UsagePlace::default(),
            tools: ToolUse::default(),
            calls: Vec::new(),
            text: None,
            echo: false,
            auth: None,
            fault: None,
            fault_rate: None,
            fault_first_n: None,
            seed: 0,
            headers: BTreeMap::new(),
            body_bytes: None,
            models: vec!["sim-small".to_owned(), "sim-large".to_owned()],
        }
    }
}

impl Script {
    /// A script that meets `fault` at every request and is otherwise the default.
    pub fn failing(fault: Fault) -> Script {
        Script { fault: Some(fault), ..Script::default() }
    }

    /// Reads a script from JSON.
    ///
    /// # Errors
    /// `Shape` when a field is unknown or of another type, `Bound` when a value is out of bounds.
    pub fn from_json(json: &[u8]) -> Result<Script, ScriptError> {
        let script: Script = serde_json::from_slice(json)?;
        script.check()?;
        Ok(script)
    }

    /// Lays the fields that `json` names over this script.
    ///
    /// # Errors
    /// As `from_json`.
    pub fn overlaid(&self, json: &[u8]) -> Result<Script, ScriptError> {
        let over: serde_json::Map<String, Value> = serde_json::from_slice(json)?;
        let mut merged = serde_json::to_value(self)?;
        if let Value::Object(fields) = &mut merged {
            fields.extend(over);
        }
        let script: Script = serde_json::from_value(merged)?;
        script.check()?;
        Ok(script)
    }

    /// Says whether every value is within its bounds.
    ///
    /// # Errors
    /// `Bound`, naming the first field that is not.
    pub fn check(&self) -> Result<(), ScriptError> {
        let bound = |field, bound| Err(ScriptError::Bound { field, bound });
        if self.first_byte_ms > WAIT_MS_MAX {
            return bound("first_byte_ms", "at most a day");
        }
        if self.chunk_ms > WAIT_MS_MAX {
            return bound("chunk_ms", "at most a day");
        }
        if self.output_tokens > OUTPUT_TOKENS_MAX {
            return bound("output_tokens", "at most 1000000");
        }
        if self.reasoning_tokens > OUTPUT_TOKENS_MAX {
            return bound("reasoning_tokens", "at most 1000000");
        }
        if self.calls.len() > CALLS_MAX || !self.calls.iter().all(|it| it.arguments.is_object()) {
            return bound("calls", "at most 1000, each with an object of arguments");
        }
        if self.fault_rate.is_some_and(|rate| !(0.0..=1.0).contains(&rate)) {
            return bound("fault_rate", "from 0 to 1");
        }
        if self.body_bytes.is_some_and(|bytes| bytes > BODY_BYTES_MAX) {
            return bound("body_bytes", "at most 64 MiB");
        }
        if !self.headers.iter().all(|(name, value)| is_token(name) && is_one_line(value)) {
            return bound("headers", "valid names, with values of one visible line");
        }
        self.fault.as_ref().map_or(Ok(()), Fault::check)
    }
}

fn is_token(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// Takes `"reset"` for `{"kind": "reset"}`, so that a person has less to type.
fn fault_or_its_name<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Fault>, D::Error> {
    let written = match Option::<Value>::deserialize(from)? {
        None => return Ok(None),
        Some(Value::String(name)) => serde_json::json!({ "kind": name }),
        Some(other) => other,
    };
    serde_json::from_value(written).map(Some).map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_field_is_named() {
        let error = Script::from_json(br#"{"chunk_mss": 1}"#).unwrap_err();
        assert!(error.to_string().contains("unknown field `chunk_mss`"), "{error}");
    }

    #[test]
    fn an_unknown_field_of_a_fault_is_named() {
        let error = Script::from_json(br#"{"fault": {"kind": "stall", "after": 1}}"#).unwrap_err();
        assert!(error.to_string().contains("unknown field `after`"), "{error}");
    }

    #[test]
    fn a_fault_may_be_written_as_its_name() {
        let script = Script::from_json(br#"{"fault": "silence"}"#).unwrap();
        assert_eq!(script.fault, Some(Fault::Silence {}));
    }

    #[test]
    fn an_overlay_keeps_what_it_does_not_name() {
        let script = Script { chunk_ms: 5, seed: 9, ..Script::default() };
        let merged = script.overlaid(br#"{"seed": 1}"#).unwrap();
        assert_eq!(merged, Script { chunk_ms: 5, seed: 1, ..Script::default() });
    }

    #[test]
    fn a_script_survives_its_own_json() {
        let script = Script::failing(Fault::status(429));
        let json = serde_json::to_vec(&script).unwrap();
        assert_eq!(Script::from_json(&json).unwrap(), script);
    }

    #[test]
    fn values_out_of_bounds_are_refused() {
        for json in [
            r#"{"fault_rate": 1.5}"#,
            r#"{"first_byte_ms": 86400001}"#,
            r#"{"output_tokens": 1000001}"#,
            r#"{"calls": [{"name": "a", "arguments": "b"}]}"#,
            r#"{"headers": {"a b": "c"}}"#,
            r#"{"headers": {"a": "b\r\nc: d"}}"#,
            r#"{"fault": {"kind": "status", "status": 99}}"#,
        ] {
            assert!(
                matches!(Script::from_json(json.as_bytes()), Err(ScriptError::Bound { .. })),
                "{json}"
            );
        }
    }
}
