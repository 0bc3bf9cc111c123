//! Probabilities of tokens: OpenAI's chat has them as one form, its responses as another, and
//! Google as a third.

use serde_json::{Value, json};

/// Returns a token with its probability, as chat completions write it. Bytes are there where the
/// token says what they are.
fn token(text: &Value, logprob: &Value) -> Value {
    let bytes = text.as_str().map(|text| text.as_bytes().to_vec());
    json!({"token": text, "logprob": logprob, "bytes": bytes})
}

/// Reads the tokens of a part of a response; `None` where there are none.
pub(crate) fn of_response(tokens: &Value) -> Option<Value> {
    let tokens = tokens.as_array().filter(|tokens| !tokens.is_empty())?;
    let read = |it: &Value| {
        let own = token(&it["token"], &it["logprob"]);
        match it["bytes"].as_array() {
            Some(bytes) => json!({"token": it["token"], "logprob": it["logprob"], "bytes": bytes}),
            None => own,
        }
    };
    let tokens = tokens.iter().map(|it| {
        let others = it["top_logprobs"].as_array().into_iter().flatten();
        let mut own = read(it);
        own["top_logprobs"] = others.map(read).collect();
        own
    });
    Some(json!({"content": tokens.collect::<Vec<_>>(), "refusal": null}))
}

/// Returns the tokens as a part of a response has them.
pub(crate) fn to_response(logprobs: Option<&Value>) -> Value {
    let content = logprobs.map(|it| &it["content"]).filter(|it| it.is_array());
    content.cloned().unwrap_or_else(|| json!([]))
}

/// Reads what Google tells of a candidate's tokens; `None` where it tells nothing.
pub(crate) fn of_google(result: &Value) -> Option<Value> {
    let chosen = result["chosenCandidates"].as_array().filter(|it| !it.is_empty())?;
    let read = |it: &Value| token(&it["token"], &it["logProbability"]);
    let tokens = chosen.iter().enumerate().map(|(place, it)| {
        let others = result["topCandidates"][place]["candidates"].as_array();
        let mut own = read(it);
        own["top_logprobs"] = others.into_iter().flatten().map(read).collect();
        own
    });
    Some(json!({"content": tokens.collect::<Vec<_>>(), "refusal": null}))
}

/// Returns the tokens as Google writes them; `None` where there are none.
pub(crate) fn to_google(logprobs: &Value) -> Option<Value> {
    let tokens = logprobs["content"].as_array().filter(|it| !it.is_empty())?;
    let write = |it: &Value| json!({"token": it["token"], "logProbability": it["logprob"]});
    let others = |it: &Value| {
        let others = it["top_logprobs"].as_array().into_iter().flatten();
        json!({"candidates": others.map(write).collect::<Vec<_>>()})
    };
    Some(json!({
        "topCandidates": tokens.iter().map(others).collect::<Vec<_>>(),
        "chosenCandidates": tokens.iter().map(write).collect::<Vec<_>>(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_keeps_what_the_others_tell() {
        let google = json!({
            "topCandidates": [{"candidates": [{"token": "é", "logProbability": -0.5},
                                              {"token": "e", "logProbability": -1.0}]}],
            "chosenCandidates": [{"token": "é", "logProbability": -0.5}],
        });
        let chat = of_google(&google).unwrap();
        assert_eq!(chat["content"][0]["bytes"], json!([0xc3, 0xa9]));
        assert_eq!(chat["content"][0]["top_logprobs"][1]["token"], "e");
        assert_eq!(to_google(&chat), Some(google));
        assert_eq!(of_response(&to_response(Some(&chat))), Some(chat));
        assert_eq!(to_response(None), json!([]));
        for nothing in [json!(null), json!([]), json!({}), json!({"chosenCandidates": []})] {
            assert_eq!(of_google(&nothing), None);
            assert_eq!(of_response(&nothing), None);
            assert_eq!(to_google(&nothing), None);
        }
        // Some tokens are pieces of a letter, which only their bytes tell.
        let piece = json!([{"token": "\\xc3", "bytes": [0xc3], "logprob": -1, "top_logprobs": []}]);
        assert_eq!(of_response(&piece).unwrap()["content"][0]["bytes"], json!([0xc3]));
    }
}
