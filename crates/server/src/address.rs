//! Addresses that nobody answers at: what is said there, and in which dialect.

use domain::catalog::Dialect;
use domain::failure::{Failure, FailureKind};
use domain::nearest::nearest;
use http::{HeaderMap, Method, Uri};

use crate::error::ApiError;

/// Characters of an address that are repeated to its caller.
const SHOWN_MAX: usize = 100;

/// Returns the dialect that a caller speaks, from where it knocks and what it brings.
pub(crate) fn dialect(path: &str, headers: &HeaderMap) -> Dialect {
    let below = path.strip_prefix("/api").unwrap_or(path);
    let is_ollamas = path.starts_with("/api/")
        && ["/chat", "/generate", "/tags", "/show", "/version", "/ps", "/embed"].contains(&below);
    let has = |name: &str| path.split('/').any(|segment| segment == name);
    if below.starts_with("/v1beta") {
        Dialect::GoogleGemini
    } else if is_ollamas {
        Dialect::Ollama
    } else if has("messages") || headers.contains_key("anthropic-version") {
        Dialect::AnthropicMessages
    } else if has("responses") {
        Dialect::OpenaiResponses
    } else {
        Dialect::OpenaiChat
    }
}

/// Says that nobody answers at an address, and which is the nearest where somebody does.
pub(crate) fn nobody(
    known: &[String],
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
) -> ApiError {
    let path = shown(uri);
    let hint = match near(&path, known) {
        Some(near) => format!(" The nearest address is {near}."),
        None => String::new(),
    };
    let detail = format!("There is no {method} {path}.{hint} The API stands under /api/v1.");
    let failure = Failure::caller(FailureKind::NotFound, detail);
    ApiError::from(failure).spoken(dialect(uri.path(), headers))
}

/// Says that an address is asked for in another way.
pub(crate) fn wrong_method(method: &Method, uri: &Uri, headers: &HeaderMap) -> ApiError {
    let detail = format!("{} does not answer {method}.", shown(uri));
    let failure = Failure::caller(FailureKind::MethodNotAllowed, detail);
    ApiError::from(failure).spoken(dialect(uri.path(), headers))
}

fn shown(uri: &Uri) -> String {
    uri.path().chars().take(SHOWN_MAX).collect()
}

/// Returns the known address that ends as the wanted one does, for a base URL is what people get
/// wrong; else the one that looks most like it.
fn near<'a>(wanted: &str, known: &'a [String]) -> Option<&'a str> {
    let shared = |path: &str| {
        let ends = path.rsplit('/').zip(wanted.trim_end_matches('/').rsplit('/'));
        ends.take_while(|(left, right)| left == right && !left.is_empty()).count()
    };
    // Of equals the first counts: the API's own prefix is listed before the short one.
    let mut best: (usize, Option<&str>) = (0, None);
    for path in known {
        let count = shared(path);
        if best.0 < count {
            best = (count, Some(path));
        }
    }
    let look_alikes = || nearest(wanted, known.iter().map(String::as_str), 1);
    best.1.or_else(|| look_alikes().into_iter().next())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [&str; 6] = [
        "/api/v1/chat/completions",
        "/api/v1/messages",
        "/api/v1/models",
        "/v1/chat/completions",
        "/v1/messages",
        "/api/chat",
    ];

    fn check_near(wanted: &str, expected: Option<&str>) {
        assert_eq!(near(wanted, &KNOWN.map(str::to_owned)), expected, "{wanted}");
    }

    #[test]
    fn a_wrong_base_url_is_told_from_the_right_end() {
        check_near("/chat/completions", Some("/api/v1/chat/completions"));
        check_near("/v1/v1/messages", Some("/api/v1/messages"));
        check_near("/api/v1/v1/messages/", Some("/api/v1/messages"));
        check_near("/v2/models", Some("/api/v1/models"));
        check_near("/api/v1/chat/completion", Some("/api/v1/chat/completions"));
        check_near("/wp-login.php", None);
    }

    fn check_dialect(path: &str, expected: Dialect) {
        assert_eq!(dialect(path, &HeaderMap::new()), expected, "{path}");
    }

    #[test]
    fn an_address_says_which_dialect_is_spoken_there() {
        check_dialect("/v1/messages/batches", Dialect::AnthropicMessages);
        check_dialect("/api/v1beta/models/a:b", Dialect::GoogleGemini);
        check_dialect("/api/tags", Dialect::Ollama);
        check_dialect("/api/chat/completions", Dialect::OpenaiChat);
        check_dialect("/v1/responses/resp_1", Dialect::OpenaiResponses);
        check_dialect("/api/v1/credits", Dialect::OpenaiChat);
        let mut headers = HeaderMap::new();
        headers.insert("anthropic-version", "2023-06-01".parse().unwrap());
        assert_eq!(dialect("/v1/files", &headers), Dialect::AnthropicMessages);
    }
}
