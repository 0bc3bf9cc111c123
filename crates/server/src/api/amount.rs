//! Amounts of money in the bodies of requests.

use domain::failure::Failure;
use domain::money::Money;
use serde_json::Value;

/// Reads an amount in dollars; the number's own digits count, so nothing is rounded.
///
/// # Errors
/// `InvalidRequest`, naming the field, where it is none.
pub(super) fn dollars(field: &str, value: &Value) -> Result<Option<Money>, Failure> {
    let text = match value {
        Value::Null => return Ok(None),
        // A float's own text has an exponent where the amount is small.
        Value::Number(number) => {
            let float = number.is_f64().then(|| number.as_f64()).flatten();
            float.map_or_else(|| number.to_string(), |float| float.to_string())
        }
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => String::new(),
    };
    match Money::parse_dollars(&text) {
        Ok(limit) if Money::ZERO <= limit => Ok(Some(limit)),
        _ => {
            let detail =
                format!("`{field}` is an amount in dollars, at most nine decimals, or null.");
            Err(Failure::invalid(detail).at(field))
        }
    }
}
