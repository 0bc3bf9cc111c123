//! Names that are near a name that nobody has.

/// Returns the `count` names that share most pairs of letters with `wanted`, nearest first
/// (Dice's coefficient over letter pairs, case ignored). Names that share hardly any are left out.
pub fn nearest<'a>(
    wanted: &str,
    names: impl Iterator<Item = &'a str>,
    count: usize,
) -> Vec<&'a str> {
    const SCORE_MIN: usize = 400;
    let wanted_pairs = pairs(&wanted.chars().take(200).collect::<String>());
    let mut scored: Vec<(usize, &str)> = names
        .map(|name| (score(&wanted_pairs, &pairs(name)), name))
        .filter(|(score, _)| SCORE_MIN <= *score)
        .collect();
    scored.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
    scored.into_iter().take(count).map(|(_, name)| name).collect()
}

/// Twice the shared pairs over all pairs, in thousandths. Both lists are sorted.
fn score(a: &[[char; 2]], b: &[[char; 2]]) -> usize {
    let (mut left, mut right, mut shared) = (0, 0, 0_usize);
    while left < a.len() && right < b.len() {
        match a[left].cmp(&b[right]) {
            std::cmp::Ordering::Less => left += 1,
            std::cmp::Ordering::Greater => right += 1,
            std::cmp::Ordering::Equal => {
                shared += 1;
                left += 1;
                right += 1;
            }
        }
    }
    (2000 * shared).checked_div(a.len() + b.len()).unwrap_or(0)
}

fn pairs(name: &str) -> Vec<[char; 2]> {
    let letters: Vec<char> = name.to_lowercase().chars().collect();
    let mut pairs: Vec<[char; 2]> = letters.windows(2).map(|two| [two[0], two[1]]).collect();
    pairs.sort_unstable();
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typo_finds_its_model() {
        let names = ["openai/gpt-4o", "openai/gpt-4o-mini", "anthropic/claude-sonnet-4.5"];
        assert_eq!(nearest("openai/gpt4o-mini", names.into_iter(), 1), ["openai/gpt-4o-mini"]);
        assert_eq!(nearest("claude-sonet-4.5", names.into_iter(), 3), [names[2]]);
        assert!(nearest("", names.into_iter(), 3).is_empty());
    }
}
