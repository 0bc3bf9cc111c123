//! One pass over a body: where its fields stand, and what its messages and tools hold.

use std::collections::BTreeSet;

use domain::catalog::Modality;
use domain::failure::{Failure, FailureKind};

use crate::facts::{MEDIA_BYTES, MEDIA_BYTES_PER_TOKEN};
use crate::json::{Broken, Cursor, Kind, Span, unescape};
use crate::request::{Field, Marks};

/// What one pass over a body has found.
#[derive(Debug, Default)]
pub(super) struct Pass {
    pub(super) fields: Vec<Field>,
    pub(super) marks: Marks,
    pub(super) messages: u32,
    pub(super) modalities: Vec<Modality>,
    /// Bytes that bound the tokens of messages, tools and schema.
    pub(super) prompt_bytes: usize,
    /// Tools that the caller itself runs.
    pub(super) tools: u32,
    /// The content of the first message of the operator, and of the first of anybody else.
    pub(super) beginning: [Option<Span>; 2],
}

/// Why a body is refused.
pub(super) struct Refused(pub(super) Failure);

impl From<Broken> for Refused {
    fn from(broken: Broken) -> Refused {
        let Broken { at, why } = broken;
        Refused(invalid(format!("The body is not the JSON it should be: {why}, at byte {at}.")))
    }
}

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Refused {
        Refused(failure)
    }
}

const ROLES: [&[u8]; 6] = [b"system", b"developer", b"user", b"assistant", b"tool", b"function"];
/// Messages of one request, at most.
const MESSAGES_MAX: u32 = 100_000;
/// Characters of a function's name, at most.
const TOOL_NAME_MAX: usize = 64;

/// Reads a body.
///
/// # Errors
/// When it is no JSON object, names a field twice, or its messages or tools make no sense.
pub(super) fn read(body: &[u8]) -> Result<Pass, Refused> {
    let mut cursor = Cursor::new(body)?;
    if cursor.kind()? != Kind::Object {
        return Err(invalid("The body has to be a JSON object.").into());
    }
    let mut pass = Pass { fields: Vec::with_capacity(16), ..Pass::default() };
    cursor.enter()?;
    let mut first = true;
    while let Some(name) = cursor.member(&mut first)? {
        let value_start = cursor.at();
        let raw = name.inside().of(body);
        match raw {
            b"messages" => pass.messages(body, &mut cursor)?,
            b"tools" => pass.tools(body, &mut cursor)?,
            b"response_format" | b"prompt" => pass.prompt_bytes += cursor.skip()?.len(),
            _ => {
                cursor.skip()?;
            }
        }
        let Some(name_text) = unescape(raw) else {
            return Err(invalid("The name of a field holds half a surrogate pair.").into());
        };
        let name_text = name_text.into_owned();
        let end = cursor.at();
        pass.fields.push(Field { name: name_text, start: name.start, value_start, end });
    }
    cursor.end()?;
    once(&pass.fields)?;
    Ok(pass)
}

/// Checks that no field stands twice: which of the two holds, nobody agrees on.
fn once(fields: &[Field]) -> Result<(), Failure> {
    let mut seen = BTreeSet::new();
    match fields.iter().find(|field| !seen.insert(field.name.as_str())) {
        None => Ok(()),
        Some(twice) => {
            let name: String = twice.name.chars().filter(|it| !it.is_control()).take(64).collect();
            Err(invalid(format!("`{name}` stands in the body twice.")).at(name))
        }
    }
}

impl Pass {
    fn messages(&mut self, body: &[u8], cursor: &mut Cursor<'_>) -> Result<(), Refused> {
        if cursor.kind()? != Kind::List {
            cursor.skip()?;
            return Err(invalid("`messages` has to be a list.").at("messages").into());
        }
        cursor.enter()?;
        let mut first = true;
        while cursor.item(&mut first)? {
            let index = self.messages;
            if index == MESSAGES_MAX {
                return Err(invalid("There are too many messages.").at("messages").into());
            }
            self.message(body, cursor, index)?;
            self.messages += 1;
        }
        Ok(())
    }

