//! Rules of the protocol that can be broken one at a time, to see that the simulation notices. Only
//! builds for tests can break them.

/// A broken rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each names the rule that is broken")]
pub enum Mutant {
    #[default]
    None,
    ShowBeforeDurable,
    NoDedupe,
    LeaseExpires,
    ReturnReserved,
    DropOpenIntents,
    CheckThenReserve,
    UnconditionalGrant,
    NewIdOnRetry,
    TruncateBeforeAck,
    NoReship,
    NoGrace,
    ForgetUsageAtRecovery,
    ShipUnsyncedUsage,
    ShipUnsyncedReturn,
    UnnumberedAssert,
    IgnoreSyncError,
    UngatedProgress,
    SettledNotRecomputed,
    CrossTimelineWatermark,
    NoPeriodicAssert,
    InsureWithoutEnd,
}

impl Mutant {
    /// Every broken rule.
    pub const ALL: [Mutant; 21] = [
        Mutant::ShowBeforeDurable,
        Mutant::NoDedupe,
        Mutant::LeaseExpires,
        Mutant::ReturnReserved,
        Mutant::DropOpenIntents,
        Mutant::CheckThenReserve,
        Mutant::UnconditionalGrant,
        Mutant::NewIdOnRetry,
        Mutant::TruncateBeforeAck,
        Mutant::NoReship,
        Mutant::NoGrace,
        Mutant::ForgetUsageAtRecovery,
        Mutant::ShipUnsyncedUsage,
        Mutant::ShipUnsyncedReturn,
        Mutant::UnnumberedAssert,
        Mutant::IgnoreSyncError,
        Mutant::UngatedProgress,
        Mutant::SettledNotRecomputed,
        Mutant::CrossTimelineWatermark,
        Mutant::NoPeriodicAssert,
        Mutant::InsureWithoutEnd,
    ];

    /// Returns whether this is the rule that is broken: never, outside tests.
    pub(crate) fn breaks(self, rule: Mutant) -> bool {
        cfg!(feature = "mutants") && self == rule
    }
}
