//! What a finished file does not hold: silenced lints, notes to oneself, `unwrap`, dead code.

use super::source::Source;
use super::tokens::{Token, tokens};
use super::tree::Tree;
use super::violation::Violation;

const NOTES: [&str; 3] = ["TODO", "FIXME", "XXX"];
const DEAD_LINES_MIN: usize = 3;

/// What may not stand in a file, as the tokens that spell it.
struct Leftover {
    tokens: &'static [&'static str],
    rule: &'static str,
    mend: &'static str,
    in_tests_too: bool,
}

const LEFTOVERS: [Leftover; 6] = [
    Leftover {
        tokens: &["[", "allow", "("],
        rule: "allow",
        mend: "write `#[expect(..., reason = \"...\")]`, which says why and ends when it is untrue",
        in_tests_too: true,
    },
    Leftover {
        tokens: &["[", "ignore"],
        rule: "ignored-test",
        mend: "make the test pass or delete it",
        in_tests_too: true,
    },
    Leftover {
        tokens: &["todo", "!"],
        rule: "unfinished",
        mend: "write the code, or leave the caller out",
        in_tests_too: true,
    },
    Leftover {
        tokens: &["unimplemented", "!"],
        rule: "unfinished",
        mend: "write the code, or leave the caller out",
        in_tests_too: true,
    },
    Leftover {
        tokens: &["dbg", "!"],
        rule: "unfinished",
        mend: "delete the probe",
        in_tests_too: true,
    },
    Leftover {
        tokens: &[".", "unwrap", "(", ")"],
        rule: "unwrap",
        mend: "return the error, or `expect` the sentence that makes it impossible",
        in_tests_too: false,
    },
];

/// Checks every file for leftovers.
pub(crate) fn check(tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    for source in &tree.sources {
        let (all, product) = (tokens(&source.code), tokens(&source.product));
        for leftover in &LEFTOVERS {
            let tokens = if leftover.in_tests_too { &all } else { &product };
            for line in occurrences(tokens, leftover.tokens) {
                let violation = Violation::new(&source.path, line, leftover.rule, leftover.mend);
                found.push(violation);
            }
        }
        found.extend(notes(source));
        found.extend(dead_code(source));
    }
    found
}

fn occurrences(tokens: &[Token<'_>], wanted: &[&str]) -> Vec<usize> {
    let spells = |window: &&[Token<'_>]| window.iter().map(|token| token.text).eq(wanted.to_vec());
    tokens.windows(wanted.len()).filter(spells).map(|window| window[0].line).collect()
}

fn notes(source: &Source) -> Vec<Violation> {
    let words = tokens(&source.comments);
    let noted = words.iter().filter(|word| NOTES.contains(&word.text));
    let mend = "do it now, or write an issue; a note in the code is nobody's";
    noted.map(|word| Violation::new(&source.path, word.line, "note", mend)).collect()
}

/// Three comment lines in a row that end like statements are code somebody kept.
fn dead_code(source: &Source) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut run = 0;
    for (index, line) in source.comments.lines().enumerate() {
        let line = line.trim();
        let plain = line.starts_with("//") && !line.starts_with("///") && !line.starts_with("//!");
        let like_code = plain && (line.ends_with(';') || line.ends_with('{'));
        run = if like_code { run + 1 } else { 0 };
        if run == DEAD_LINES_MIN {
            let mend = "delete the commented-out code; the history keeps it";
            let line = index + 2 - DEAD_LINES_MIN;
            found.push(Violation::new(&source.path, line, "dead-code", mend));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(text: &str) -> Vec<(&'static str, usize)> {
        let tree = Tree::of([("crates/domain/src/a.rs", text)]);
        check(&tree).into_iter().map(|violation| (violation.rule, violation.line)).collect()
    }

    #[test]
    fn lints_are_expected_with_a_reason_and_never_allowed() {
        assert_eq!(rules("#[allow(dead_code)]\nfn a() {}\n"), [("allow", 1)]);
        assert_eq!(rules("#![allow(dead_code)]\n"), [("allow", 1)]);
        assert_eq!(rules("#[expect(dead_code, reason = \"b\")]\nfn a() {}\n"), []);
    }

    #[test]
    fn no_test_is_ignored() {
        assert_eq!(
            rules("#[cfg(test)]\nmod tests {\n#[ignore]\nfn a() {}\n}\n"),
            [("ignored-test", 3)]
        );
    }

    #[test]
    fn nothing_is_left_unfinished() {
        assert_eq!(rules("fn a() { todo!() }\n"), [("unfinished", 1)]);
        assert_eq!(rules("fn a() { unimplemented!() }\n"), [("unfinished", 1)]);
        assert_eq!(rules("fn a() { dbg!(1) }\n"), [("unfinished", 1)]);
        assert_eq!(rules("fn a() { let todo = !b; }\n"), []);
    }

    #[test]
    fn notes_to_oneself_are_not_kept() {
        for note in NOTES {
            assert_eq!(rules(&format!("fn a() {{}}\n// {note}: later\n")), [("note", 2)]);
        }
        assert_eq!(rules("// the escape is \\uXXXX\nconst A: &str = \"TODO\";\n"), []);
    }

    #[test]
    fn product_code_does_not_unwrap() {
        assert_eq!(rules("fn a() { b().unwrap(); }\n"), [("unwrap", 1)]);
        assert_eq!(rules("fn a() { b().unwrap_or(1); }\n"), []);
        assert_eq!(rules("#[cfg(test)]\nmod tests {\nfn a() { b().unwrap(); }\n}\n"), []);
    }

    #[test]
    fn code_is_deleted_not_commented_out() {
        assert_eq!(rules("fn a() {}\n// let a = 1;\n// if a {\n// b();\n"), [("dead-code", 2)]);
        assert_eq!(rules("// First;\n// second;\n// and a sentence.\n"), []);
        assert_eq!(rules("/// let a = 1;\n/// b();\n/// c();\nfn a() {}\n"), []);
    }
}
