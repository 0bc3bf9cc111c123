//! An answer, or one event of it, found in place: which bytes are what.

use crate::json::{Broken, Cursor, Kind, Span, char_bytes};

/// What an answer or an event holds. It is filled again for each event, so that a stream allocates
/// no more than its largest one needs.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) id: Option<Span>,
    pub(super) error: Option<Span>,
    pub(super) usage: Option<Span>,
    pub(super) choices: Vec<Part>,
    /// There is a list of choices, if only an empty one.
    pub(super) has_choices: bool,
    /// Members of all choices' messages, in their order.
    pub(super) members: Vec<Member>,
    /// Members beside the choices that are passed on.
    pub(super) kept: Vec<(Span, Span)>,
    /// Names that only errors have stand where an answer's should.
    pub(super) looks_failed: bool,
}

/// One choice.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Part {
    pub(super) index: u32,
    /// Its members, as places in [`Found::members`].
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) finish: Option<Span>,
    pub(super) logprobs: Option<Span>,
}

/// One member of a message or a delta.
#[derive(Clone, Copy, Debug)]
pub(super) struct Member {
    pub(super) what: What,
    pub(super) name: Span,
    pub(super) value: Span,
    /// It says nothing: null, an empty string, an empty list.
    pub(super) is_empty: bool,
}

/// What a member of a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Role,
    Content,
    Reasoning,
    ReasoningDetails,
    ToolCalls,
    Images,
    Other,
}

impl Found {
    /// Fills this from a text.
    ///
    /// `body`: the name of a choice's message, `delta` in events. `extra`: further names beside the
    /// choices that are passed on.
    ///
    /// # Errors
    /// When the text is no JSON object, or names twice what may be there once.
    pub(super) fn fill(
        &mut self,
        text: &[u8],
        body: &'static [u8],
        extra: &[String],
    ) -> Result<(), Broken> {
        self.clear();
        let mut cursor = Cursor::new(text)?;
        if cursor.kind()? != Kind::Object {
            return Err(Broken { at: cursor.at(), why: "an object was expected" });
        }
        cursor.enter()?;
        let mut first = true;
        while let Some(name) = cursor.member(&mut first)? {
            match name.inside().of(text) {
                b"choices" => self.choices(text, body, &mut cursor)?,
                b"id" => set(&mut self.id, &mut cursor, text)?,
                b"error" => set(&mut self.error, &mut cursor, text)?,
                b"usage" => set(&mut self.usage, &mut cursor, text)?,
                b"x_groq" => self.aside(text, &mut cursor)?,
                b"system_fingerprint" | b"service_tier" => {
                    self.kept.push((name, cursor.skip()?));
                }
                raw if extra.iter().any(|extra| extra.as_bytes() == raw) => {
                    self.kept.push((name, cursor.skip()?));
                }
                b"detail" | b"message" | b"msg" | b"errors" => {
                    self.looks_failed = true;
                    cursor.skip()?;
                }
                b"object" => self.looks_failed |= cursor.skip()?.of(text) == b"\"error\"",
                _ => {
                    cursor.skip()?;
                }
            }
        }
        cursor.end()
    }

    /// Returns the members of a choice's message.
    pub(super) fn members(&self, part: &Part) -> &[Member] {
        &self.members[part.from..part.to]
    }

    fn clear(&mut self) {
        let Found { choices, members, kept, .. } = std::mem::take(self);
        *self = Found { choices, members, kept, ..Found::default() };
        self.choices.clear();
        self.members.clear();
        self.kept.clear();
    }

    /// Reads Groq's own object, which holds what others have beside the choices.
    fn aside(&mut self, text: &[u8], cursor: &mut Cursor<'_>) -> Result<(), Broken> {
        if cursor.kind()? != Kind::Object {
            return cursor.skip().map(|_| ());
        }
        cursor.enter()?;
        let mut first = true;
        while let Some(name) = cursor.member(&mut first)? {
            let value = cursor.skip()?;
            let slot = match name.inside().of(text) {
                b"usage" => &mut self.usage,
                b"error" => &mut self.error,
                _ => continue,
            };
            if slot.is_none() && value.of(text) != b"null" {
                *slot = Some(value);
            }
        }
        Ok(())
    }

