//! The language of a text.

use std::sync::LazyLock;

use whatlang::{Detector, Lang};

/// The language of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// A natural language, by its code of ISO 639-3.
    Natural(&'static str),
    /// Program text.
    Code,
    /// Too short, or not sure.
    Undetermined,
}

/// Letters below which nothing is said.
const LETTERS_MIN: usize = 40;
/// Letters that are looked at.
const LETTERS_MAX: usize = 160;
/// The share of signs that only programs have, in percent, from which a text is code.
const CODE_PERCENT: usize = 9;

/// The languages that are told apart: those that most is written in. Each one more costs time that
/// grows with how many share its alphabet.
const KNOWN: [Lang; 26] = [
    Lang::Ara,
    Lang::Ben,
    Lang::Bul,
    Lang::Ces,
    Lang::Cmn,
    Lang::Deu,
    Lang::Ell,
    Lang::Eng,
    Lang::Fra,
    Lang::Heb,
    Lang::Hin,
    Lang::Ind,
    Lang::Ita,
    Lang::Jpn,
    Lang::Kor,
    Lang::Nld,
    Lang::Pes,
    Lang::Pol,
    Lang::Por,
    Lang::Rus,
    Lang::Spa,
    Lang::Tam,
    Lang::Tha,
    Lang::Tur,
    Lang::Ukr,
    Lang::Vie,
];

static DETECTOR: LazyLock<Detector> = LazyLock::new(|| Detector::with_allowlist(KNOWN.to_vec()));

/// Tells the language of a text, of the parts of it that are not fenced off as code. Sure from
/// 80 %.
pub fn language(text: &str) -> Language {
    let (prose, fenced) = unfenced(text);
    let seen = prose.chars().count();
    let signs = prose.chars().filter(|letter| "{}();=<>[]_#&|".contains(*letter)).count();
    if LETTERS_MIN <= seen && CODE_PERCENT * seen <= 100 * signs {
        return Language::Code;
    }
    let letters = prose.chars().filter(|letter| letter.is_alphabetic()).count();
    let wide = prose.chars().filter(|letter| ('\u{2e80}'..'\u{fb00}').contains(letter)).count();
    // A sign of a script without spaces says as much as three letters.
    if letters + 2 * wide < LETTERS_MIN {
        return if fenced { Language::Code } else { Language::Undetermined };
    }
    match DETECTOR.detect(&prose) {
        Some(found) if 0.8 <= found.confidence() || found.is_reliable() => {
            Language::Natural(found.lang().code())
        }
        _ => Language::Undetermined,
    }
}

impl Language {
    /// Returns the words of all natural languages that are told apart.
    pub fn known() -> impl Iterator<Item = &'static str> {
        KNOWN.iter().map(Lang::code)
    }

    /// Returns the word for it in data: a code of ISO 639-3, `code`, or `und`.
    pub fn word(self) -> &'static str {
        match self {
            Language::Natural(code) => code,
            Language::Code => "code",
            Language::Undetermined => "und",
        }
    }
}

/// The text outside of fences, cut to what is looked at, and whether there were any.
fn unfenced(text: &str) -> (String, bool) {
    let mut parts = text.split("```");
    let mut prose = String::new();
    let mut fenced = false;
    while let Some(part) = parts.next() {
        let room = LETTERS_MAX.saturating_sub(prose.chars().count());
        prose.extend(part.chars().take(room));
        fenced |= parts.next().is_some();
        if room == 0 {
            break;
        }
    }
    (prose, fenced)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_are_told_apart_and_short_ones_are_not_guessed() {
        let of = |text: &str| language(text).word();
        assert_eq!(
            of("Could you please explain to me how the tides are caused by the moon?"),
            "eng"
        );
        let german = "Kannst du mir bitte erkl\u{e4}ren, warum der Himmel am Abend rot wird und was das \
                      Licht der Sonne auf seinem langen Weg durch die Luft dabei verliert?";
        assert_eq!(of(german), "deu");
        let spanish = "\u{bf}Puedes explicarme por qu\u{e9} el cielo se pone rojo por la tarde en verano y \
                       qu\u{e9} pierde la luz del sol en su largo camino por el aire?";
        assert_eq!(of(spanish), "spa");
        let french = "Peux-tu m'expliquer pourquoi le ciel devient rouge le soir en \u{e9}t\u{e9} et ce que la \
                      lumi\u{e8}re du soleil perd pendant son long chemin dans l'air ?";
        assert_eq!(of(french), "fra");
        assert_eq!(
            of("请你解释一下为什么傍晚的天空会变成红色，并且说明这和大气有什么关系。"),
            "cmn"
        );
        let swedish = "Kan du snälla förklara för mig varför himlen blir röd på kvällen och vad \
                       solens ljus förlorar på sin långa väg genom luften?";
        assert_eq!(of(swedish), "und", "what is not known is taken for no relative of it");
        assert_eq!(of("hi there"), "und");
        assert_eq!(of("```rust\nfn main() {}\n```"), "code");
        let program =
            "for (i = 0; i < n; i++) { sum[i] = a[i] + b[i]; if (sum[i] > max) { max = sum[i]; } }";
        assert_eq!(of(program), "code");
    }
}
