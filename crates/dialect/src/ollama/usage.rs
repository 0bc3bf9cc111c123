//! What an answer used.

use domain::usage::{TOKENS_MAX, Usage};
use serde_json::Value;

/// Reads what an answer used.
pub(super) fn usage(line: &Value) -> Option<Usage> {
    let count =
        |name: &str| u32::try_from(line[name].as_u64()?).ok().filter(|it| *it <= TOKENS_MAX);
    let input = count("prompt_eval_count").filter(|it| *it != 0)?;
    let usage = Usage { input, output: count("eval_count")?, ..Usage::default() };
    Some(usage.bounded())
}
