//! The events that the house itself adds to a stream: the receipt, the failure, the terminator.

use domain::failure::Failure;
use serde_json::{Map, Value};

use super::lane::{push_head, push_receipt};
use crate::dialect::Face;
use crate::envelope;
use crate::exchange::Receipt;
use crate::json::{push_member, push_value};

/// What ends every stream.
const DONE: &[u8] = b"data: [DONE]\n\n";

/// Returns what an event calls itself.
pub(super) const fn chunk_object(face: &Face) -> &'static str {
    if face.is_legacy { "text_completion" } else { "chat.completion.chunk" }
}

/// Appends the event that tells usage and cost, and the terminator.
///
/// `extra`: fields beside the choices that no event has carried yet.
pub(super) fn push_close(
    face: &Face,
    extra: &Map<String, Value>,
    receipt: &Receipt,
    out: &mut Vec<u8>,
) {
    out.extend_from_slice(b"data: ");
    push_head(face, out, chunk_object(face));
    push_member(out, "choices");
    let choice: &[u8] = if face.is_legacy {
        br#"[{"index":0,"text":"","finish_reason":null,"native_finish_reason":null,"logprobs":null}]"#
    } else {
        br#"[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null,"native_finish_reason":null,"logprobs":null}]"#
    };
    out.extend_from_slice(choice);
    push_extra(out, extra);
    push_receipt(out, receipt);
    out.extend_from_slice(b"}\n\n");
    out.extend_from_slice(DONE);
}

/// Appends fields beside the choices.
pub(super) fn push_extra(out: &mut Vec<u8>, extra: &Map<String, Value>) {
    for (name, value) in extra {
        push_member(out, name);
        push_value(out, value);
    }
}

/// Appends the event that tells a failure, and the terminator.
pub(super) fn push_failure(face: &Face, failure: &Failure, out: &mut Vec<u8>) {
    out.extend_from_slice(b"data: ");
    push_head(face, out, chunk_object(face));
    push_error(face.is_legacy, failure, out);
}

fn push_error(is_legacy: bool, failure: &Failure, out: &mut Vec<u8>) {
    push_member(out, "error");
    push_value(out, &envelope::error(failure, envelope::DOCS));
    push_member(out, "choices");
    let choice: &[u8] = if is_legacy {
        br#"[{"index":0,"text":"","finish_reason":"error"}]"#
    } else {
        br#"[{"index":0,"delta":{"content":""},"finish_reason":"error"}]"#
    };
    out.extend_from_slice(choice);
    out.extend_from_slice(b"}\n\n");
    out.extend_from_slice(DONE);
}
