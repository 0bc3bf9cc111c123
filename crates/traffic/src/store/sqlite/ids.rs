//! Ids of generations in nineteen bytes.

use domain::id::GenerationId;

/// What an id begins with that is kept as its text. No second since 1970 does before 2105.
const AS_TEXT: u8 = 0xff;
const RANDOM_BYTES: usize = 15;
const DIGITS: usize = 20;

/// Returns an id as bytes, which sort by its time: four of seconds since 1970, fifteen of what was
/// drawn; or the text, where it is of another form.
pub(super) fn packed(id: &GenerationId) -> Vec<u8> {
    numbers(id.as_str()).unwrap_or_else(|| [&[AS_TEXT], id.as_str().as_bytes()].concat())
}

fn numbers(text: &str) -> Option<Vec<u8>> {
    let (seconds, digits) = text.strip_prefix("gen-")?.split_once('-')?;
    let number: u32 = seconds.parse().ok()?;
    let is_plain = digits.len() == DIGITS && number.to_string() == seconds;
    let mut random = 0_u128;
    for digit in digits.bytes().rev().take(DIGITS) {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            _ => return None,
        };
        random = random * 62 + u128::from(value);
    }
    let seconds = number.to_be_bytes();
    let packed = [&seconds[..], &random.to_be_bytes()[16 - RANDOM_BYTES..]].concat();
    (is_plain && seconds[0] != AS_TEXT).then_some(packed)
}

/// Reads what [`packed`] wrote. `None` where it is something else.
pub(super) fn unpacked(bytes: &[u8]) -> Option<GenerationId> {
    if let [AS_TEXT, text @ ..] = bytes {
        return GenerationId::parse(std::str::from_utf8(text).ok()?);
    }
    let (seconds, random) = bytes.split_first_chunk::<4>()?;
    let random: [u8; RANDOM_BYTES] = random.try_into().ok()?;
    let number = random.iter().fold(0_u128, |all, byte| all << 8 | u128::from(*byte));
    Some(GenerationId::new(i64::from(u32::from_be_bytes(*seconds)), number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_id_is_read_back_from_nineteen_bytes(seconds in 0_i64..4_000_000_000, random: u128) {
            let id = GenerationId::new(seconds, random);
            let bytes = packed(&id);
            prop_assert_eq!(bytes.len(), 19);
            prop_assert_eq!(unpacked(&bytes), Some(id));
        }
    }

    #[test]
    fn an_id_of_another_form_is_kept_as_it_is() {
        for text in ["gen-", "gen-7-short", "gen-007-AAAAAAAAAAAAAAAAAAAA", "gen-x-y-z"] {
            let id = GenerationId::parse(text).unwrap();
            assert_eq!(unpacked(&packed(&id)), Some(id));
        }
    }
}
