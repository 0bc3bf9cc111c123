//! Strings of JSON, as what they mean.

use std::borrow::Cow;

use memchr::memchr;

/// Returns a string that holds no escape, given what is between its quotes.
fn plain(inside: &[u8]) -> Option<&str> {
    match memchr(b'\\', inside) {
        None => std::str::from_utf8(inside).ok(),
        Some(_) => None,
    }
}

/// Returns what a string means, given what is between its quotes; `None` where half a surrogate
/// pair means nothing.
pub(crate) fn unescape(inside: &[u8]) -> Option<Cow<'_, str>> {
    if let Some(text) = plain(inside) {
        return Some(Cow::Borrowed(text));
    }
    let mut quoted = Vec::with_capacity(inside.len() + 2);
    quoted.push(b'"');
    quoted.extend_from_slice(inside);
    quoted.push(b'"');
    serde_json::from_slice::<String>(&quoted).ok().map(Cow::Owned)
}

/// Returns how many bytes of UTF-8 a string means, given what is between its quotes.
pub(crate) fn char_bytes(inside: &[u8]) -> usize {
    let mut bytes = 0;
    let mut rest = inside;
    while let Some(place) = memchr(b'\\', rest) {
        bytes += place;
        let escape = &rest[place..];
        let (meant, written) = match escape.get(1) {
            Some(b'u') => (utf8_bytes(escape.get(2..6)), 6),
            _ => (1, 2),
        };
        bytes += meant;
        rest = escape.get(written..).unwrap_or_default();
    }
    bytes + rest.len()
}

/// Returns the bytes that one escaped UTF-16 unit takes in UTF-8; half a pair takes two of four.
fn utf8_bytes(digits: Option<&[u8]>) -> usize {
    let unit = digits
        .and_then(|digits| std::str::from_utf8(digits).ok())
        .and_then(|digits| u32::from_str_radix(digits, 16).ok());
    match unit {
        Some(0..=0x7f) => 1,
        Some(0x80..=0x7ff | 0xd800..=0xdfff) => 2,
        _ => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_count_as_what_they_mean() {
        for (inside, bytes) in
            [("abc", 3), ("a\\nb", 3), ("\\u00fc", 2), ("\\u4e2d", 3), ("\\ud83d\\ude00!", 5)]
        {
            assert_eq!(char_bytes(inside.as_bytes()), bytes, "{inside}");
            let meant = unescape(inside.as_bytes()).map(|text| text.len());
            assert_eq!(meant, Some(bytes), "{inside}");
        }
    }

    #[test]
    fn half_a_surrogate_pair_means_nothing() {
        assert_eq!(unescape(b"\\ud83d"), None);
    }
}
