//! A caller's request, scanned once and not rebuilt.

use bytes::Bytes;
use domain::catalog::Dialect;
use domain::request::Facts;

/// A caller's request: the facts that admission and planning need, and the bytes it came in.
#[derive(Clone, Debug)]
pub struct Request {
    /// What admission and planning know of it.
    pub facts: Facts,
    /// The dialect it came in.
    pub dialect: Dialect,
    /// The body as the caller sent it.
    pub body: Bytes,
    /// Where each top-level field stands in the body, in the order of the body.
    pub fields: Vec<Field>,
    /// Fields that are understood by the house and have no effect, with the reason.
    pub ignored: Vec<String>,
}

/// A top-level field of a body: `"name": value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name, unescaped.
    pub name: String,
    /// The byte at which its name's opening quote stands.
    pub start: usize,
    /// The byte at which its value begins.
    pub value_start: usize,
    /// The byte after its value.
    pub end: usize,
}
