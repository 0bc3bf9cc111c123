//! Which of the offered tools a simulated model calls.
use crate::ask::{Ask, Tool, ToolChoice};
use crate::script::{Script, ToolUse};

/// The tools to call; none where the model answers in words.
///
/// A model calls where it must, or where the caller's last text names a tool or says `use tool`.
/// After a tool's result it always answers in words, or it would never come to an end.
pub(crate) fn called<'a>(ask: &'a Ask, script: &Script) -> Vec<&'a Tool> {
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
    fn after_a_tools_result_no_tool_is_called() {
        let ask = Ask {
            tool_choice: ToolChoice::Required,
            tool_result: Some("12°".into()),
            ..saying("weather")
        };
        check(ask, &[]);
    }
}
