//! What the house asks of a payment processor.

use domain::money::Money;
use domain::port::Waiting;
use domain::time::Timestamp;
use http::HeaderMap;

use super::error::PaymentError;

/// Something that takes payments.
pub trait Processor: Send + Sync {
    /// Returns its name, as the books know it.
    fn name(&self) -> &'static str;

    /// Opens a checkout. Safe to repeat for the same order.
    ///
    /// # Errors
    /// When it cannot be reached, or refuses.
    fn checkout<'a>(&'a self, order: &'a Order) -> Waiting<'a, Result<Checkout, PaymentError>>;

    /// Returns what the processor says of a checkout now.
    ///
    /// # Errors
    /// When it cannot be reached, or knows none.
    fn read<'a>(&'a self, reference: &'a str) -> Waiting<'a, Result<Seen, PaymentError>>;

    /// Verifies a notice, and returns what it is about.
    ///
    /// # Errors
    /// `Forged`, where it does not come from the processor, or came too late.
    fn verify(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Notice, PaymentError>;

    /// Returns the checkout that led to a charge.
    ///
    /// # Errors
    /// When it cannot be reached.
    fn find<'a>(&'a self, charge: &'a str) -> Waiting<'a, Result<Option<String>, PaymentError>>;
}

/// Credits that somebody wants to buy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Our name for it.
    pub id: String,
    /// Whose credits.
    pub account: String,
    /// The credits.
    pub credit: Money,
    /// What is added to them.
    pub fee: Money,
    /// Where the buyer goes afterwards.
    pub return_url: String,
}

/// A checkout that is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkout {
    /// The processor's name for it.
    pub reference: String,
    /// Where the buyer pays.
    pub url: String,
}

/// What a processor says of a checkout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Our name for it.
    pub id: String,
    /// It is paid.
    pub paid: bool,
    /// It can no longer be paid.
    pub expired: bool,
    /// What was to be paid.
    pub total: Money,
    /// The currency is the dollar.
    pub in_dollars: bool,
    /// What was given back of it, ever.
    pub refunded: Money,
    /// What a bank has taken back, or holds until a dispute is decided.
    pub disputed: Money,
}

/// What a notice is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A checkout, by the processor's name.
    Checkout(String),
    /// A charge, by the processor's name.
    Charge(String),
    /// Nothing that matters here.
    Other,
}
