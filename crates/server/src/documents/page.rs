//! One page's text.

use std::fmt::{self, Write};

use dialect::documents::TEXT_BYTES_MAX;
use pdf_extract::{ConvertToFmt, Document, PlainTextOutput, output_doc_page};

use super::unread::Unread;

/// What is written of a page, up to as much as a document may hold.
#[derive(Default)]
pub(super) struct Page {
    text: String,
    is_full: bool,
}

impl Page {
    /// Returns the text of a page, without what controls a terminal.
    ///
    /// # Errors
    /// When it makes no sense, or holds more than a document may.
    pub(super) fn read(document: &Document, number: u32) -> Result<String, Unread> {
        let mut page = Page::default();
        let read = output_doc_page(document, &mut PlainTextOutput::new(&mut page), number);
        if page.is_full {
            return Err(Unread::LongText);
        }
        read.map_err(|_| Unread::Broken)?;
        let lines = page.text.lines().map(str::trim_end);
        Ok(lines.collect::<Vec<_>>().join("\n").trim_matches('\n').to_owned())
    }
}

impl Write for Page {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        if TEXT_BYTES_MAX < self.text.len() + piece.len() {
            self.is_full = true;
            return Err(fmt::Error);
        }
        let plain = |it: &char| !it.is_control() || matches!(it, '\n' | '\t');
        self.text.extend(piece.chars().filter(plain));
        Ok(())
    }
}

impl<'a> ConvertToFmt for &'a mut Page {
    type Writer = &'a mut Page;

    fn convert(self) -> &'a mut Page {
        self
    }
}
