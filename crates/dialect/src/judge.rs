//! Whether the calls of tools in which an answer ended are valid: their arguments are JSON, they
//! name a tool that was offered, and the arguments are what its schema asks for. Nothing of them is
//! kept.

use domain::generation::ToolVerdict;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::called::{Called, Heard};
use crate::exchange::{FinishReason, Observed};
use crate::request::Request;
use crate::schema::{Fit, fit};

/// What is to be said of the calls of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judged {
    /// How many there are.
    pub calls: u16,
    /// How many of them are not valid.
    pub invalid: u16,
    /// What is to be said of all.
    pub verdict: ToolVerdict,
}

/// Bytes of a schema that is looked into, at most.
const SCHEMA_BYTES_MAX: usize = 256 << 10;

/// Returns the calls in which an answer ended, to be judged; `None` where it ended otherwise.
pub fn ended_in(observed: &Observed) -> Option<&Called> {
    let called = &observed.called;
    (observed.finish == Some(FinishReason::ToolCalls) && called.count() != 0).then_some(called)
}

/// Judges calls by the tools that a request offered. `None` where the tools cannot be read.
///
/// It takes time with the size of the arguments and of the schemas of the tools that are called,
/// and both are bounded.
pub fn judge(request: &Request, called: &Called) -> Option<Judged> {
    let offered = Offered::of(request)?;
    let verdicts = called.calls().iter().map(|call| one(call, &offered));
    let (mut verdict, mut invalid) = (None, 0_u16);
    for it in verdicts {
        invalid = invalid.saturating_add(u16::from(it.is_invalid()));
        verdict = Some(verdict.map_or(it, |so_far: ToolVerdict| so_far.min(it)));
    }
    let mut verdict = verdict.unwrap_or(ToolVerdict::Unjudged);
    if usize::from(called.count()) != called.calls().len() {
        verdict = verdict.min(ToolVerdict::Unjudged);
    }
    Some(Judged { calls: called.count(), invalid, verdict })
}

fn one(call: &Heard, offered: &Offered<'_>) -> ToolVerdict {
    // A tool without arguments is often called with nothing at all.
    let arguments = match call.arguments.as_deref().map(str::trim) {
        None => Ok(None),
        Some("") => Ok(Some(Value::Object(Map::new()))),
        Some(text) => serde_json::from_str(text).map(Some),
    };
    let Ok(arguments) = arguments else { return ToolVerdict::Unparseable };
    let schema = match offered.find(&call.name) {
        Found::Schema(schema) => schema,
        Found::Nothing => return ToolVerdict::UnknownTool,
        Found::Elsewhere => return ToolVerdict::Unjudged,
    };
    let Some(arguments) = arguments else { return ToolVerdict::Unjudged };
    match schema.map_or(Fit::Holds, |schema| schema.fit(&arguments)) {
        Fit::Holds => ToolVerdict::Valid,
        Fit::Fails => ToolVerdict::SchemaMismatch,
        Fit::Unknown => ToolVerdict::Unjudged,
    }
}

/// The tools that a request offers.
enum Offered<'a> {
    /// In the house's form.
    Read(&'a Request, &'a [domain::chat::Tool]),
    /// As they stand in OpenAI's form.
    Written(&'a Request, Vec<Written<'a>>),
}

/// A tool in OpenAI's form. Its schema is read when it is called.
#[derive(Deserialize)]
struct Written<'a> {
    #[serde(borrow)]
    function: Option<Function<'a>>,
}

#[derive(Deserialize)]
struct Function<'a> {
    #[serde(default)]
    name: String,
    #[serde(borrow)]
    parameters: Option<&'a RawValue>,
}

