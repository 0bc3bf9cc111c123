//! The site: pure functions from what a reader is to see to HTML.
//!
//! A page is a struct of what the reader sees and a method that renders it. Whatever is a number
//! has become words before it gets here ([`words`]), so a page cannot show another figure than the
//! API. Everything is escaped by `maud`; scripts and styles are files, so that a strict content
//! security policy holds.

pub mod app;
pub mod assets;
pub mod chart;
pub mod compare;
pub mod docs;
pub mod home;
pub mod layout;
pub mod machine;
pub mod missing;
pub mod model;
pub mod models;
pub mod playground;
pub mod provider;
pub mod ranking;
pub mod reference;
pub mod status;
pub mod traffic;
pub mod words;

mod markdown;
mod parts;

pub use layout::{Frame, Section, Twin};
pub use maud::Markup;
pub use parts::{Fact, Link, Snippet};
