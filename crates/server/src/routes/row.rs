//! What the rows of the table are made of.

use std::sync::Arc;

use axum::routing::MethodRouter;

use crate::app::App;

/// What answers at an address.
pub(super) type Methods = MethodRouter<Arc<App>>;
/// An address, with what answers there and what that says of itself.
pub(super) type Route = crate::reference::Route<Arc<App>>;

/// The media type of streams of events,
pub(super) const EVENTS: &str = "text/event-stream";
/// of streams of lines,
pub(super) const LINES: &str = "application/x-ndjson";
/// of tables,
pub(super) const CSV: &str = "text/csv";
/// and of feeds.
pub(super) const RSS: &str = "application/rss+xml";
