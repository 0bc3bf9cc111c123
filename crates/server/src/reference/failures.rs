//! What the kinds of failures mean, as `docs/errors.md` tells it.

use domain::failure::FailureKind;

const PAGE: &str = include_str!("../../../../docs/errors.md");

/// Returns what a kind of failure means: the third column of the page's table of types.
pub(super) fn meaning(kind: FailureKind) -> &'static str {
    let (_, word) = kind.wire();
    let rows = PAGE.lines().filter_map(|line| line.strip_prefix("| `"));
    let row = rows.filter_map(|row| row.split_once("` | ")).find(|(own, _)| *own == word);
    row.and_then(|(_, rest)| rest.split(" | ").nth(1)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_of_errors_tells_every_kind_with_its_status() {
        for kind in FailureKind::ALL {
            let (status, word) = kind.wire();
            let begins = format!("| `{word}` | {status} | ");
            assert!(PAGE.lines().any(|line| line.starts_with(&begins)), "{begins}");
            assert!(!meaning(kind).is_empty(), "{word}");
        }
        let table = PAGE.lines().skip_while(|line| *line != "## Types");
        let rows = table.take_while(|line| *line != "## Availability");
        let told = rows.filter(|line| line.starts_with("| `") && !line.contains("error_type"));
        assert_eq!(told.count(), FailureKind::ALL.len());
    }
}
