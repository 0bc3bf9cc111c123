//! What a field's value must look like, checked where it stands.

use domain::failure::Failure;

use super::fields::Shape;
use super::read::invalid;
use crate::json::unescape;

/// Checks a value against its shape.
///
/// # Errors
/// When it has another, with the field's name and what it has to be.
pub(super) fn check(name: &str, shape: Shape, value: &[u8]) -> Result<(), Failure> {
    let fits = match shape {
        Shape::Any => true,
        Shape::Bool => truth(value).is_some(),
        Shape::Whole(min, max) => whole(value).is_some_and(|it| (min..=max).contains(&it)),
        Shape::Number(min, max) => number(value).is_some_and(|it| (min..=max).contains(&it)),
        Shape::Text(max) => text(value).is_some_and(|it| fits_in(&it, max)),
        Shape::Word(words) => text(value).is_some_and(|it| words.contains(&it.as_str())),
        Shape::List => value.first() == Some(&b'['),
        Shape::Object => value.first() == Some(&b'{'),
    };
    if fits {
        return Ok(());
    }
    let must = match shape {
        Shape::Any | Shape::Object => "an object".to_owned(),
        Shape::Bool => "true or false".to_owned(),
        Shape::Whole(i64::MIN, i64::MAX) => "a whole number".to_owned(),
        Shape::Whole(min, i64::MAX) => format!("a whole number of at least {min}"),
        Shape::Whole(min, max) => format!("a whole number from {min} to {max}"),
        Shape::Number(min, max) => format!("a number from {min} to {max}"),
        Shape::Text(max) => format!("a string of at most {max} characters"),
        Shape::Word(words) => format!("one of {}", words.join(", ")),
        Shape::List => "a list".to_owned(),
    };
    Err(invalid(format!("`{name}` has to be {must}.")).at(name))
}

/// Returns the truth that a value says.
pub(super) fn truth(value: &[u8]) -> Option<bool> {
    match value {
        b"true" => Some(true),
        b"false" => Some(false),
        _ => None,
    }
}

/// Returns the whole number that a value says, also where it is written as `8.0`.
pub(super) fn whole(value: &[u8]) -> Option<i64> {
    let digits = std::str::from_utf8(value).ok()?;
    if let Ok(number) = digits.parse() {
        return Some(number);
    }
    let number = number(value)?;
    let is_exact = number.fract() == 0.0 && number.abs() < 9e15;
    is_exact.then_some(number as i64)
}

/// Returns the number that a value says.
pub(super) fn number(value: &[u8]) -> Option<f64> {
    let starts_right = matches!(value.first(), Some(b'-' | b'0'..=b'9'));
    let digits = std::str::from_utf8(value).ok().filter(|_| starts_right)?;
    digits.parse().ok().filter(|number: &f64| number.is_finite())
}

/// Returns the text that a value says.
pub(super) fn text(value: &[u8]) -> Option<String> {
    let inside = value.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    unescape(inside).map(|text| text.into_owned())
}

fn fits_in(text: &str, characters_max: usize) -> bool {
    text.len() <= characters_max || text.chars().count() <= characters_max
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_number_may_be_written_as_a_float() {
        assert_eq!(whole(b"8.0"), Some(8));
        assert_eq!(whole(b"1e2"), Some(100));
        assert_eq!(whole(b"8.5"), None);
        assert_eq!(whole(b"\"8\""), None);
        assert_eq!(number(b"inf"), None);
    }

    #[test]
    fn the_message_says_what_it_has_to_be() {
        let failure = check("temperature", Shape::Number(0.0, 2.0), b"3").unwrap_err();
        assert_eq!(failure.detail, "`temperature` has to be a number from 0 to 2.");
        assert_eq!(failure.param.as_deref(), Some("temperature"));
    }
}
