//! Which of the offered tools a simulated model calls, and with what.
use crate::ask::{Ask, Tool, ToolChoice};
use crate::schema;
use crate::script::{Script, ToolUse};
use serde_json::Value;

/// A call, before it has an id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) name: String,
    /// JSON, or free text.
    pub(crate) arguments: String,
    pub(crate) takes_text: bool,
}

/// The calls to make; none where the model answers in words.
///
/// A script that names calls is followed to the letter; else the schema of a tool says with what it
/// can be called.
pub(crate) fn calls(ask: &Ask, script: &Script) -> Vec<Call> {
    if script.tools == ToolUse::Never {
        return Vec::new();
    }
    if !script.calls.is_empty() {
        let next = script.calls.get(ask.results);
        let tool = next.and_then(|call| ask.tools.iter().find(|tool| tool.name == call.name));
        return tool
            .zip(next)
            .map(|(tool, it)| call(tool, it.arguments.clone()))
            .into_iter()
            .collect();
    }
    called(ask, script).into_iter().map(|tool| call(tool, schema::example(&tool.schema))).collect()
}

fn call(tool: &Tool, arguments: Value) -> Call {
    let takes_text = tool.schema.is_null();
    let arguments = match arguments["input"].as_str().filter(|_| takes_text) {
        Some(input) => input.to_owned(),
        None if takes_text => "input".to_owned(),
        None => arguments.to_string(),
    };
    Call { name: tool.name.clone(), arguments, takes_text }
}

/// The tools to call by what was asked.
///
/// A model calls where it must, or where the caller's last text names a tool or says `use tool`.
/// After a tool's result it always answers in words, or it would never come to an end.
fn called<'a>(ask: &'a Ask, script: &Script) -> Vec<&'a Tool> {
    let first = || ask.tools.first().into_iter().collect();
    if ask.tool_result.is_some() {
        return Vec::new();
    }
    match &ask.tool_choice {
        ToolChoice::None => return Vec::new(),
        ToolChoice::Named(name) => {
            return ask.tools.iter().filter(|tool| tool.name == *name).take(1).collect();
        }
        ToolChoice::Auto | ToolChoice::Required => {}
    }
    let mut named: Vec<&Tool> =
        ask.tools.iter().filter(|tool| ask.user_text.contains(&tool.name)).collect();
    if ask.one_tool_at_a_time {
        named.truncate(1);
    }
    let must = ask.tool_choice == ToolChoice::Required || script.tools == ToolUse::Always;
    if named.is_empty() && (must || ask.user_text.contains("use tool")) {
        return first();
    }
    named
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(ask: Ask, expected: &[&str]) {
        let tools = ["clock", "weather"].map(|name| Tool { name: name.into(), schema: json!({}) });
        let ask = Ask { tools: tools.into(), ..ask };
        let called: Vec<&str> =
            called(&ask, &Script::default()).iter().map(|tool| tool.name.as_str()).collect();
        assert_eq!(called, expected, "{ask:?}");
    }

    fn saying(text: &str) -> Ask {
        Ask { user_text: text.into(), ..Ask::default() }
    }

    #[test]
    fn a_tool_is_called_when_named_or_demanded() {
        check(saying("hello"), &[]);
        check(saying("please use tool"), &["clock"]);
        check(saying("how is the weather"), &["weather"]);
        check(saying("weather by the clock"), &["clock", "weather"]);
        check(Ask { one_tool_at_a_time: true, ..saying("weather by the clock") }, &["clock"]);
        check(Ask { tool_choice: ToolChoice::Required, ..saying("hello") }, &["clock"]);
        check(Ask { tool_choice: ToolChoice::Required, ..saying("weather") }, &["weather"]);
        check(
            Ask { tool_choice: ToolChoice::Named("weather".into()), ..saying("hello") },
            &["weather"],
        );
        check(Ask { tool_choice: ToolChoice::None, ..saying("weather") }, &[]);
    }

    #[test]
    fn a_script_of_calls_is_followed_turn_by_turn() {
        let script = br#"{"calls": [{"name": "clock", "arguments": {"zone": "UTC"}},
            {"name": "weather", "arguments": {}}, {"name": "radio", "arguments": {}}]}"#;
        let script = Script::from_json(script).unwrap();
        let tools = ["clock", "weather"].map(|name| Tool { name: name.into(), schema: json!({}) });
        let made = |results: usize| {
            let ask = Ask { tools: tools.to_vec(), results, ..saying("weather") };
            calls(&ask, &script).iter().map(|it| format!("{} {}", it.name, it.arguments)).collect()
        };
        let none: Vec<String> = Vec::new();
        assert_eq!(made(0), ["clock {\"zone\":\"UTC\"}"]);
        assert_eq!(made(1), ["weather {}"]);
        assert_eq!((made(2), made(3)), (none.clone(), none.clone()));
        assert_eq!(calls(&saying("weather"), &script).len(), 0);
    }

    #[test]
    fn after_a_tools_result_no_tool_is_called() {
        let ask = Ask {
            tool_choice: ToolChoice::Required,
            tool_result: Some("12°".into()),
            ..saying("weather")
        };
        check(ask, &[]);
    }
}
