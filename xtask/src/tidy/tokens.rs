//! Words and punctuation of blanked code, each with its line.

use super::lex::is_word;

/// One word or one punctuation character. `line` counts from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token<'a> {
    pub(crate) text: &'a str,
    pub(crate) line: usize,
    pub(crate) start: usize,
}

impl Token<'_> {
    /// Whether this is an identifier or a keyword.
    pub(crate) fn is_name(&self) -> bool {
        let first = self.text.as_bytes()[0];
        is_word(first) && !first.is_ascii_digit()
    }

    /// Offset of the first byte after the token.
    pub(crate) fn end(&self) -> usize {
        self.start + self.text.len()
    }
}

/// Cuts blanked `code` into tokens. `::` is one token; every other punctuation is one character.
pub(crate) fn tokens(code: &str) -> Vec<Token<'_>> {
    let bytes = code.as_bytes();
    let (mut at, mut line) = (0, 1);
    let mut found = Vec::new();
    while at < bytes.len() {
        let length = match bytes[at] {
            b'\n' => {
                line += 1;
                0
            }
            byte if byte.is_ascii_whitespace() => 0,
            byte if is_word(byte) => {
                bytes[at..].iter().position(|byte| !is_word(*byte)).unwrap_or(bytes.len() - at)
            }
            b':' if bytes.get(at + 1) == Some(&b':') => 2,
            _ => 1,
        };
        if length > 0 {
            found.push(Token { text: &code[at..at + length], line, start: at });
        }
        at += length.max(1);
    }
    found
}

/// Index of the token that ends the item which begins at `from`: its `;` outside of brackets, or
/// the brace that closes its body. None when the file ends first.
pub(crate) fn item_end(tokens: &[Token<'_>], from: usize) -> Option<usize> {
    let mut depth = 0_i32;
    for (index, token) in tokens.iter().enumerate().skip(from) {
        match token.text {
            "(" | "[" => depth += 1,
            ")" | "]" => depth -= 1,
            ";" if depth == 0 => return Some(index),
            "{" if depth == 0 => return closing_brace(tokens, index),
            _ => {}
        }
    }
    None
}

fn closing_brace(tokens: &[Token<'_>], open: usize) -> Option<usize> {
    let mut depth = 0_i32;
    for (index, token) in tokens.iter().enumerate().skip(open) {
        match token.text {
            "{" => depth += 1,
            "}" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(index);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_ends_at_its_semicolon_or_its_closing_brace() {
        let code = "fn a(x: [u8; 4]) -> u8 { if x { 1 } else { 2 } } fn b();";
        let tokens = tokens(code);
        let end = item_end(&tokens, 0).expect("the body closes");
        assert_eq!(&code[tokens[end].end()..], " fn b();");
        assert_eq!(item_end(&tokens, end + 1), Some(tokens.len() - 1));
    }

    #[test]
    fn a_token_knows_its_line() {
        let lines: Vec<usize> = tokens("a\n\nb::c").iter().map(|token| token.line).collect();
        assert_eq!(lines, [1, 3, 3, 3]);
    }
}
