//! The plugin `context-compression`: a prompt that does not fit an endpoint's context loses what
//! stands in its middle, for models heed its beginning and its end most.
//!
//! Instructions and the last turn stay; a tool's call is never parted from its result. What has to
//! go is taken from the middle outwards, and the last message that need not go as a whole loses the
//! middle of its text alone.

use std::sync::Arc;

use domain::catalog::{Endpoint, Modality};
use domain::chat::{ChatRequest, Message, Part, Role};
use domain::failure::Failure;

use crate::registry::canonical;
use crate::request::Request;
use crate::tokens;

/// Contexts up to this many tokens have prompts compressed unless a request says otherwise
/// (OpenRouter's rule).
const SMALL_CONTEXT: u32 = 8_192;
/// Tokens that are left for an answer whose length the caller does not name, at most.
const ANSWER_TOKENS: u32 = 1_024;
/// Messages that Claude takes (OpenRouter's rule).
const CLAUDE_MESSAGES_MAX: usize = 1_000;
/// Tokens around a message, at most.
const PER_MESSAGE_MAX: u32 = 32;
/// What stands for what was taken from a text.
const GAP: &str = "\n[…]\n";
/// How often a text is cut again that is still too long.
const CUTS_MAX: usize = 8;

/// What became of a prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compression {
    /// Messages that it had.
    pub messages_before: usize,
    /// Messages that are sent.
    pub messages_after: usize,
    /// Tokens that it had, by the house's count.
    pub tokens_before: u32,
    /// Tokens that are sent.
    pub tokens_after: u32,
}

/// Returns whether a request may have to be compressed for an endpoint. Costs next to nothing;
/// finding out whether it has to takes a count of its tokens.
pub fn is_due(request: &Request, endpoint: &Endpoint, tokenizer: Option<&str>) -> bool {
    let facts = &request.facts;
    let Some(room) = room(request, endpoint) else { return false };
    let is_wanted = facts
        .compresses
        .unwrap_or_else(|| endpoint.context.is_some_and(|context| context <= SMALL_CONTEXT));
    let only_images = endpoint.output_modalities == [Modality::Image];
    if !is_wanted || only_images || request.task.is_some() {
        return false;
    }
    // A token is a byte at least.
    let around = facts.messages.saturating_add(1).saturating_mul(PER_MESSAGE_MAX);
    let may_exceed = room < facts.prompt_bytes.saturating_add(around);
    may_exceed || messages_max(tokenizer) < facts.messages as usize
}

/// Returns a request as it fits an endpoint, and what was done to it; `None` where it fits as it
/// is. It may still be too long where instructions and the last turn alone are: its provider will
/// say so.
///
/// # Errors
/// When the request cannot be read.
pub fn compressed(
    request: &Request,
    endpoint: &Endpoint,
    tokenizer: Option<&str>,
) -> Result<Option<(Request, Compression)>, Failure> {
    let Some(room) = room(request, endpoint) else { return Ok(None) };
    // Counts by another family's vocabulary are near, not exact.
    let room = if tokenizer == Some("GPT") { room } else { room - room / 10 };
    let mut chat = canonical(request)?;
    let before = (chat.messages.len(), tokens::of_prompt(&chat, tokenizer));
    keep_ends(&mut chat.messages, messages_max(tokenizer));
    fit(&mut chat, room, tokenizer);
    let after = (chat.messages.len(), tokens::of_prompt(&chat, tokenizer));
    if before == after {
        return Ok(None);
    }
    let done = Compression {
        messages_before: before.0,
        messages_after: after.0,
        tokens_before: before.1,
        tokens_after: after.1,
    };
    Ok(Some((Request { replaced: Some(Arc::new(chat)), ..request.clone() }, done)))
}

/// Returns the tokens that an endpoint has for a prompt, beside the answer; `None` where that is
/// not known.
fn room(request: &Request, endpoint: &Endpoint) -> Option<u32> {
    let most = endpoint.max_output.unwrap_or(u32::MAX);
    let together = endpoint.context.map(|context| {
        let usual = ANSWER_TOKENS.min(context / 4).min(most);
        context.saturating_sub(request.facts.output_tokens_max.unwrap_or(usual).min(most))
    });
    [together, endpoint.max_input].into_iter().flatten().min()
}

fn messages_max(tokenizer: Option<&str>) -> usize {
    if tokenizer == Some("Claude") { CLAUDE_MESSAGES_MAX } else { usize::MAX }
}

/// Messages that stay or go together: one, or a call of tools with its results.
struct Turn {
    from: usize,
    to: usize,
    tokens: u32,
    stays: bool,
}

