//! JSON as it stands in a buffer: found, not built.
//!
//! A request of 100 KB has perhaps ten fields that matter, and an event of a stream three. Reading
//! them in place, and copying the rest as it came, is what keeps both cheap and the rest unchanged.

pub(crate) use crate::cursor::{Broken, Cursor, Kind, Span};
pub(crate) use crate::text::{char_bytes, unescape};
pub(crate) use crate::write::{push_member, push_string, push_value};
