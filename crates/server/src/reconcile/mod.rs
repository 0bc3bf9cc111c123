//! A provider's usage export, held against the books.

mod compare;
mod invoice;
mod report;

pub use compare::compare;
pub use invoice::{InvoiceLine, NotAnInvoice, read};
pub use report::{Finding, Report};
