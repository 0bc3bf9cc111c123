//! What an import leaves to a person.

use std::fmt::{self, Display};

/// One thing that no rule settles.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Decision {
    /// What is to be decided.
    pub kind: DecisionKind,
    /// What it is about: `directory:id` of the source, `provider:id` or a model.
    pub about: String,
    /// What was seen.
    pub detail: String,
}

impl Decision {
    pub(super) fn new(
        kind: DecisionKind,
        about: impl Into<String>,
        detail: impl Into<String>,
    ) -> Decision {
        Decision { kind, about: about.into(), detail: detail.into() }
    }
}

impl Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.kind.name(), self.about, self.detail)
    }
}

macro_rules! kinds {
    ($($(#[doc = $doc:literal])+ $kind:ident = $name:literal, $mend:literal;)+) => {
        /// The kinds of decision, most pressing first.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum DecisionKind {
            $($(#[doc = $doc])+ $kind,)+
        }

        impl DecisionKind {
            /// Its name in the report.
            pub fn name(self) -> &'static str {
                match self {
                    $(DecisionKind::$kind => $name,)+
                }
            }

            /// What a person can do about it.
            pub fn mend(self) -> &'static str {
                match self {
                    $(DecisionKind::$kind => $mend,)+
                }
            }
        }
    };
}

kinds! {
    /// The catalog would not load as it comes out.
    DoesNotLoad = "does not load",
        "correct it in catalog/curated, or in the file; what comes out must not be shipped";
    /// The source has a directory that the policy does not name.
    NewDirectory = "new directory",
        "list it under [include] or [skip] in curated/policy.toml";
    /// The source has lost a directory that the policy names; its provider is left as it is.
    DirectoryGone = "directory gone",
        "take it out of curated/policy.toml, and its provider's file with it";
    /// A new provider lacks the facts that the source does not have.
    ProviderUndescribed = "provider undescribed",
        "describe it under [p] in curated/providers.toml";
    /// A row of the source cannot be read; what stands in the catalog is left as it is.
    MalformedRow = "malformed row",
        "look at the source; exclude the id in curated/aliases.toml if it stays so";
    /// No rule says which model an id is; it is left out.
    UnresolvedId = "unresolved id",
        "name its model in curated/aliases.toml, or declare a new one in curated/models.toml";
    /// An id's owner is another author than the model's; the new id is left out.
    AuthorMismatch = "author mismatch",
        "name its model under [ids] in curated/aliases.toml if it is the same";
    /// An id's owner is no known author; the new id is left out.
    UnknownAuthor = "unknown author",
        "add the owner to curated/authors.toml or to [packagers], or exclude the id";
    /// Two models answer to one name; none of them gets it.
    IdentityClash = "identity clash",
        "settle the slug under [slugs] in curated/aliases.toml";
    /// A hand-kept table names a model that nobody knows.
    UnknownTarget = "unknown target",
        "correct the model, or declare it in curated/models.toml";
    /// A hand-kept entry names an id that the source no longer has.
    StaleEntry = "stale entry",
        "delete the entry";
    /// A price cannot be meant; the endpoint is quarantined.
    SenselessPrice = "senseless price",
        "ask the vendor, and correct or quarantine it in curated/corrections.toml";
    /// The offer's price grew or shrank by more than three times.
    PriceMoved = "price moved",
        "confirm it at the vendor, or correct it in curated/corrections.toml";
    /// A price is about seven times what it was: yuan entered as dollars, or put right.
    CurrencySuspected = "currency suspected",
        "confirm it at the vendor, or quarantine it in curated/corrections.toml";
    /// A price is more than three times off what others ask.
    PriceOutlier = "price outlier",
        "confirm it at the vendor, or quarantine it in curated/corrections.toml";
    /// A price has a part that the importer does not know.
    UnknownPrice = "unknown price",
        "see whether it has to be billed";
    /// Prices that models.dev does not have stand beside one that it has changed.
    HandKeptPrice = "hand-kept price",
        "see whether the hand-kept part still holds";
    /// Two ids of one offer have different prices; the preferred id's is taken.
    AliasPriceDiffers = "alias price differs",
        "tell them apart by a variant in curated/aliases.toml if they are two offers";
    /// A price by time of day starts from another price than its endpoint has; it is quarantined.
    WindowBaseDiffers = "window base differs",
        "read the vendor's page again and correct curated/price_windows.toml";
    /// A price by time of day is for an endpoint that is not there.
    WindowWithoutEndpoint = "window without endpoint",
        "end the window in curated/price_windows.toml";
    /// An endpoint claims more context than its model has.
    ContextAboveModel = "context above model",
        "correct the model under [facts] in curated/models.toml, or the identity";
    /// An endpoint's name is that of another model.
    NamePointsElsewhere = "name points elsewhere",
        "name its model under [ids] in curated/aliases.toml";
    /// An id has a word for a flavour that its model does not have.
    ExtraFlavour = "extra flavour",
        "tell it apart by a variant, or confirm it, in curated/aliases.toml";
    /// Ids of one model state different sizes.
    SizeConflict = "size conflict",
        "tell the models apart in curated/aliases.toml";
    /// A host calls a closed model open.
    WeightsDisagree = "weights disagree",
        "state it under [facts] in curated/models.toml, or correct the identity";
    /// A new model is named almost like another of its author.
    NearDuplicate = "near duplicate",
        "make one an alias of the other in curated/aliases.toml if they are the same";
}
