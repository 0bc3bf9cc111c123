//! Documents read as text, each in a process of its own.
//!
//! What callers send is hostile: a document may make its reader panic, overflow its stack, or ask
//! for all memory and time there is. So none is read where requests are served. The binary starts
//! itself again, with nothing of its environment and with bounds that the kernel holds, and takes
//! from it a text or an exit status.

mod page;
mod reader;
mod text;
mod unread;

pub(crate) use reader::text_of;
pub use text::read_from_stdin;