    fn message(&mut self, body: &[u8], cursor: &mut Cursor<'_>, index: u32) -> Result<(), Refused> {
        if cursor.kind()? != Kind::Object {
            return Err(wrong(index, "", "has to be an object").into());
        }
        cursor.enter()?;
        let (mut role, mut has_content, mut has_call_id) = (None, false, false);
        let mut content = Span::default();
        let mut first = true;
        while let Some(name) = cursor.member(&mut first)? {
            match name.inside().of(body) {
                b"role" => role = Some(cursor.skip()?),
                b"content" => {
                    let start = cursor.at();
                    has_content = self.content(body, cursor, index)?;
                    content = Span { start, end: cursor.at() };
                }
                b"reasoning" | b"reasoning_content" | b"reasoning_details" => {
                    self.marks.thinking = true;
                    cursor.skip()?;
                }
                b"annotations" | b"images" | b"model" | b"refusal" => {
                    self.marks.echoed = true;
                    cursor.skip()?;
                }
                b"tool_call_id" => {
                    self.marks.tool_calls = true;
                    has_call_id = cursor.kind()? == Kind::String;
                    cursor.skip()?;
                }
                b"tool_calls" => {
                    let span = cursor.skip()?;
                    self.marks.tool_calls |= span.of(body) != b"null";
                    self.prompt_bytes += span.len();
                }
                b"cache_control" => {
                    self.marks.cache = true;
                    cursor.skip()?;
                }
                b"name" => self.prompt_bytes += cursor.skip()?.len(),
                _ => {
                    cursor.skip()?;
                }
            }
        }
        let role = role.map(|role| role.of(body)).unwrap_or_default();
        let role = role.strip_prefix(b"\"").and_then(|role| role.strip_suffix(b"\""));
        let Some(role) = role.filter(|role| ROLES.contains(role)) else {
            let must = "has to be one of system, developer, user, assistant, tool";
            return Err(wrong(index, ".role", must).into());
        };
        self.marks.developer |= role == b"developer";
        let whose = usize::from(!matches!(role, b"system" | b"developer"));
        self.beginning[whose].get_or_insert(content);
        self.marks.prefill = role == b"assistant";
        if role == b"tool" && !has_call_id {
            return Err(wrong(index, ".tool_call_id", "has to name the call it answers").into());
        }
        if !has_content && !matches!(role, b"assistant" | b"function") {
            return Err(wrong(index, ".content", "is missing").into());
        }
        Ok(())
    }

    /// Reads a message's content. Returns whether there is any.
    fn content(
        &mut self,
        body: &[u8],
        cursor: &mut Cursor<'_>,
        index: u32,
    ) -> Result<bool, Refused> {
        match cursor.kind()? {
            Kind::String => {
                self.prompt_bytes += cursor.string()?.inside().len();
                Ok(true)
            }
            Kind::Null => cursor.skip().map(|_| false).map_err(Refused::from),
            Kind::List => {
                cursor.enter()?;
                let (mut first, mut place) = (true, 0);
                while cursor.item(&mut first)? {
                    self.part(body, cursor, (index, place))?;
                    place += 1;
                }
                Ok(true)
            }
            Kind::Object | Kind::Number | Kind::Bool => {
                Err(wrong(index, ".content", "has to be a string or a list of parts").into())
            }
        }
    }

