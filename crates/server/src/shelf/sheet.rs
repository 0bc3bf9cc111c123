//! Tables for programs: the same figures as JSON, as comma-separated values and as a table of
//! texts.

use serde_json::{Map, Value, json};

/// What spreadsheets take for the beginning of a formula.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// Rows of objects with the same keys, and what is said of all of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sheet {
    /// What is said of all.
    pub(crate) about: Map<String, Value>,
    /// The rows.
    pub(crate) rows: Vec<Value>,
}

impl Sheet {
    /// Returns a sheet of rows.
    pub(crate) fn of(rows: impl Iterator<Item = Value>) -> Sheet {
        Sheet { about: Map::new(), rows: rows.collect() }
    }

    /// Returns it as JSON, with what is said of every figure.
    pub(crate) fn json(self, mut meta: Value) -> Value {
        if let Some(meta) = meta.as_object_mut() {
            meta.extend(self.about);
        }
        json!({ "data": self.rows, "meta": meta })
    }

    /// Returns its columns and cells as texts: keys of objects within a row are joined by a point,
    /// lists are written as JSON, and nothing stands where nothing is known.
    pub(crate) fn table(&self) -> (Vec<String>, Vec<Vec<String>>) {
        let mut head = Vec::new();
        let mut rows = Vec::with_capacity(self.rows.len());
        for row in &self.rows {
            let mut cells = Vec::new();
            flatten(String::new(), row, &mut cells);
            let (names, cells) = cells.into_iter().unzip();
            head = names;
            rows.push(cells);
        }
        (head, rows)
    }

    /// Returns its table as comma-separated values; nothing where there is no row.
    pub(crate) fn csv(&self) -> String {
        let (head, rows) = self.table();
        if rows.is_empty() { String::new() } else { written(&head, &rows) }
    }
}

fn flatten(name: String, value: &Value, cells: &mut Vec<(String, String)>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                let name = if name.is_empty() { key.clone() } else { format!("{name}.{key}") };
                flatten(name, value, cells);
            }
        }
        Value::Null => cells.push((name, String::new())),
        Value::String(text) => cells.push((name, text.clone())),
        other => cells.push((name, other.to_string())),
    }
}

/// Writes a table as comma-separated values. A cell that a spreadsheet would take for a formula is
/// written after an apostrophe, which spreadsheets hide; a number is written as it is.
pub(crate) fn written<Name: AsRef<[u8]>>(head: &[Name], rows: &[Vec<String>]) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut outcome = writer.write_record(head);
    for row in rows {
        let cells =
            row.iter().map(|cell| if is_formula(cell) { format!("'{cell}") } else { cell.clone() });
        outcome = outcome.and_then(|()| writer.write_record(cells));
    }
    // Writing to memory fails only for rows of unequal length, which a test holds.
    debug_assert!(outcome.is_ok(), "{outcome:?}");
    let bytes = writer.into_inner().unwrap_or_default();
    String::from_utf8(bytes).unwrap_or_default()
}

fn is_formula(cell: &str) -> bool {
    let has_digit = || cell.bytes().any(|it| it.is_ascii_digit());
    cell.starts_with(FORMULA) && !(has_digit() && cell.parse::<f64>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_is_a_formula_and_every_number_stays_one() {
        let rows = [["=cmd()", "a,\"b"], ["-1+1", "-0.05"], ["@x", "+2e-3"], ["-inf", "\t1"]];
        let rows = rows.map(|row| row.map(str::to_owned).to_vec());
        assert_eq!(
            written(&["a", "b"], &rows),
            "a,b\n'=cmd(),\"a,\"\"b\"\n'-1+1,-0.05\n'@x,+2e-3\n'-inf,'\t1\n"
        );
    }

    #[test]
    fn a_row_is_flat_in_a_table() {
        let row =
            json!({ "name": "=1+1", "change": { "growth": -0.5, "low": null }, "list": [1, 2] });
        let sheet = Sheet::of([row].into_iter());
        let head = ["name", "change.growth", "change.low", "list"].map(str::to_owned).to_vec();
        let cells = ["=1+1", "-0.5", "", "[1,2]"].map(str::to_owned).to_vec();
        assert_eq!(sheet.table(), (head, vec![cells]));
        assert_eq!(sheet.csv(), "name,change.growth,change.low,list\n'=1+1,-0.5,,\"[1,2]\"\n");
        assert_eq!(Sheet::default().csv(), "");
    }
}
