//! Files and recordings in messages, as Mistral's dialect has them.

use serde_json::{Map, Value, json};

/// Puts the parts of a message into Mistral's form: a document by its address, a recording by its
/// bytes alone.
pub(super) fn rewrite(message: &mut Map<String, Value>) {
    let parts = message.get_mut("content").and_then(Value::as_array_mut);
    for part in parts.into_iter().flatten() {
        let written = match part["type"].as_str() {
            Some("file") => document(&part["file"]),
            Some("input_audio") => recording(&part["input_audio"]),
            _ => None,
        };
        if let Some(written) = written {
            *part = written;
        }
    }
}

fn document(file: &Value) -> Option<Value> {
    if let Some(id) = file["file_id"].as_str() {
        return Some(json!({"type": "file", "file_id": id}));
    }
    let mut part = json!({"type": "document_url", "document_url": file["file_data"].as_str()?});
    if let Some(name) = file["filename"].as_str() {
        part["document_name"] = json!(name);
    }
    Some(part)
}

fn recording(audio: &Value) -> Option<Value> {
    Some(json!({"type": "input_audio", "input_audio": audio["data"].as_str()?}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_go_by_their_address_and_recordings_by_their_bytes() {
        let message = json!({"role": "user", "content": [
            {"type": "text", "text": "Read."},
            {"type": "file", "file": {"filename": "a.pdf", "file_data": "https://a.example/a.pdf"}},
            {"type": "file", "file": {"file_id": "f1"}},
            {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}},
        ]});
        let Value::Object(mut message) = message else { unreachable!() };
        rewrite(&mut message);
        let expected = json!([
            {"type": "text", "text": "Read."},
            {"type": "document_url", "document_url": "https://a.example/a.pdf",
                "document_name": "a.pdf"},
            {"type": "file", "file_id": "f1"},
            {"type": "input_audio", "input_audio": "UklGRg=="},
        ]);
        assert_eq!(message["content"], expected);
    }
}