    fn choices(
        &mut self,
        text: &[u8],
        body: &'static [u8],
        cursor: &mut Cursor<'_>,
    ) -> Result<(), Broken> {
        if self.has_choices {
            return Err(Broken { at: cursor.at(), why: "the choices stand there twice" });
        }
        if cursor.kind()? != Kind::List {
            return cursor.skip().map(|_| ());
        }
        self.has_choices = true;
        cursor.enter()?;
        let mut first = true;
        while cursor.item(&mut first)? {
            if cursor.kind()? != Kind::Object {
                return Err(Broken { at: cursor.at(), why: "a choice is no object" });
            }
            self.choice(text, body, cursor)?;
        }
        Ok(())
    }

    fn choice(
        &mut self,
        text: &[u8],
        body: &'static [u8],
        cursor: &mut Cursor<'_>,
    ) -> Result<(), Broken> {
        cursor.enter()?;
        let from = self.members.len();
        let mut part = Part { from, to: from, ..Part::default() };
        let mut first = true;
        while let Some(name) = cursor.member(&mut first)? {
            match name.inside().of(text) {
                b"index" => part.index = index(cursor.skip()?.of(text)),
                b"finish_reason" => {
                    part.finish = Some(cursor.skip()?).filter(|it| {
                        let is_text = it.of(text).first() == Some(&b'"');
                        is_text && 2 < it.len()
                    });
                }
                b"logprobs" => {
                    part.logprobs = Some(cursor.skip()?).filter(|it| it.of(text) != b"null");
                }
                raw if raw == body && cursor.kind()? == Kind::Object => {
                    self.message(text, cursor)?;
                    part.to = self.members.len();
                }
                _ => {
                    cursor.skip()?;
                }
            }
        }
        self.choices.push(part);
        Ok(())
    }

    fn message(&mut self, text: &[u8], cursor: &mut Cursor<'_>) -> Result<(), Broken> {
        cursor.enter()?;
        let mut first = true;
        while let Some(name) = cursor.member(&mut first)? {
            let what = match name.inside().of(text) {
                b"role" => What::Role,
                b"content" => What::Content,
                b"reasoning" | b"reasoning_content" => What::Reasoning,
                b"reasoning_details" => What::ReasoningDetails,
                b"tool_calls" => What::ToolCalls,
                b"images" => What::Images,
                _ => What::Other,
            };
            let value = cursor.skip()?;
            let is_empty = matches!(value.of(text), b"null" | b"\"\"" | b"[]" | b"{}");
            self.members.push(Member { what, name, value, is_empty });
        }
        Ok(())
    }
}

impl Member {
    /// Returns whether it holds a string.
    pub(super) fn is_text(&self, text: &[u8]) -> bool {
        text[self.value.start] == b'"'
    }

    /// Returns how many bytes of text it holds, where it is a string.
    pub(super) fn text_bytes(&self, text: &[u8]) -> u64 {
        let is_said = self.what != What::Role && self.is_text(text);
        if is_said { char_bytes(self.value.inside().of(text)) as u64 } else { 0 }
    }
}

fn set(slot: &mut Option<Span>, cursor: &mut Cursor<'_>, text: &[u8]) -> Result<(), Broken> {
    let at = cursor.at();
    let value = cursor.skip()?;
    if value.of(text) == b"null" {
        return Ok(());
    }
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(Broken { at, why: "a field stands there twice" }),
    }
}

/// Returns a choice's index; one that is none is the first.
fn index(value: &[u8]) -> u32 {
    match value {
        [digit @ b'0'..=b'9'] => u32::from(digit - b'0'),
        longer => std::str::from_utf8(longer).ok().and_then(|it| it.parse().ok()).unwrap_or(0),
    }
}
