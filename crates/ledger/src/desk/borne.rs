//! What the house bears for an account in a day, in the hands of a desk.

use domain::books::Standing;
use domain::money::Money;

/// What the house bears for an account in a day.
#[derive(Debug, Default)]
pub(super) struct Borne {
    /// What the books said last.
    pub(super) told: Standing,
    /// All that was borne or promised here.
    pub(super) here: Money,
    /// How much of that the books had at least when they were asked.
    pub(super) counted: Money,
    /// Something has begun since they were.
    pub(super) is_busy: bool,
}
