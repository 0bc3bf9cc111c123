//! What answers say, kept from their beginnings: tokens are counted from it where a provider does
//! not tell how many there were.

use memchr::{memchr2, memmem};

use crate::tokens;

/// Bytes that are kept of one answer, at most.
const KEPT_BYTES_MAX: usize = 8 << 10;
/// Bytes that make a token, on average, where nothing was kept.
const BYTES_PER_TOKEN: u64 = 4;

/// The beginning of what an answer says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    text: String,
}

impl Said {
    /// Keeps text, as far as there is room.
    pub(crate) fn hear(&mut self, text: &str) {
        let room = KEPT_BYTES_MAX - self.text.len();
        if room != 0 {
            self.text.push_str(&text[..text.floor_char_boundary(room)]);
        }
    }

    /// Keeps the text of a JSON string, quotes included, as it stands in an event.
    pub(crate) fn hear_json(&mut self, string: &[u8]) {
        let [b'"', inner @ .., b'"'] = string else { return };
        if self.text.len() == KEPT_BYTES_MAX {
            return;
        }
        match std::str::from_utf8(inner) {
            Ok(plain) if !inner.contains(&b'\\') => self.hear(plain),
            _ => {
                let read: Result<String, _> = serde_json::from_slice(string);
                self.hear(read.as_deref().unwrap_or_default());
            }
        }
    }

    /// Keeps the text that an event carries under `name`, written `"name":"`. Returns its length in
    /// bytes, escapes included; `None` where the event carries none.
    pub(crate) fn hear_field(&mut self, event: &[u8], name: &[u8]) -> Option<u64> {
        let string = field(event, name)?;
        self.hear_json(string);
        Some((string.len() - 2) as u64)
    }

    /// Returns how many tokens an answer of `bytes` has that begins like this.
    ///
    /// `tokenizer`: see [`tokens::of_text`].
    pub fn tokens(&self, bytes: u64, tokenizer: Option<&str>) -> u32 {
        let kept = self.text.len() as u64;
        let tokens = match kept {
            0 => bytes.div_ceil(BYTES_PER_TOKEN),
            _ => {
                let counted = u64::from(tokens::of_text(&self.text, tokenizer));
                counted.saturating_mul(bytes.max(kept)).div_ceil(kept)
            }
        };
        u32::try_from(tokens).unwrap_or(u32::MAX)
    }
}

/// Returns the JSON string, quotes included, that an event carries under `name`, which is written
/// `"name":"`.
pub(crate) fn field<'a>(event: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let begins = memmem::find(event, name)? + name.len() - 1;
    let mut ends = begins + 1;
    loop {
        ends += memchr2(b'"', b'\\', event.get(ends..)?)?;
        if event[ends] == b'"' {
            return Some(&event[begins..=ends]);
        }
        ends += 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_an_event_is_heard_whatever_it_escapes() {
        let mut said = Said::default();
        let event = br#"{"type":"x","delta":{"type":"text_delta","text":"a \"b\\\" \u00e9"}}"#;
        assert_eq!(said.hear_field(event, b"\"text\":\""), Some(16));
        assert_eq!(said.text, "a \"b\\\" é");
        assert_eq!(said.hear_field(br#"{"text":"cut \"#, b"\"text\":\""), None);
        assert_eq!(said.hear_field(b"{}", b"\"text\":\""), None);
    }

    #[test]
    fn an_answer_goes_on_as_it_begins() {
        let mut said = Said::default();
        said.hear("Hello, world!");
        assert_eq!(said.tokens(13, Some("GPT")), 4);
        assert_eq!(said.tokens(26, Some("GPT")), 8);
        for _ in 0..KEPT_BYTES_MAX {
            said.hear("é");
        }
        assert!(said.text.len() <= KEPT_BYTES_MAX);
        assert_eq!(Said::default().tokens(9, None), 3, "nothing was kept of it");
    }
}
