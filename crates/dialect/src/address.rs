//! Addresses: text of the catalog's made safe to stand in them.

/// Returns text as one segment of a path: what is no letter, digit or one of `-._~` is written as
/// percent and two digits (RFC 3986, section 2.3).
pub(crate) fn segment(text: &str) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut written = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            written.push(char::from(byte));
        } else {
            written.push('%');
            written.push(char::from(DIGITS[usize::from(byte >> 4)]));
            written.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_end_a_segment_is_written_as_a_number() {
        assert_eq!(segment("us.claude-v1:0"), "us.claude-v1%3A0");
        assert_eq!(segment("a/b?c#d ü"), "a%2Fb%3Fc%23d%20%C3%BC");
    }
}
