//! The API's own description: what a route says of itself, and the OpenAPI document that is made of
//! what all of them say.
//!
//! A route cannot be put into the table of `routes` without saying who may call it, what it takes
//! and what it answers, so the document and the router are the same table seen twice.

mod document;
mod failures;
mod operation;
mod route;
mod schema;
mod served;

pub(crate) use document::{Reference, operations};
pub(crate) use operation::{Access, Operation, Parameter, Place, Tag};
pub(crate) use route::{Base, Route};
pub(crate) use schema::{
    Schema, anything, either, fixed, instant, list, map, named, number, object, open, text, truth,
    whole, word,
};
