//! Words without meaning, for answers that nobody reads.
use crate::draw::Draws;

const WORDS: [&str; 32] = [
    "amber", "breeze", "cedar", "delta", "ember", "fable", "glade", "harbor", "island", "jasper",
    "kettle", "lantern", "meadow", "nectar", "orchard", "pebble", "quartz", "river", "saddle",
    "timber", "umbra", "velvet", "willow", "yonder", "zephyr", "copper", "drift", "hollow",
    "marble", "silver", "thicket", "valley",
];

/// Writes `tokens` words, a space after each but the last.
pub(crate) fn text(draws: &mut Draws, tokens: u32) -> String {
    let mut text = String::with_capacity(tokens as usize * 7);
    for at in 0..tokens {
        if at != 0 {
            text.push(' ');
        }
        text.push_str(word(draws));
    }
    text
}

/// Adds words to `text` until it has `bytes` bytes; a longer text stays as it is.
pub(crate) fn pad(draws: &mut Draws, text: &mut String, bytes: usize) {
    if bytes <= text.len() {
        return;
    }
    text.reserve(bytes + 8 - text.len());
    while text.len() < bytes {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(word(draws));
    }
    // What overshoots is a word of this file's, so every byte is a character.
    text.truncate(bytes);
}

pub(crate) fn word(draws: &mut Draws) -> &'static str {
    WORDS[(draws.next() >> 59) as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_as_many_words_as_tokens() {
        assert_eq!(text(&mut Draws::new(1), 20).split(' ').count(), 20);
        assert_eq!(text(&mut Draws::new(1), 0), "");
    }

    #[test]
    fn a_padded_text_has_the_bytes_asked_for() {
        let mut text = "start".to_owned();
        pad(&mut Draws::new(1), &mut text, 100);
        assert_eq!(text.len(), 100);
        pad(&mut Draws::new(1), &mut text, 10);
        assert_eq!(text.len(), 100);
    }
}
