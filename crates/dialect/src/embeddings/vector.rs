//! A vector in its two writings: a list of numbers, and their bytes in base64.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::failure::Failure;
use serde_json::value::{RawValue, to_raw_value};

use crate::error;

/// Returns a vector as the caller wants it: `packed` as little-endian 32-bit floats in base64.
///
/// # Errors
/// When it is no vector.
pub(super) fn written(vector: Box<RawValue>, packed: bool) -> Result<Box<RawValue>, Failure> {
    let is_packed = vector.get().starts_with('"');
    let broken = || error::nonsense("holds a vector that is none");
    match (is_packed, packed) {
        (true, true) => Ok(vector),
        (false, false) if vector.get().starts_with('[') => Ok(vector),
        (true, false) => unpack(vector.get()).ok_or_else(broken),
        (false, _) => pack(vector.get()).ok_or_else(broken),
    }
}

fn pack(list: &str) -> Option<Box<RawValue>> {
    let numbers: Vec<f32> = serde_json::from_str(list).ok()?;
    let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
    to_raw_value(&STANDARD.encode(bytes)).ok()
}

fn unpack(text: &str) -> Option<Box<RawValue>> {
    let text: String = serde_json::from_str(text).ok()?;
    let bytes = STANDARD.decode(text).ok().filter(|it| it.len().is_multiple_of(4))?;
    let number = |four: &[u8]| f32::from_le_bytes(four.try_into().unwrap_or_default());
    let numbers: Vec<f32> = bytes.chunks_exact(4).map(number).collect();
    to_raw_value(&numbers).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(json: &str) -> Box<RawValue> {
        RawValue::from_string(json.to_owned()).unwrap()
    }

    #[test]
    fn a_vector_is_packed_and_unpacked() {
        let packed = written(raw("[0.5,-2,1e-3]"), true).unwrap();
        assert_eq!(packed.get(), r#""AAAAPwAAAMBvEoM6""#);
        assert_eq!(written(packed, false).unwrap().get(), "[0.5,-2.0,0.001]");
    }

    #[test]
    fn a_vector_that_is_as_wanted_is_not_touched() {
        for (json, packed) in [("[0.10, 2]", false), (r#""not even base64""#, true)] {
            assert_eq!(written(raw(json), packed).unwrap().get(), json);
        }
    }

    #[test]
    fn what_is_no_vector_is_refused() {
        for (json, packed) in
            [("7", false), ("{}", true), (r#"["a"]"#, true), (r#""AAA=""#, false), ("null", false)]
        {
            assert!(written(raw(json), packed).is_err(), "{json}");
        }
    }
}
