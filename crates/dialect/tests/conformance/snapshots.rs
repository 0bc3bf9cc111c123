//! What callers see of every recorded answer, as committed.

use dialect::registry::is_spoken;
use domain::catalog::Dialect;

use crate::callers::{CHAT, Caller};
use crate::fixtures::{Fixture, Kind, ROWS, Row};
use crate::seen::{gather, gathered, shown, stream, told, whole};

/// Recorded answers that every dialect has, at least.
const FIXTURES_MIN: usize = 12;

#[test]
fn every_dialect_that_is_spoken_has_its_row_and_enough_recorded_answers() {
    for dialect in Dialect::ALL.into_iter().filter(|it| is_spoken(*it)) {
        let row = ROWS.iter().find(|row| row.dialect == dialect);
        let row = row.unwrap_or_else(|| panic!("{dialect:?} is spoken and held to no law"));
        let count = row.fixtures().len();
        assert!(FIXTURES_MIN <= count, "{dialect:?} has {count} recorded answers");
    }
}

#[test]
fn every_recorded_answer_is_shown_to_callers_as_committed() {
    for row in &ROWS {
        for fixture in row.fixtures() {
            for (name, text) in views(row, &fixture) {
                let mut settings = insta::Settings::clone_current();
                settings.set_snapshot_path(&fixture.folder);
                settings.set_prepend_module_to_snapshot(false);
                settings.set_omit_expression(true);
                settings.bind(|| insta::assert_snapshot!(name, text));
            }
        }
    }
}

/// Returns what callers see of an answer: who speaks its dialect, and who speaks chat completions.
fn views(row: &Row, fixture: &Fixture) -> Vec<(&'static str, String)> {
    let upstream = fixture.upstream.as_slice();
    let own = Caller::of(row.dialect).attempt(&fixture.endpoint);
    let chat = CHAT.attempt(&fixture.endpoint);
    if let Kind::Error(status) = fixture.kind {
        let failure = own.decode_error(status, upstream);
        return vec![("failure", format!("{failure:#?}"))];
    }
    let mut views = match fixture.kind {
        Kind::Stream => vec![
            ("caller_streams", told(&stream(&*own, [upstream]))),
            ("caller_waits", gather(&*own, [upstream])),
        ],
        _ => vec![
            ("caller_streams", whole(&*own, upstream, true)),
            ("caller_waits", whole(&*own, upstream, false)),
        ],
    };
    if Caller::of(row.dialect).dialect == Dialect::OpenaiChat {
        return views;
    }
    match fixture.kind {
        Kind::Stream => {
            views.push(("chat_streams", told(&stream(&*chat, [upstream]))));
            views.push(("rebuilt", shown(gathered(&*own, [upstream], true))));
        }
        _ => views.push(("chat_waits", whole(&*chat, upstream, false))),
    }
    views
}
