//! Rules of a request's way that can be broken one at a time, to see that the simulation notices.
//! Only builds for tests can break them.

/// A broken rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each names what is done wrong")]
pub enum Mutant {
    #[default]
    None,
    SettledTwice,
    RefusalNotSettled,
    BrokenCharged,
    CompleteFree,
    PriceOfTheFirst,
    CostShownWrong,
    NoFailover,
    CallersFaultRetried,
    OutOfOrder,
    AskedTwice,
    AskedAfterLeaving,
    AttemptUnrecorded,
    TextLeaked,
    TruncationComplete,
    EndedTwice,
    FirstRepeated,
    PieceLost,
    ErrorSwallowed,
    ShownBeforeDurable,
}

impl Mutant {
    /// Every broken rule.
    pub const ALL: [Mutant; 19] = [
        Mutant::SettledTwice,
        Mutant::RefusalNotSettled,
        Mutant::BrokenCharged,
        Mutant::CompleteFree,
        Mutant::PriceOfTheFirst,
        Mutant::CostShownWrong,
        Mutant::NoFailover,
        Mutant::CallersFaultRetried,
        Mutant::OutOfOrder,
        Mutant::AskedTwice,
        Mutant::AskedAfterLeaving,
        Mutant::AttemptUnrecorded,
        Mutant::TextLeaked,
        Mutant::TruncationComplete,
        Mutant::EndedTwice,
        Mutant::FirstRepeated,
        Mutant::PieceLost,
        Mutant::ErrorSwallowed,
        Mutant::ShownBeforeDurable,
    ];

    /// Returns whether this is the rule that is broken: never, outside tests.
    pub(crate) fn breaks(self, rule: Mutant) -> bool {
        cfg!(feature = "mutants") && self == rule
    }
}
