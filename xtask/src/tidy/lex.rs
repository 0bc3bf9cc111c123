//! Tells the code of a Rust file from its comments and its string literals.
//!
//! Rules search the code only, so a rule may be described in a comment or tested with a snippet in
//! a string without breaking itself.

/// What a byte of Rust source belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    Code,
    Comment,
    /// A string or character literal, its quotes included.
    Literal,
}

/// Classifies every byte of `source`.
pub(crate) fn classify(source: &str) -> Vec<Class> {
    let bytes = source.as_bytes();
    let mut classes = Vec::with_capacity(bytes.len());
    while classes.len() < bytes.len() {
        let at = classes.len();
        let (class, end) = span(bytes, at);
        classes.resize(end.clamp(at + 1, bytes.len()), class);
    }
    classes
}

/// Returns `source` with every byte that is not of class `kept` blanked, newlines excepted, so that
/// offsets and lines stay what they were.
pub(crate) fn keep(source: &str, classes: &[Class], kept: Class) -> String {
    let blank = |(byte, class): (u8, &Class)| match byte {
        b'\n' => b'\n',
        _ if *class == kept => byte,
        _ => b' ',
    };
    let bytes: Vec<u8> = source.bytes().zip(classes).map(blank).collect();
    String::from_utf8(bytes).expect("whole characters are blanked, for each lies in one span")
}

/// Whether `byte` may stand inside an identifier.
pub(crate) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

fn span(bytes: &[u8], at: usize) -> (Class, usize) {
    let rest = &bytes[at..];
    match rest[0] {
        b'/' if rest.starts_with(b"//") => (Class::Comment, at + line_length(rest)),
        b'/' if rest.starts_with(b"/*") => (Class::Comment, at + block_comment_length(rest)),
        b'"' => (Class::Literal, at + quoted_length(rest, b'"')),
        b'\'' if is_char_literal(rest) => (Class::Literal, at + quoted_length(rest, b'\'')),
        byte if is_word(byte) => word_or_raw_string(bytes, at),
        _ => (Class::Code, at + 1),
    }
}

fn line_length(rest: &[u8]) -> usize {
    rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len())
}

fn block_comment_length(rest: &[u8]) -> usize {
    let (mut at, mut depth) = (0, 0_usize);
    while at < rest.len() {
        if rest[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    rest.len()
}

fn quoted_length(rest: &[u8], quote: u8) -> usize {
    let mut at = 1;
    while at < rest.len() {
        match rest[at] {
            b'\\' => at += 2,
            byte if byte == quote => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

/// A quote opens a character literal, not a lifetime, when an escape or exactly one character
/// stands before the closing quote.
fn is_char_literal(rest: &[u8]) -> bool {
    match rest.get(1) {
        Some(b'\\') => true,
        Some(first) => {
            let width = match first {
                0xF0.. => 4,
                0xE0.. => 3,
                0xC0.. => 2,
                _ => 1,
            };
            rest.get(1 + width) == Some(&b'\'')
        }
        None => false,
    }
}

fn word_or_raw_string(bytes: &[u8], at: usize) -> (Class, usize) {
    let length = bytes[at..].iter().position(|byte| !is_word(*byte)).unwrap_or(bytes.len() - at);
    let end = at + length;
    if matches!(&bytes[at..end], b"r" | b"br" | b"cr") {
        let hashes = bytes[end..].iter().take_while(|byte| **byte == b'#').count();
        if bytes.get(end + hashes) == Some(&b'"') {
            return (Class::Literal, raw_string_end(bytes, end + hashes + 1, hashes));
        }
    }
    (Class::Code, end)
}

fn raw_string_end(bytes: &[u8], mut at: usize, hashes: usize) -> usize {
    let closes = |tail: &[u8]| tail.len() >= hashes && tail[..hashes].iter().all(|b| *b == b'#');
    while at < bytes.len() {
        if bytes[at] == b'"' && closes(&bytes[at + 1..]) {
            return at + 1 + hashes;
        }
        at += 1;
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(source: &str, code: &str) {
        assert_eq!(keep(source, &classify(source), Class::Code), code, "{source}");
    }

    #[test]
    fn comments_and_literals_are_blanked_and_offsets_stay() {
        check("a // b\nc", "a     \nc");
        check("a /* b /* c */ d */ e", "a                   e");
        check(r#"f("x \" y"); g"#, r#"f(        ); g"#);
        check("f('\\''); g", "f(    ); g");
        check("f('é'); g", "f(    ); g");
    }

    #[test]
    fn a_lifetime_is_code_and_a_character_is_not() {
        check("fn f<'a>(x: &'a str) -> char { 'a' }", "fn f<'a>(x: &'a str) -> char {     }");
    }

    #[test]
    fn raw_strings_end_at_their_own_fence() {
        check(r###"r#"a "b" c"# d"###, "             d");
        check("r#type + br\"x\\\" y", "r#type +        y");
    }

    #[test]
    fn an_open_end_runs_to_the_end_of_the_file() {
        for source in ["\"abc", "/* abc", "r#\"abc", "'\\"] {
            assert_eq!(classify(source).len(), source.len());
        }
    }
}