/// A schema, read or not yet.
enum Schema<'a> {
    Read(&'a Value),
    Written(&'a RawValue),
}

enum Found<'a> {
    /// A tool with its schema, where it has one.
    Schema(Option<Schema<'a>>),
    /// No tool, and none may be meant that is not known here.
    Nothing,
    /// It may be one that somebody's servers run.
    Elsewhere,
}

impl<'a> Offered<'a> {
    fn of(request: &'a Request) -> Option<Offered<'a>> {
        if let Some(chat) = &request.chat {
            return Some(Offered::Read(request, &chat.tools));
        }
        let tools = request.value("tools").map(serde_json::from_slice::<Vec<Written<'_>>>);
        Some(Offered::Written(request, tools.transpose().ok()?.unwrap_or_default()))
    }

    fn find(&self, name: &str) -> Found<'_> {
        let (request, found) = match self {
            Offered::Read(request, tools) => {
                let tool = tools.iter().find(|tool| tool.name == name);
                (request, tool.map(|tool| tool.parameters.as_ref().map(Schema::Read)))
            }
            Offered::Written(request, tools) => {
                let mut functions = tools.iter().filter_map(|tool| tool.function.as_ref());
                let tool = functions.find(|function| function.name == name);
                (request, tool.map(|it| it.parameters.map(Schema::Written)))
            }
        };
        match found {
            Some(schema) => Found::Schema(schema),
            None if request.marks.server_tools => Found::Elsewhere,
            None => Found::Nothing,
        }
    }
}

impl Schema<'_> {
    fn fit(&self, arguments: &Value) -> Fit {
        match self {
            Schema::Read(schema) => fit(schema, arguments),
            Schema::Written(text) if SCHEMA_BYTES_MAX < text.get().len() => Fit::Unknown,
            Schema::Written(text) => match serde_json::from_str::<Value>(text.get()) {
                Ok(Value::Null) => Fit::Holds,
                Ok(schema) => fit(&schema, arguments),
                Err(_) => Fit::Unknown,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use serde_json::json;

    use super::*;
    use crate::door::Door;
    use crate::registry::decode;

    fn request(tools: &Value) -> Request {
        let body = json!({
            "model": "acme/tiny", "messages": [{"role": "user", "content": "x"}], "tools": tools
        });
        decode(&Door::ChatCompletions, Bytes::from(body.to_string())).unwrap()
    }

    fn told(request: &Request, calls: &[(&str, &str)]) -> (u16, ToolVerdict) {
        let mut called = Called::default();
        for (index, (name, arguments)) in (0..).zip(calls) {
            called.begin(0, index, name);
            called.grow(0, index, arguments);
        }
        let judged = judge(request, &called).unwrap();
        assert_eq!(usize::from(judged.calls), calls.len());
        (judged.invalid, judged.verdict)
    }

    fn weather() -> Request {
        request(&json!([
            {"type": "function", "function": {"name": "weather", "parameters": {
                "type": "object", "properties": {"city": {"type": "string"}},
                "required": ["city"], "additionalProperties": false}}},
            {"type": "function", "function": {"name": "now"}},
            {"type": "function", "function": {"name": "odd", "parameters": {
                "type": "object", "if": {"properties": {"a": {"const": 1}}}}}},
        ]))
    }

    #[test]
    fn a_call_is_judged_by_its_json_its_name_and_its_schema() {
        let request = weather();
        for (name, arguments, verdict) in [
            ("weather", r#"{"city":"Zürich"}"#, ToolVerdict::Valid),
            ("weather", r#"{"city":"Zürich""#, ToolVerdict::Unparseable),
            ("wether", r#"{"city":"Zürich"}"#, ToolVerdict::UnknownTool),
            ("weather", r#"{"city":7}"#, ToolVerdict::SchemaMismatch),
            ("weather", "{}", ToolVerdict::SchemaMismatch),
            ("weather", "", ToolVerdict::SchemaMismatch),
            ("weather", r#"{"city":"x","country":"y"}"#, ToolVerdict::SchemaMismatch),
            ("now", "", ToolVerdict::Valid),
            ("now", r#"{"whatever":[1]}"#, ToolVerdict::Valid),
            ("odd", r#"{"a":1}"#, ToolVerdict::Unjudged),
            ("odd", "[]", ToolVerdict::SchemaMismatch),
        ] {
            let invalid = u16::from(verdict.is_invalid());
            assert_eq!(told(&request, &[(name, arguments)]), (invalid, verdict), "{arguments}");
        }
    }

    #[test]
    fn the_gravest_of_several_calls_is_told() {
        let request = weather();
        let good = ("weather", r#"{"city":"x"}"#);
        assert_eq!(told(&request, &[good, good]), (0, ToolVerdict::Valid));
        assert_eq!(told(&request, &[good, ("odd", "{}")]), (0, ToolVerdict::Unjudged));
        let calls = [("weather", "{}"), good, ("none", "{}"), ("odd", "{}")];
        assert_eq!(told(&request, &calls), (2, ToolVerdict::UnknownTool));
    }

    #[test]
    fn what_is_too_long_to_be_kept_or_read_is_not_judged() {
        let request = weather();
        let mut called = Called::default();
        called.begin(0, 0, "weather");
        called.grow(0, 0, &"x".repeat(1 << 20));
        assert_eq!(judge(&request, &called).unwrap().verdict, ToolVerdict::Unjudged);
        let name = "x".repeat(SCHEMA_BYTES_MAX);
        let large = json!([{"type": "function", "function": {"name": "large", "parameters": {
            "type": "object", "required": [name]}}}]);
        assert_eq!(told(&self::request(&large), &[("large", "{}")]), (0, ToolVerdict::Unjudged));
    }

    #[test]
    fn a_call_where_nothing_was_offered_names_no_tool() {
        let none = request(&json!([]));
        assert_eq!(told(&none, &[("f", "{}")]), (1, ToolVerdict::UnknownTool));
    }
}
