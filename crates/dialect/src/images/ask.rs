//! A request for images.

use domain::catalog::Dialect;
use serde_json::{Map, Value};

use crate::dialect::UpstreamDialect;

/// A request for images.
#[derive(Debug)]
pub(super) struct Ask {
    pub(super) fields: Map<String, Value>,
    pub(super) options: Map<String, Value>,
    pub(super) prompt: String,
    pub(super) count: u16,
    /// Addresses or `data:` addresses of images to start from.
    pub(super) references: Vec<String>,
    /// How a dialect of chat is spoken, for models that draw in their answers.
    pub(super) speaker: fn(Dialect) -> Option<&'static dyn UpstreamDialect>,
}

/// Returns how many pixels a size such as `1024x1536` has.
pub(super) fn pixels(size: &str) -> Option<u64> {
    let (width, height) = size.split_once(['x', 'X', '*'])?;
    let side = |text: &str| text.parse::<u64>().ok().filter(|it| (1..=16_384).contains(it));
    Some(side(width)? * side(height)?)
}
