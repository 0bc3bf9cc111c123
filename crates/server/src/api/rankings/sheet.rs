//! A table that is told as JSON or as comma-separated values: the same figures in both.

use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use serde_json::{Map, Value, json};

/// Rows of objects with the same keys, and what is said of all of them.
pub(crate) struct Sheet {
    /// What is said of all.
    pub(crate) about: Map<String, Value>,
    /// The rows.
    pub(crate) rows: Vec<Value>,
}

impl Sheet {
    /// Returns a sheet of rows.
    pub(crate) fn of(rows: Vec<Value>) -> Sheet {
        Sheet { about: Map::new(), rows }
    }

    /// Returns it as JSON, with what is said of every figure.
    pub(crate) fn json(self, mut meta: Value) -> Value {
        if let Some(meta) = meta.as_object_mut() {
            meta.extend(self.about);
        }
        json!({ "data": self.rows, "meta": meta })
    }

    /// Returns it as comma-separated values: keys of objects within a row are joined by a point,
    /// and lists are written as JSON.
    pub(crate) fn csv(&self) -> Response {
        let rows: Vec<Vec<(String, String)>> = self.rows.iter().map(flat).collect();
        let mut out = csv::Writer::from_writer(Vec::new());
        if let Some(first) = rows.first() {
            // Writing to memory does not fail.
            let _ = out.write_record(first.iter().map(|(name, _)| name));
        }
        for row in &rows {
            let _ = out.write_record(row.iter().map(|(_, value)| value));
        }
        let text = out.into_inner().unwrap_or_default();
        ([(CONTENT_TYPE, "text/csv; charset=utf-8")], text).into_response()
    }
}

fn flat(row: &Value) -> Vec<(String, String)> {
    let mut cells = Vec::new();
    flatten(String::new(), row, &mut cells);
    cells
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
        Value::String(text) => cells.push((name, harmless(text))),
        other => cells.push((name, other.to_string())),
    }
}

/// Returns a text that no spreadsheet takes for a formula.
fn harmless(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_flat_in_csv_and_no_cell_is_a_formula() {
        let row =
            json!({ "name": "=1+1", "change": { "growth": 0.5, "low": null }, "list": [1, 2] });
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            flat(&row),
            [
                pair("name", "'=1+1"),
                pair("change.growth", "0.5"),
                pair("change.low", ""),
                pair("list", "[1,2]"),
            ]
        );
    }
}
