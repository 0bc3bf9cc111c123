//! Reading a chat completions request.
use crate::ask::{Ask, Output, Refusal, Tool, ToolChoice};
use crate::wire::openai::{Stop, StreamOptions, choices, refused, stop_sequences};
use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use std::borrow::Cow;
use std::fmt;

#[derive(Deserialize)]
struct Request<'a> {
    #[serde(borrow)]
    model: Cow<'a, str>,
    #[serde(borrow)]
    messages: Vec<Message<'a>>,
    #[serde(default)]
    stream: Option<bool>,
    #[serde(default)]
    stream_options: Option<StreamOptions>,
    #[serde(default)]
    max_tokens: Option<u32>,
    #[serde(default)]
    max_completion_tokens: Option<u32>,
    #[serde(default)]
    n: Option<u32>,
    #[serde(default)]
    stop: Option<Stop>,
    #[serde(default)]
    tools: Option<Vec<OfferedTool>>,
    #[serde(default)]
    tool_choice: Option<Value>,
    #[serde(default)]
    parallel_tool_calls: Option<bool>,
    #[serde(default)]
    response_format: Option<Value>,
    #[serde(default)]
    logprobs: Option<bool>,
    #[serde(default)]
    top_logprobs: Option<u32>,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    role: Cow<'a, str>,
    #[serde(default, borrow)]
    content: Content<'a>,
}

/// The text of a message: a string as it is, the text parts of a list in one.
#[derive(Default)]
struct Content<'a>(Cow<'a, str>);

#[derive(Deserialize)]
struct OfferedTool {
    function: Option<OfferedFunction>,
}

#[derive(Deserialize)]
struct OfferedFunction {
    name: String,
    #[serde(default)]
    parameters: Value,
}

/// As many other tokens as OpenAI lists.
const TOP_LOGPROBS_MAX: u32 = 20;

/// Reads the body of a request.
///
/// # Errors
/// 400 with the words a caller needs, when a field that the simulator reads has another type.
pub(super) fn ask(body: &[u8]) -> Result<Ask, Refusal> {
    let request: Request =
        serde_json::from_slice(body).map_err(|error| Refusal::new(400, error.to_string()))?;
    let Some(last) = request.messages.last() else {
        return Err(refused("messages", "Invalid 'messages': empty array."));
    };
    let user = request.messages.iter().rev().find(|message| message.role == "user");
    let tool_choice = tool_choice(request.tool_choice.as_ref())?;
    let output = output(request.response_format)?;
    let top = request.top_logprobs.unwrap_or(0);
    if TOP_LOGPROBS_MAX < top {
        return Err(refused("top_logprobs", "Invalid 'top_logprobs': at most 20."));
    }
    Ok(Ask {
        stream: request.stream.unwrap_or(false),
        include_usage: request.stream_options.is_some_and(|options| options.include_usage),
        prompt_bytes: request.messages.iter().map(|message| message.content.0.len()).sum(),
        user_text: user.map(|message| message.content.0.to_string()).unwrap_or_default(),
        results: request.messages.iter().filter(|message| message.role == "tool").count(),
        tool_result: (last.role == "tool").then(|| last.content.0.to_string()),
        tools: request.tools.unwrap_or_default().into_iter().filter_map(tool).collect(),
        tool_choice,
        one_tool_at_a_time: request.parallel_tool_calls == Some(false),
        output_tokens_max: request.max_completion_tokens.or(request.max_tokens),
        stop: stop_sequences(request.stop),
        choices: choices(request.n)?,
        output,
        top_logprobs: request.logprobs.unwrap_or(false).then_some(top),
        model: request.model.into_owned(),
        about: Value::Null,
    })
}

fn tool(offered: OfferedTool) -> Option<Tool> {
    let OfferedFunction { name, parameters } = offered.function?;
    // An object without properties is what OpenAI takes absent parameters for.
    let schema =
        if parameters.is_null() { serde_json::json!({ "type": "object" }) } else { parameters };
    Some(Tool { name, schema })
}