fn turns(messages: &[Message]) -> Vec<Turn> {
    let mut turns: Vec<Turn> = Vec::new();
    for (place, message) in messages.iter().enumerate() {
        let answers = message.parts.iter().any(|it| matches!(it, Part::ToolResult { .. }));
        match turns.last_mut().filter(|last| answers && !last.stays) {
            Some(last) => last.to = place + 1,
            None => {
                let stays = matches!(message.role, Role::System | Role::Developer);
                turns.push(Turn { from: place, to: place + 1, tokens: 0, stays });
            }
        }
    }
    if let Some(last) = turns.last_mut() {
        last.stays = true;
    }
    turns
}

/// Returns the places of the turns that may go, those in the middle first.
fn middle_out(turns: &[Turn]) -> Vec<usize> {
    let free: Vec<usize> = (0..turns.len()).filter(|place| !turns[*place].stays).collect();
    let middle = free.len() / 2;
    let (before, after) = free.split_at(middle);
    let mut order = Vec::with_capacity(free.len());
    let (mut before, mut after) = (before.iter().rev(), after.iter());
    loop {
        let pair = [after.next(), before.next()];
        order.extend(pair.into_iter().flatten());
        if pair == [None, None] {
            return order;
        }
    }
}

fn retain(messages: &mut Vec<Message>, turns: &[Turn], gone: &[bool]) {
    let mut kept = vec![true; messages.len()];
    for (turn, _) in turns.iter().zip(gone).filter(|(_, gone)| **gone) {
        kept[turn.from..turn.to].fill(false);
    }
    let mut kept = kept.into_iter();
    messages.retain(|_| kept.next().unwrap_or(true));
}

/// Takes turns out of the middle until there are few enough messages.
fn keep_ends(messages: &mut Vec<Message>, messages_max: usize) {
    let mut count = messages.len();
    if count <= messages_max {
        return;
    }
    let turns = turns(messages);
    let mut gone = vec![false; turns.len()];
    for place in middle_out(&turns) {
        if count <= messages_max {
            break;
        }
        gone[place] = true;
        count -= turns[place].to - turns[place].from;
    }
    retain(messages, &turns, &gone);
}

/// Takes out of the middle what is too much for `room` tokens.
fn fit(chat: &mut ChatRequest, room: u32, tokenizer: Option<&str>) {
    let total = tokens::of_prompt(chat, tokenizer);
    let mut excess = total.saturating_sub(room);
    if excess == 0 {
        return;
    }
    let mut turns = turns(&chat.messages);
    for turn in &mut turns {
        turn.tokens = tokens::of_messages(&chat.messages[turn.from..turn.to], tokenizer);
    }
    let mut gone = vec![false; turns.len()];
    for place in middle_out(&turns) {
        if excess == 0 {
            break;
        }
        let turn = &turns[place];
        let message = &mut chat.messages[turn.from];
        if excess < turn.tokens && turn.to == turn.from + 1 {
            excess = excess.saturating_sub(cut(message, excess, tokenizer));
        }
        if excess != 0 {
            gone[place] = true;
            excess = excess.saturating_sub(turn.tokens);
        }
    }
    // What stays is cut where that alone is too long: the last turn first, then instructions.
    for turn in turns.iter().rev().filter(|turn| turn.stays) {
        for message in chat.messages[turn.from..turn.to].iter_mut().rev() {
            if excess != 0 {
                excess = excess.saturating_sub(cut(message, excess, tokenizer));
            }
        }
    }
    retain(&mut chat.messages, &turns, &gone);
}

/// Cuts at least `excess` tokens from the middle of a message's longest text, if that has so many.
/// Returns how many went.
fn cut(message: &mut Message, excess: u32, tokenizer: Option<&str>) -> u32 {
    let texts = message.parts.iter_mut().filter_map(text);
    let Some(text) = texts.max_by_key(|text| text.len()) else { return 0 };
    let before = tokens::of_text(text, tokenizer);
    let mut kept = before.saturating_sub(excess);
    for _ in 0..CUTS_MAX {
        let bytes = text.len() as u64 * u64::from(kept) / u64::from(before.max(1));
        let shorter = without_middle(text, usize::try_from(bytes).unwrap_or(usize::MAX));
        let after = tokens::of_text(&shorter, tokenizer);
        if before.saturating_sub(after) >= excess {
            *text = shorter;
            return before - after;
        }
        kept = kept.saturating_sub((kept / 16).max(after + excess - before));
    }
    0
}

/// Returns the text of a part, or of what a tool said.
fn text(part: &mut Part) -> Option<&mut String> {
    match part {
        Part::Text { text, .. } => Some(text),
        Part::ToolResult { parts, .. } => {
            parts.iter_mut().filter_map(text).max_by_key(|text| text.len())
        }
        _ => None,
    }
}

/// Returns both ends of a text, of so many bytes together, the sign for the gap included.
fn without_middle(text: &str, bytes: usize) -> String {
    let half = bytes.saturating_sub(GAP.len()) / 2;
    let head = &text[..text.floor_char_boundary(half)];
    let tail = &text[text.ceil_char_boundary(text.len() - half.min(text.len()))..];
    format!("{head}{GAP}{tail}")
}

#[cfg(test)]
mod tests;
