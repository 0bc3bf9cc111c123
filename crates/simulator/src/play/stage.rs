//! Which steps an answer or a fault comes down to.
use super::scene::Scene;
use super::step::{Play, Step, once};
use super::{body, framing, healthy, midstream, refusal, socket, sse};
use crate::fault::Fault;

/// Decides what to do with the connection to answer, or to fail as `fault` says.
pub(crate) fn stage(mut scene: Scene, fault: Option<&Fault>) -> Play {
    let wait_ms = scene.script.first_byte_ms;
    let play = match fault {
        None => healthy::answer(&scene),
        Some(fault) => {
            scene.answer.bend(fault);
            failing(scene, fault)
        }
    };
    if wait_ms == 0 { play } else { Box::new(std::iter::once(Step::Wait(wait_ms)).chain(play)) }
}

fn failing(scene: Scene, fault: &Fault) -> Play {
    match fault {
        Fault::Reset { .. } => once([Step::Reset]),
        Fault::Close { .. } => once([Step::Close]),
        Fault::Silence {} => once([Step::Hang]),
        Fault::HalfClose {} => once([Step::CloseWrite, Step::Hang]),
        Fault::IgnoreClose { gap_ms } => socket::ignore_close(&scene, *gap_ms),
        Fault::HeaderDrip { byte_ms } => socket::header_drip(&scene, *byte_ms),
        Fault::HeadersThenSilence {} => socket::headers_then_silence(&scene),
        Fault::InfiniteHeaders {} => socket::infinite_headers(&scene),
        Fault::BigHeader { bytes } => socket::big_header(&scene, *bytes),
        Fault::ManyInterim { count } => socket::many_interim(&scene, *count),
        Fault::Status { .. } | Fault::Redirect { .. } => refusal::status(&scene, fault),
        Fault::EmptyBody {} => refusal::empty_body(&scene),
        Fault::Html { status } => refusal::html(&scene, *status),
        Fault::ErrorInBody { code } => refusal::error_in_body(&scene, *code),
        Fault::FirstEventError { code } => midstream::error(&scene, None, *code),
        Fault::MidStreamError { after_chunks, code } => {
            midstream::error(&scene, Some(*after_chunks), *code)
        }
        Fault::Stall { after_chunks } => midstream::part(&scene, *after_chunks, Step::Hang),
        Fault::ResetMid { after_chunks } => midstream::part(&scene, *after_chunks, Step::Reset),
        Fault::Fin { after_chunks, clean: false } => {
            midstream::part(&scene, *after_chunks, Step::Close)
        }
        Fault::Fin { after_chunks, clean: true } => midstream::clean_part(&scene, *after_chunks),
        Fault::Cut { after_chunks, inside, clean } => {
            midstream::cut(scene, *after_chunks, *inside, *clean)
        }
        Fault::Drip { chunk_ms } => midstream::drip(&scene, *chunk_ms),
        Fault::InfiniteStream { gap_ms } => midstream::infinite(scene, *gap_ms),
        Fault::MalformedSse { how, bytes } => sse::malformed(scene, *how, *bytes),
        Fault::DataAfterDone {} => sse::after_done(&scene, false),
        Fault::TwoDone {} => sse::after_done(&scene, true),
        Fault::OtherShape {} => body::other_shape(&scene),
        Fault::BrokenJson { how } => body::broken_json(&scene, *how),
        Fault::Bomb { encoding, mib } => body::bomb(&scene, *encoding, *mib),
        Fault::LyingEncoding { encoding } => body::lying_encoding(&scene, *encoding),
        Fault::ContentLength { how } => framing::content_length(&scene, *how),
        Fault::LengthAndChunked {} => framing::length_and_chunked(&scene),
        Fault::ChunkOverflow {} => framing::chunk_overflow(&scene),
        // The answer itself is bent; a flapping fault has been resolved to the one in force.
        Fault::Usage { .. } | Fault::NoFinishReason {} | Fault::Flapping { .. } => {
            healthy::answer(&scene)
        }
    }
}