    fn part(
        &mut self,
        body: &[u8],
        cursor: &mut Cursor<'_>,
        (index, place): (u32, u32),
    ) -> Result<(), Refused> {
        let wrong = |what: &str, must| wrong(index, &format!(".content[{place}]{what}"), must);
        if cursor.kind()? != Kind::Object {
            return Err(wrong("", "has to be an object").into());
        }
        cursor.enter()?;
        let (mut kind, mut media) = (Span::default(), None);
        let mut first = true;
        while let Some(name) = cursor.member(&mut first)? {
            match name.inside().of(body) {
                b"type" => kind = cursor.skip()?,
                b"text" | b"refusal" => self.prompt_bytes += cursor.skip()?.len(),
                b"image_url" | b"input_audio" | b"file" | b"video_url" | b"input_video" => {
                    media = Some(cursor.skip()?.len());
                }
                b"cache_control" | b"prompt_cache_breakpoint" => {
                    self.marks.cache = true;
                    cursor.skip()?;
                }
                _ => {
                    cursor.skip()?;
                }
            }
        }
        let modality = match kind.of(body) {
            b"\"text\"" | b"\"refusal\"" => return Ok(()),
            b"\"image_url\"" => Modality::Image,
            b"\"input_audio\"" => Modality::Audio,
            b"\"file\"" => Modality::File,
            b"\"video_url\"" | b"\"input_video\"" => Modality::Video,
            _ => {
                let must = "has to be one of text, image_url, input_audio, video_url, file";
                return Err(wrong(".type", must).into());
            }
        };
        let Some(bytes) = media else {
            return Err(wrong("", "lacks the field that its type names").into());
        };
        self.prompt_bytes += MEDIA_BYTES + bytes / MEDIA_BYTES_PER_TOKEN;
        if !self.modalities.contains(&modality) {
            self.modalities.push(modality);
        }
        Ok(())
    }

    fn tools(&mut self, body: &[u8], cursor: &mut Cursor<'_>) -> Result<(), Refused> {
        if cursor.kind()? != Kind::List {
            cursor.skip()?;
            return Ok(());
        }
        let start = cursor.at();
        cursor.enter()?;
        let mut first = true;
        let mut place = 0;
        while cursor.item(&mut first)? {
            self.tool(body, cursor, place)?;
            place += 1;
        }
        self.prompt_bytes += cursor.at() - start;
        Ok(())
    }

    fn tool(&mut self, body: &[u8], cursor: &mut Cursor<'_>, place: u32) -> Result<(), Refused> {
        let wrong = |what: &str, must: &str| {
            let param = format!("tools[{place}]{what}");
            Refused(invalid(format!("`{param}` {must}.")).at(param))
        };
        if cursor.kind()? != Kind::Object {
            return Err(wrong("", "has to be an object"));
        }
        cursor.enter()?;
        let (mut kind, mut name, mut first) = (Span::default(), None, true);
        while let Some(member) = cursor.member(&mut first)? {
            match member.inside().of(body) {
                b"type" => kind = cursor.skip()?,
                b"function" if cursor.kind()? == Kind::Object => {
                    name = function_name(body, cursor)?;
                }
                b"cache_control" => {
                    self.marks.cache = true;
                    cursor.skip()?;
                }
                _ => {
                    cursor.skip()?;
                }
            }
        }
        match kind.of(body) {
            b"\"function\"" => match name.map(Span::len) {
                None | Some(0) => return Err(wrong(".function.name", "is missing")),
                Some(length) if TOOL_NAME_MAX < length => {
                    return Err(wrong(".function.name", "has more than 64 characters"));
                }
                Some(_) => self.tools += 1,
            },
            [] | b"null" => return Err(wrong(".type", "is missing")),
            b"\"custom\"" => {
                self.marks.server_tools = true;
                self.tools += 1;
            }
            _ => self.marks.server_tools = true,
        }
        Ok(())
    }
}

/// Reads the object under a tool's `function`. Returns where its name stands, without quotes.
fn function_name(body: &[u8], cursor: &mut Cursor<'_>) -> Result<Option<Span>, Refused> {
    cursor.enter()?;
    let (mut name, mut first) = (None, true);
    while let Some(member) = cursor.member(&mut first)? {
        let is_text = cursor.kind()? == Kind::String;
        let value = cursor.skip()?;
        if is_text && member.inside().of(body) == b"name" {
            name = Some(value.inside());
        }
    }
    Ok(name)
}

fn wrong(message: u32, what: &str, must: &str) -> Failure {
    let param = format!("messages[{message}]{what}");
    invalid(format!("`{param}` {must}.")).at(param)
}

/// Returns the failure of a request that makes no sense.
pub(super) fn invalid(detail: impl Into<String>) -> Failure {
    Failure::caller(FailureKind::InvalidRequest, detail)
}
