//! An answer that breaks off on one endpoint and goes on at another, so that its caller sees one.
//!
//! It is done on the house's own events: the caller's encoder stays, the provider's decoder is
//! changed (`resuming.rs`). What was delivered goes to the next endpoint as the beginning of its
//! answer, or, where it cannot go on from one, with the request to do so; whatever it repeats is
//! taken out (`joint.rs`).

use domain::chat::{ChatRequest, Format, Message, Part, Role};
use domain::failure::Failure;

use crate::dialect::{Host, UpstreamDialect};
use crate::exchange::{Continuation, Delivered, Target};
use crate::joint::Manner;
use crate::veil::{self, Veil, Veiling};

/// What an endpoint is asked that cannot go on from a beginning.
const GO_ON: &str = "Your answer above was cut off by a fault of the connection. Go on from exactly \
                     where it ends, beginning with its very next character. Repeat nothing of it, \
                     and say nothing about the interruption.";

/// Returns whether an answer to this request may be continued elsewhere: it is one answer, in text
/// that no schema binds.
pub(crate) fn may_resume(chat: &ChatRequest) -> bool {
    let is_free = matches!(chat.output.format, None | Some(Format::Text));
    is_free && chat.output.choices.unwrap_or(1) == 1
}

/// Returns how the rest of an answer is asked of an endpoint.
///
/// # Errors
/// When the endpoint cannot do what the request insists on.
pub(crate) fn continuation(
    mut chat: ChatRequest,
    delivered: &Delivered,
    target: Target<'_>,
    upstream: &'static dyn UpstreamDialect,
) -> Result<Continuation, Failure> {
    let endpoint = target.endpoint;
    // Whoever thinks first does not go on from a beginning.
    let thinks = chat.reasoning.as_ref().is_some_and(|ask| ask.enabled != Some(false));
    let takes_beginnings = endpoint.quirks.continues_assistant == Some(true) && !thinks;
    let manner = if takes_beginnings { Manner::Prefill } else { Manner::Words };
    if !delivered.text.trim().is_empty() {
        append(&mut chat, delivered, manner);
    }
    if endpoint.veiled {
        let target = Target { user_hash: None, ..target };
        let wire = upstream.encode_request(&chat, target).map_err(veil::failure)?;
        let decoder = upstream.stream_decoder(&Host::of(endpoint));
        let decoder = Box::new(Veiling::new(Veil::new(&delivered.id), decoder));
        let errors = |status, body: &[u8]| veil::failure(upstream.decode_error(status, body));
        return Ok(Continuation { wire, manner, decoder, errors: Box::new(errors) });
    }
    let wire = upstream.encode_request(&chat, target)?;
    let decoder = upstream.stream_decoder(&Host::of(endpoint));
    let errors = Box::new(|status, body: &[u8]| upstream.decode_error(status, body));
    Ok(Continuation { wire, manner, decoder, errors })
}

/// Bytes of text that make a token, on average.
const BYTES_PER_TOKEN: usize = 4;

fn append(chat: &mut ChatRequest, delivered: &Delivered, manner: Manner) {
    let said = |role, text: String| {
        let parts = vec![Part::Text { text, cache: None }];
        Message { role, name: None, parts }
    };
    // A beginning that ends in a blank is refused by some, and confuses all.
    let text = match manner {
        Manner::Prefill => delivered.text.trim_end(),
        Manner::Words => delivered.text.as_str(),
    };
    chat.messages.push(said(Role::Assistant, text.to_owned()));
    if manner == Manner::Words {
        chat.messages.push(said(Role::User, GO_ON.to_owned()));
    }
    let spent = u32::try_from(delivered.text.len() / BYTES_PER_TOKEN).unwrap_or(u32::MAX);
    if let Some(max) = &mut chat.output.tokens_max {
        *max = max.saturating_sub(spent).max(1);
    }
}
