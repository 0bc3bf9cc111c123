//! What whole chat completions and their chunks have in common.
use crate::answer::Answer;
use serde_json::{Value, json};

/// The same for all answers: the simulated models never change their configuration.
pub(super) const FINGERPRINT: &str = "fp_simulated";

pub(super) fn answer_id(answer: &Answer) -> String {
    format!("chatcmpl-{:016x}", answer.number)
}

pub(super) fn call_id(number: u64) -> String {
    format!("call_{number:016x}")
}

/// The probability of one token, and of as many others as `top` asks for.
pub(super) fn logprob(token: &str, top: u32) -> Value {
    let one = |token: &str, rank: u32| {
        let bytes = token.as_bytes();
        json!({ "token": token, "logprob": -0.1 - f64::from(rank), "bytes": bytes })
    };
    let mut said = one(token, 0);
    let others = (0..top).map(|rank| match rank {
        0 => one(token, 0),
        _ => one(&format!("other{rank}"), rank),
    });
    said["top_logprobs"] = others.collect();
    said
}
