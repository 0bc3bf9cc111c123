//! What a request says, whatever dialect it has gone through.

use domain::chat::{ChatRequest, FileSource, Format, Message, Part, Role, ToolChoice};

/// Returns what a request says, a line each. Of optional parameters those that `says` knows.
pub(super) fn gist(chat: &ChatRequest, says: impl Fn(&str) -> bool) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for message in &chat.messages {
        said(message, &mut lines);
    }
    // Where tools cannot be forbidden, they are not offered.
    let forbidden = chat.tool_choice == Some(ToolChoice::None) || chat.tools.is_empty();
    if !forbidden {
        for tool in &chat.tools {
            lines.push(format!("tool {} {:?} {:?}", tool.name, tool.description, tool.parameters));
        }
    }
    if let Some(choice) = chat.tool_choice.as_ref().filter(|_| says("tool_choice") && !forbidden) {
        lines.push(format!("choice {choice:?}"));
    }
    if let Some(Format::JsonSchema { schema, .. }) = &chat.output.format {
        lines.push(format!("schema {schema}"));
    }
    let sampling = &chat.sampling;
    let set = [
        ("max_tokens", format!("{:?}", chat.output.tokens_max)),
        ("temperature", format!("{:?}", sampling.temperature)),
        ("top_p", format!("{:?}", sampling.top_p)),
        ("top_k", format!("{:?}", sampling.top_k)),
        ("seed", format!("{:?}", sampling.seed)),
        ("stop", format!("{:?}", sampling.stop)),
        ("frequency_penalty", format!("{:?}", sampling.frequency_penalty)),
        ("presence_penalty", format!("{:?}", sampling.presence_penalty)),
        ("min_p", format!("{:?}", sampling.min_p)),
    ];
    let set = set.into_iter().filter(|(name, _)| says(name));
    lines.extend(set.map(|(name, value)| format!("{name} {value}")));
    let thinks = chat.reasoning.as_ref().is_some_and(|ask| {
        let says = ask.effort.is_some() || ask.tokens_max.is_some() || ask.enabled == Some(true);
        says && !ask.is_off()
    });
    lines.push(format!("thinks {thinks}"));
    lines
}

/// Tells what a message says: neighbours of one role are one turn, wherever they were cut.
fn said(message: &Message, lines: &mut Vec<String>) {
    let role = match message.role {
        Role::System | Role::Developer => "system",
        Role::User => "user",
        Role::Assistant => "assistant",
        Role::Tool => "tool",
    };
    for part in &message.parts {
        let line = match part {
            Part::Text { text, .. } => format!("{role} says {text:?}"),
            Part::Image { url, .. } => format!("{role} shows {url}"),
            // Ollama takes no documents, and says so.
            Part::File { source: FileSource::Url(url), .. } => format!("{role} gives {url}"),
            Part::ToolCall(call) => format!("{role} calls {} with {}", call.name, call.arguments),
            Part::ToolResult { parts, .. } => {
                for part in parts {
                    if let Part::Text { text, .. } = part {
                        lines.push(format!("{role} says {text:?}"));
                    }
                }
                continue;
            }
            _ => continue,
        };
        lines.push(line);
    }
}
