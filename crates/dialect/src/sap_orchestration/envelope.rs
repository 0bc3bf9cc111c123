//! The envelope around a request.

use domain::failure::{Failure, FailureKind, Fault, Retry};
use serde_json::{Map, Value, json};

/// What the service takes for the name of a value to fill in.
const PLACEHOLDER: &str = "{{?";

/// Puts a chat request into the envelope: the prompt, and the model with its parameters.
///
/// # Errors
/// When a message holds what the service would take for a placeholder of its own.
pub(super) fn wrapped(mut chat: Map<String, Value>, streams: bool) -> Result<Value, Failure> {
    let mut prompt = Map::new();
    for (theirs, ours) in
        [("template", "messages"), ("tools", "tools"), ("response_format", "response_format")]
    {
        prompt.extend(chat.remove(ours).map(|value| (theirs.to_owned(), value)));
    }
    let is_filled = prompt.get("template").is_some_and(|it| it.to_string().contains(PLACEHOLDER));
    if is_filled {
        let detail = "The endpoint takes `{{?` in a message for a placeholder.";
        let kind = FailureKind::InvalidRequest;
        let failure = Failure::new(kind, Fault::Caller, Retry::NextEndpoint, detail);
        return Err(failure.at("messages"));
    }
    let name = chat.remove("model").unwrap_or_default();
    let version = chat.remove("model_version").unwrap_or_else(|| json!("latest"));
    for streaming in ["stream", "stream_options"] {
        chat.remove(streaming);
    }
    let model = json!({"name": name, "version": version, "params": chat});
    let mut config = json!({"modules": {"prompt_templating": {"prompt": prompt, "model": model}}});
    if streams {
        config["stream"] = json!({"enabled": true});
    }
    Ok(json!({"config": config}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_parted_into_prompt_and_parameters() {
        let chat = json!({"model": "m", "messages": [{"role": "user", "content": "Why?"}],
            "tools": [], "max_tokens": 5, "tool_choice": "auto", "stream": true,
            "stream_options": {"include_usage": true}});
        let Value::Object(chat) = chat else { unreachable!() };
        let expected = json!({"config": {
            "modules": {"prompt_templating": {
                "prompt": {"template": [{"role": "user", "content": "Why?"}], "tools": []},
                "model": {"name": "m", "version": "latest",
                    "params": {"max_tokens": 5, "tool_choice": "auto"}},
            }},
            "stream": {"enabled": true},
        }});
        assert_eq!(wrapped(chat, true).unwrap(), expected);
    }

    #[test]
    fn what_would_be_filled_in_goes_to_another_endpoint() {
        let chat = json!({"model": "m", "messages": [{"role": "user", "content": "{{?name}}"}]});
        let Value::Object(chat) = chat else { unreachable!() };
        assert_eq!(wrapped(chat, false).unwrap_err().retry, Retry::NextEndpoint);
    }
}