fn tool_choice(choice: Option<&Value>) -> Result<ToolChoice, Refusal> {
    let Some(choice) = choice.filter(|choice| !choice.is_null()) else {
        return Ok(ToolChoice::Auto);
    };
    match choice.as_str() {
        Some("auto") => return Ok(ToolChoice::Auto),
        Some("none") => return Ok(ToolChoice::None),
        Some("required" | "any") => return Ok(ToolChoice::Required),
        _ => {}
    }
    match choice["function"]["name"].as_str() {
        Some(name) => Ok(ToolChoice::Named(name.to_owned())),
        None if choice["type"] == "allowed_tools" => Ok(ToolChoice::Auto),
        None => Err(refused("tool_choice", format!("Invalid value for 'tool_choice': {choice}"))),
    }
}

fn output(format: Option<Value>) -> Result<Output, Refusal> {
    let Some(mut format) = format.filter(|format| !format.is_null()) else {
        return Ok(Output::Text);
    };
    match format["type"].as_str() {
        Some("text") => Ok(Output::Text),
        Some("json_object") => Ok(Output::Object),
        Some("json_schema") => Ok(Output::Schema(format["json_schema"]["schema"].take())),
        _ => Err(refused("response_format", "Invalid 'response_format.type'.")),
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Content<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Content<'a>, D::Error> {
        from.deserialize_any(ContentVisitor).map(Content)
    }
}

struct ContentVisitor;

impl<'de> Visitor<'de> for ContentVisitor {
    type Value = Cow<'de, str>;

    fn expecting(&self, to: &mut fmt::Formatter) -> fmt::Result {
        to.write_str("a string, a list of parts or null")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_owned()))
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(""))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Self::Value, A::Error> {
        let mut joined = String::new();
        while let Some(PartText(text)) = parts.next_element()? {
            joined.push_str(&text);
        }
        Ok(Cow::Owned(joined))
    }
}

/// The text of one part, or none where the part is an image, a file or the like.
struct PartText<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for PartText<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<PartText<'a>, D::Error> {
        from.deserialize_map(PartVisitor).map(PartText)
    }
}

struct PartVisitor;

impl<'de> Visitor<'de> for PartVisitor {
    type Value = Cow<'de, str>;

    fn expecting(&self, to: &mut fmt::Formatter) -> fmt::Result {
        to.write_str("a content part")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut part: A) -> Result<Self::Value, A::Error> {
        let mut text = Cow::Borrowed("");
        while let Some(key) = part.next_key::<Cow<str>>()? {
            if key == "text" {
                text = part.next_value::<Content>()?.0;
            } else {
                part.next_value::<IgnoredAny>()?;
            }
        }
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(body: Value) -> Result<Ask, Refusal> {
        ask(body.to_string().as_bytes())
    }

    #[test]
    fn the_text_of_all_parts_is_the_message() {
        let ask = read(json!({"model": "m", "messages": [
            {"role": "system", "content": "ab"},
            {"role": "user", "content": [
                {"type": "text", "text": "say \"hi\""},
                {"type": "image_url", "image_url": {"url": "data:,"}},
                {"type": "text", "text": "!"}]},
            {"role": "assistant", "content": null}]}))
        .unwrap();
        assert_eq!((ask.user_text.as_str(), ask.prompt_bytes), ("say \"hi\"!", 11));
    }

    #[test]
    fn a_tools_result_is_known_by_its_role() {
        let ask = read(json!({"model": "m", "messages": [
            {"role": "user", "content": "q"},
            {"role": "tool", "tool_call_id": "c", "content": "12°"}]}))
        .unwrap();
        assert_eq!((ask.tool_result.as_deref(), ask.user_text.as_str()), (Some("12°"), "q"));
    }

    #[test]
    fn requests_that_openai_refuses_are_refused() {
        let messages = json!([{"role": "user", "content": "q"}]);
        for (body, param) in [
            (json!({"messages": messages}), None),
            (json!({"model": "m", "messages": []}), Some("messages")),
            (json!({"model": "m", "messages": messages, "n": 0}), Some("n")),
            (json!({"model": "m", "messages": messages, "n": 129}), Some("n")),
            (json!({"model": "m", "messages": messages, "tool_choice": 1}), Some("tool_choice")),
            (
                json!({"model": "m", "messages": messages, "response_format": {}}),
                Some("response_format"),
            ),
        ] {
            let refusal = read(body.clone()).unwrap_err();
            assert_eq!((refusal.status, refusal.param), (400, param), "{body}");
        }
    }
}
