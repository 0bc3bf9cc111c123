//! The pieces that a text is seen as: words, pairs of words, and runs of letters, hashed.

/// How many different features there are.
pub(crate) const FEATURES: usize = 1 << 14;
/// Letters that are looked at: half from the beginning of a text, half from its end.
const LETTERS_MAX: usize = 400;
/// Features of one text at most.
const COUNT_MAX: usize = 1_600;

/// Calls `take` with each feature of the letters that [`view`] shows of a text.
///
/// The beginning says what is asked, and so does the end where a long document stands between.
/// Scripts without spaces are read by single letters and pairs of them.
pub(crate) fn features(letters: &[char], mut take: impl FnMut(usize)) {
    let mut count = 0;
    let mut put = |hash: u64| {
        if count < COUNT_MAX {
            count += 1;
            take((finish(hash) % FEATURES as u64) as usize);
        }
    };
    let mut before: Option<u64> = None;
    let mut start = 0;
    while start < letters.len() {
        let kind = kind(letters[start]);
        let end = match kind {
            Kind::Word => run(letters, start, Kind::Word),
            Kind::Space | Kind::Sign | Kind::Wide => start + 1,
        };
        let piece = &letters[start..end];
        match kind {
            Kind::Space => (),
            Kind::Word => {
                let word = hash(1, piece);
                put(word);
                pair(&mut before, word, &mut put);
                grams(piece, &mut put);
            }
            Kind::Sign => {
                let sign = hash(3, piece);
                put(sign);
                pair(&mut before, sign, &mut put);
            }
            Kind::Wide => {
                put(hash(4, piece));
                let wide = |length: usize| {
                    letters
                        .get(start..start + length)
                        .filter(|run| run.iter().all(|it| is_wide(*it)))
                };
                [2, 3].into_iter().filter_map(wide).for_each(|run| put(hash(5, run)));
                before = None;
            }
        }
        start = end;
    }
}

fn pair(before: &mut Option<u64>, now: u64, put: &mut impl FnMut(u64)) {
    if let Some(before) = before {
        put(before.rotate_left(17) ^ now.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    }
    *before = Some(now);
}

/// Runs of four letters of a word with its ends marked: stems, and endings of other forms.
fn grams(word: &[char], put: &mut impl FnMut(u64)) {
    if word.len() < 4 {
        return;
    }
    put(hash(6, &word[..4]));
    put(hash(7, &word[word.len() - 4..]));
    for run in word.windows(4).skip(1) {
        put(hash(8, run));
    }
    if 6 <= word.len() {
        put(hash(9, &word[..6]));
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Space,
    Word,
    Sign,
    Wide,
}

fn kind(letter: char) -> Kind {
    if letter.is_whitespace() || letter.is_control() {
        Kind::Space
    } else if is_wide(letter) {
        Kind::Wide
    } else if letter.is_alphanumeric() || letter == '_' {
        Kind::Word
    } else {
        Kind::Sign
    }
}

/// Letters of scripts that are written without spaces between words.
fn is_wide(letter: char) -> bool {
    matches!(
        letter,
        '\u{0e00}'..='\u{0eff}'
            | '\u{3040}'..='\u{30ff}'
            | '\u{3400}'..='\u{9fff}'
            | '\u{f900}'..='\u{faff}'
            | '\u{20000}'..='\u{3ffff}'
    )
}

fn run(letters: &[char], start: usize, wanted: Kind) -> usize {
    let length = letters[start..].iter().take_while(|it| kind(**it) == wanted).count();
    start + length
}

/// The letters of a text that are looked at, small.
pub(crate) fn view(text: &str) -> Vec<char> {
    const HALF: usize = LETTERS_MAX / 2;
    // A letter has four bytes at most, so a short text is told by its length.
    let small = |part: &str| -> Vec<char> { part.chars().flat_map(char::to_lowercase).collect() };
    if text.len() <= LETTERS_MAX {
        return small(text);
    }
    let mut letters: Vec<char> = text.chars().take(LETTERS_MAX + 1).collect();
    if LETTERS_MAX < letters.len() {
        letters.truncate(HALF);
        let mut end: Vec<char> = text.chars().rev().take(HALF).collect();
        end.reverse();
        letters.push(' ');
        letters.extend(end);
    }
    letters.into_iter().flat_map(char::to_lowercase).collect()
}

fn hash(seed: u64, letters: &[char]) -> u64 {
    letters.iter().fold(seed.wrapping_mul(0xff51_afd7_ed55_8ccd), |hash, letter| {
        (hash ^ u64::from(u32::from(*letter))).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(5)
    })
}

fn finish(mut hash: u64) -> u64 {
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash ^ (hash >> 29)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<usize> {
        let mut found = Vec::new();
        features(&view(text), |feature| found.push(feature));
        found
    }

    #[test]
    fn capitals_do_not_matter_and_words_do() {
        assert_eq!(of("Fix THE bug"), of("fix the bug"));
        assert_ne!(of("fix the bug"), of("fix the big"));
        assert!(of("").is_empty() && of(" \n\t").is_empty());
    }

    #[test]
    fn a_huge_text_is_as_cheap_as_a_page() {
        let long = "lorem ipsum \u{4e2d}\u{6587} ".repeat(100_000);
        assert!(of(&long).len() <= COUNT_MAX);
        assert!(of(&long).iter().all(|feature| *feature < FEATURES));
    }

    #[test]
    fn the_end_counts_as_the_beginning_does() {
        let with = |end: &str| of(&format!("{}{end}", "x ".repeat(2_000)));
        assert_ne!(with("summarise this"), with("translate this"));
    }
}
