//! The body of a whole response.

use domain::answer::Answer;
use domain::failure::Failure;
use serde_json::Value;

use super::answer;
use crate::error;

/// Reads the body of a whole response.
///
/// # Errors
/// When it is none: an error, or nonsense.
pub(super) fn whole(body: &[u8]) -> Result<(Value, Answer), Failure> {
    let body: Value =
        serde_json::from_slice(body.trim_ascii()).map_err(|_| error::nonsense("cannot be read"))?;
    let answer = answer::decode(&body)?;
    Ok((body, answer))
}
