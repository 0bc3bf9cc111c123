//! A request that was admitted, on its way.

use std::collections::BTreeMap;

use bytes::Bytes;
use dialect::compress::Compression;
use domain::catalog::EndpointIx;
use domain::generation::{AttemptRecord, PartRecord, Traits};
use domain::limit::Permit;
use domain::money::Money;
use domain::plan::Plan;
use domain::price::PriceCard;
use tokio::task::JoinHandle;

use crate::attempt::Opened;
use crate::call::Call;
use crate::documents::Documents;
use crate::errand::Errand;
use crate::route::Route;
use crate::world::World;

/// A request that was admitted, on its way.
pub(crate) struct Journey {
    pub(crate) call: Call,
    pub(crate) plan: Plan,
    pub(crate) route: Route,
    /// What limits hold for it, where there are any.
    pub(crate) permit: Option<Box<dyn Permit>>,
    /// The tries so far.
    pub(crate) attempts: Vec<AttemptRecord>,
    /// The endpoints that answered that they had failed.
    pub(crate) failed_in_words: Vec<EndpointIx>,
    /// Parts of the answer that broke off and were continued elsewhere.
    pub(crate) parts: Vec<PartRecord>,
    /// The least that any provider asked to be left alone for.
    pub(crate) retry_after_ms: Option<u64>,
    /// Fields of the request that the endpoint that serves was not sent.
    pub(crate) dropped: Vec<String>,
    /// What was taken out of the prompt for the endpoint that was tried last.
    pub(crate) compression: Option<Compression>,
    /// Its documents as text, for endpoints that are sent that.
    pub(crate) documents: Documents,
    /// What was fetched of its media, by address.
    pub(crate) media: BTreeMap<String, Bytes>,
    /// What it is for, while that is being found out.
    pub(crate) sorting: Option<JoinHandle<Traits>>,
}

impl Journey {
    /// Returns the credential under which the conversation has its prompt cache at an endpoint.
    pub(crate) fn prefers(&self, place: EndpointIx) -> Option<u64> {
        let endpoint = self.call.snapshot.catalog.endpoint(place);
        let bond = self.route.bond.as_ref().filter(|bond| bond.endpoint == endpoint.id)?;
        bond.credential
    }

    /// Returns whether the house still bears what the account is not charged for.
    pub(crate) fn is_insured(&self, world: &World) -> bool {
        world.ledger.insure(&self.call.id, Money::ZERO)
    }
}

/// Where an answer comes from, and on what terms.
pub(crate) struct Origin {
    pub(crate) endpoint: EndpointIx,
    /// What tells the credential apart that was shown.
    pub(crate) credential: Option<u64>,
    /// The price when the request was admitted.
    pub(crate) price: PriceCard,
}

/// An endpoint that answers.
pub(crate) struct Served {
    pub(crate) origin: Origin,
    pub(crate) opened: Opened,
    pub(crate) errand: Errand,
}
