//! Tables as CSV.

/// What spreadsheets take for the beginning of a formula.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// Writes a table. A cell that a spreadsheet would take for a formula is written after an
/// apostrophe, which spreadsheets hide.
pub(super) fn written(head: &[&str], rows: &[Vec<String>]) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let tamed = |cell: &String| {
        if cell.starts_with(FORMULA) { format!("'{cell}") } else { cell.clone() }
    };
    let mut outcome = writer.write_record(head);
    for row in rows {
        outcome = outcome.and_then(|()| writer.write_record(row.iter().map(tamed)));
    }
    // Writing to memory fails only for rows of unequal length, which a test holds.
    debug_assert!(outcome.is_ok(), "{outcome:?}");
    let bytes = writer.into_inner().unwrap_or_default();
    String::from_utf8(bytes).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        let rows =
            [vec!["=cmd()".to_owned(), "a,\"b".to_owned()], vec!["-1".to_owned(), "x".to_owned()]];
        assert_eq!(written(&["a", "b"], &rows), "a,b\n'=cmd(),\"a,\"\"b\"\n'-1,x\n");
    }
}
