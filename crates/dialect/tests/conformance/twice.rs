//! What a dialect writes it reads back the same: an answer goes from a provider to a caller of the
//! same dialect, and is read again as if that caller were a provider.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::callers::{CHAT, Caller};
use crate::fixtures::{Fixture, Kind, ROWS, Row};
use crate::seen::{Breaches, gathered, receipt};

/// Returns an answer as chat completions tell it, without what every telling makes anew: the
/// provider's word for an end, of which a dialect has only its own; the numbers and ids of pieces,
/// where a dialect has none; and fields that say nothing.
fn plain(text: &[u8]) -> Value {
    let mut told: Value = serde_json::from_slice(text).expect("an answer is JSON");
    for choice in told["choices"].as_array_mut().into_iter().flatten() {
        choice["native_finish_reason"] = Value::Null;
        let Some(message) = choice["message"].as_object_mut() else { continue };
        for detail in list(message, "reasoning_details") {
            detail["index"] = Value::Null;
            detail["id"] = Value::Null;
        }
        for (place, call) in list(message, "tool_calls").enumerate() {
            call["id"] = json!(place);
        }
        message.retain(|_, value| !value.is_null() && *value != json!([]));
    }
    told
}

fn list<'a>(
    message: &'a mut Map<String, Value>,
    name: &str,
) -> impl Iterator<Item = &'a mut Value> {
    message.get_mut(name).and_then(Value::as_array_mut).into_iter().flatten()
}

/// Returns the answer in chat's words, read from a provider's bytes.
fn chat(fixture: &Fixture, bytes: &[u8], kind: Kind) -> Option<Value> {
    let chat = CHAT.attempt(&fixture.endpoint);
    match kind {
        Kind::Stream => gathered(&*chat, [bytes], false).ok().map(|it| plain(&it)),
        _ => {
            let answer = chat.whole(Bytes::copy_from_slice(bytes)).ok()?;
            let receipt = receipt(answer.observed());
            Some(plain(&answer.render(&receipt)))
        }
    }
}

/// Returns what a caller of the provider's own dialect gets: whole, and as a stream.
fn rendered(row: &Row, fixture: &Fixture) -> Option<[Vec<u8>; 2]> {
    let own = Caller::of(row.dialect).attempt(&fixture.endpoint);
    let upstream = fixture.upstream.as_slice();
    if fixture.kind == Kind::Stream {
        let whole = gathered(&*own, [upstream], false).ok()?;
        return Some([whole, gathered(&*own, [upstream], true).ok()?]);
    }
    let answer = || own.whole(Bytes::copy_from_slice(upstream)).ok();
    let receipt = receipt(answer()?.observed());
    Some([answer()?.render(&receipt).to_vec(), answer()?.render_stream(&receipt).to_vec()])
}

#[test]
fn an_answer_is_read_back_as_it_was_written() {
    let (mut breaches, mut read) = (Breaches::default(), 0);
    for row in ROWS.iter().filter(|row| Caller::of(row.dialect).dialect == row.dialect) {
        for fixture in row.fixtures() {
            if matches!(fixture.kind, Kind::Error(_)) {
                continue;
            }
            let first = chat(&fixture, &fixture.upstream, fixture.kind);
            let (Some(first), Some([whole, streamed])) = (first, rendered(row, &fixture)) else {
                continue;
            };
            for (bytes, kind) in [(whole, Kind::Whole), (streamed, Kind::Stream)] {
                let again = chat(&fixture, &bytes, kind).unwrap_or_default();
                breaches.check(again == first, || {
                    format!("{} {kind:?}:\n  {first}\n  {again}", fixture.name)
                });
            }
            read += 1;
        }
    }
    assert!(80 <= read, "{read} answers");
}
