//! Counts tests in what the test runners print.

use std::ops::AddAssign;

/// How many tests passed and failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u32,
    pub(crate) failed: u32,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Tally) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

/// Counts the tests in the output of nextest, `cargo test`, pytest, or node with the TAP reporter.
/// Output that holds no count has no tests.
pub(crate) fn count(lines: &[String]) -> Tally {
    let mut tally = Tally::default();
    for line in lines {
        let line = plain(line);
        let words: Vec<&str> = line.split([' ', ',', ';', '(', ')', '=']).collect();
        let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
        match words.as_slice() {
            // A timeout is a failure to nextest as well, counted beside the others.
            ["Summary", ..] | ["test", "result:", ..] => tally += before_words(&words),
            ["#", "pass", number] => tally.passed += number.parse().unwrap_or(0),
            ["#", "fail" | "cancelled", number] => tally.failed += number.parse().unwrap_or(0),
            _ if is_pytest_summary(&words) => tally += before_words(&words),
            _ => {}
        }
    }
    tally
}

/// `2 failed, 9 passed, 1 error in 1.20s`, with or without a rule of `=` around it.
fn is_pytest_summary(words: &[&str]) -> bool {
    let Some(at) = words.iter().position(|word| *word == "in") else { return false };
    let seconds = words.get(at + 1).and_then(|word| word.strip_suffix('s'));
    let counted = words.first().is_some_and(|word| word.parse::<u32>().is_ok());
    counted && seconds.is_some_and(|word| word.parse::<f64>().is_ok())
}

/// Adds up the numbers that stand before words such as `passed`.
fn before_words(words: &[&str]) -> Tally {
    let mut tally = Tally::default();
    for pair in words.windows(2) {
        let number = pair[0].parse().unwrap_or(0);
        match pair[1] {
            "passed" => tally.passed += number,
            "failed" | "error" | "errors" | "timed" => tally.failed += number,
            _ => {}
        }
    }
    tally
}

/// The line without the escape sequences that colour it.
fn plain(line: &str) -> String {
    let mut text = String::new();
    let mut chars = line.trim().chars();
    while let Some(char) = chars.next() {
        if char == '\u{1b}' {
            chars.by_ref().find(char::is_ascii_alphabetic);
        } else {
            text.push(char);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(output: &str, passed: u32, failed: u32) {
        let lines: Vec<String> = output.lines().map(str::to_owned).collect();
        assert_eq!(count(&lines), Tally { passed, failed }, "{output}");
    }

    #[test]
    fn each_runner_is_understood() {
        check(
            "     Summary [   0.1s] 51 tests run: 48 passed (1 slow), 3 failed, 2 skipped",
            48,
            3,
        );
        check(" Summary [ 9s] 5 tests run: 3 passed, 1 failed, 1 timed out, 0 skipped", 3, 2);
        check(
            "test result: ok. 5 passed; 0 failed; 0 ignored\ntest result: FAILED. 1 passed; 2 failed;",
            6,
            2,
        );
        check("==== 2 failed, 9 passed, 1 error in 1.20s ====", 9, 3);
        check("12 passed in 0.52s", 12, 0);
        check("# tests 3\n# pass 1\n# fail 1\n# cancelled 1", 1, 2);
        check("\u{1b}[32m12 passed\u{1b}[0m in 0.52s", 12, 0);
    }

    #[test]
    fn other_lines_count_nothing() {
        check("Compiling domain v0.1.0\n3 files in order\nwarning: 2 errors emitted", 0, 0);
    }
}
