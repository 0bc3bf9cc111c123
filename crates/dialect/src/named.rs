//! Names of who speaks, told in the text where a dialect has no place for them.

use domain::catalog::Dialect;
use domain::chat::{ChatRequest, Part, Role};

/// Writes the name of a message before its text, `name: text`, for endpoints of a dialect whose
/// messages have none (OpenRouter's documentation).
pub(crate) fn tell_names(chat: &mut ChatRequest, dialect: Dialect) {
    let has_names = matches!(
        dialect,
        Dialect::OpenaiChat | Dialect::AzureOpenai | Dialect::Mistral | Dialect::SapOrchestration
    );
    if has_names {
        return;
    }
    for message in chat.messages.iter_mut().filter(|message| message.role != Role::Tool) {
        let Some(name) = message.name.take().filter(|name| !name.is_empty()) else { continue };
        let has_calls = message.parts.iter().any(|part| matches!(part, Part::ToolCall(_)));
        let first = message.parts.iter_mut().find_map(|part| match part {
            Part::Text { text, .. } => Some(text),
            _ => None,
        });
        match first {
            Some(text) => text.insert_str(0, &format!("{name}: ")),
            None if has_calls => (),
            None => message.parts.insert(0, Part::Text { text: format!("{name}:"), cache: None }),
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::chat::Message;

    use super::*;

    fn text(text: &str) -> Part {
        Part::Text { text: text.to_owned(), cache: None }
    }

    fn chat() -> ChatRequest {
        let said = |role, name: Option<&str>, parts| Message {
            role,
            name: name.map(str::to_owned),
            parts,
        };
        let image = Part::Image { url: "data:image/png;base64,".into(), detail: None, cache: None };
        let messages = vec![
            said(Role::User, Some("Ann"), vec![text("Hello."), text("More.")]),
            said(Role::User, None, vec![text("Who?")]),
            said(Role::User, Some("Ben"), vec![image]),
        ];
        ChatRequest { messages, ..ChatRequest::default() }
    }

    #[test]
    fn a_name_goes_before_the_text_where_messages_have_none() {
        let mut told = chat();
        tell_names(&mut told, Dialect::AnthropicMessages);
        assert_eq!(told.messages[0].parts, [text("Ann: Hello."), text("More.")]);
        assert_eq!(told.messages[1].parts, [text("Who?")]);
        assert_eq!(told.messages[2].parts[0], text("Ben:"));
        assert!(told.messages.iter().all(|message| message.name.is_none()));
        let mut kept = chat();
        tell_names(&mut kept, Dialect::OpenaiChat);
        assert_eq!(kept, chat());
    }
}
