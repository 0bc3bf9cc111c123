//! The process that reads a document, from inside: a PDF comes in by its standard input, and its
//! text goes out.

use std::io::{Read, Write, stdin, stdout};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::thread;

use dialect::documents::TEXT_BYTES_MAX;
use dialect::media::BYTES_MAX;
use pdf_extract::{Document, Error};
use rustix::process::{Resource, Rlimit, nice, setrlimit};

use super::page::Page;
use super::unread::{PAGES_MAX, Unread};

/// What one document's reader may have: bytes of memory (half of them are set aside by the
/// allocator before it begins), seconds of a core, open files, which are its pipes alone, and bytes
/// that are left of it when it fails.
const BOUNDS: [(Resource, u64); 4] =
    [(Resource::As, 2 << 30), (Resource::Cpu, 10), (Resource::Nofile, 3), (Resource::Core, 0)];
/// The stack of the thread that reads: objects may lie in one another.
const STACK_BYTES: usize = 64 << 20;
/// How much others come before it.
const NICENESS: i32 = 10;

/// Reads a PDF from standard input and writes its text to standard output. The exit status tells
/// why there is none.
pub fn read_from_stdin() -> ExitCode {
    for (resource, most) in BOUNDS {
        let bound = Rlimit { current: Some(most), maximum: Some(most) };
        if setrlimit(resource, bound).is_err() {
            return ExitCode::FAILURE;
        }
    }
    // Whoever may not step back reads at the usual pace.
    let _ = nice(NICENESS);
    let mut document = Vec::new();
    let arrived = stdin().lock().take(BYTES_MAX as u64 + 1).read_to_end(&mut document);
    if arrived.is_err() || BYTES_MAX < document.len() {
        return ExitCode::from(Unread::Broken.status());
    }
    let reading = thread::Builder::new().stack_size(STACK_BYTES).spawn(move || text(&document));
    let read = reading.ok().and_then(|it| it.join().ok()).unwrap_or(Err(Unread::Broken));
    match read {
        Ok(text) if stdout().lock().write_all(text.as_bytes()).is_ok() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(why) => ExitCode::from(why.status()),
    }
}

/// Returns the text of a PDF, its pages apart from one another by an empty line.
fn text(document: &[u8]) -> Result<String, Unread> {
    let document = opened(document)?;
    let pages: Vec<u32> = document.get_pages().into_keys().collect();
    if PAGES_MAX < pages.len() {
        return Err(Unread::ManyPages);
    }
    let (mut text, mut broken) = (String::new(), 0);
    for page in &pages {
        // One page that makes no sense does not take the others with it.
        let read = catch_unwind(AssertUnwindSafe(|| Page::read(&document, *page)));
        let said = match read {
            Ok(Ok(said)) => said,
            Ok(Err(Unread::LongText)) => return Err(Unread::LongText),
            _ => {
                broken += 1;
                continue;
            }
        };
        if TEXT_BYTES_MAX < text.len() + said.len() {
            return Err(Unread::LongText);
        }
        if !text.is_empty() && !said.is_empty() {
            text.push_str("\n\n");
        }
        text.push_str(&said);
    }
    match (text.is_empty(), broken == pages.len()) {
        (false, _) => Ok(text),
        (true, true) => Err(Unread::Broken),
        (true, false) => Err(Unread::Pictures),
    }
}

/// Opens a document; one that is locked without a password, too.
fn opened(document: &[u8]) -> Result<Document, Unread> {
    let mut document = Document::load_mem(document).map_err(|error| match error {
        Error::Decryption(_) | Error::InvalidPassword => Unread::Locked,
        _ => Unread::Broken,
    })?;
    if document.is_encrypted() {
        document.decrypt("").map_err(|_| Unread::Locked)?;
    }
    Ok(document)
}
