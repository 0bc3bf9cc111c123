//! The verbatim lane: caller and endpoint both speak this dialect.

use std::sync::Arc;

use bytes::Bytes;
use domain::failure::Failure;

use super::decoder::Decoder;
use super::lane::Lane;
use super::stream::Passing;
use super::whole;
use crate::dialect::{ClientDialect, Face, Host};
use crate::error;
use crate::exchange::{Collector, Exchange, StreamAnswer, WholeAnswer, Wire};
use crate::gather::Gathering;

/// An attempt in the verbatim lane.
pub(super) struct Verbatim {
    wire: Wire,
    lane: Arc<Lane>,
    client: &'static dyn ClientDialect,
}

impl Verbatim {
    /// Returns the attempt that sends `wire`.
    pub(super) fn new(
        wire: Wire,
        face: Face,
        host: Host,
        client: &'static dyn ClientDialect,
    ) -> Verbatim {
        Verbatim { wire, lane: Arc::new(Lane { face, host }), client }
    }
}

impl Exchange for Verbatim {
    fn wire(&self) -> &Wire {
        &self.wire
    }

    fn decode_error(&self, status: u16, body: &[u8]) -> Failure {
        error::decode(status, body)
    }

    fn whole(&self, body: Bytes) -> Result<Box<dyn WholeAnswer>, Failure> {
        Ok(Box::new(whole::read(self.lane.clone(), body)?))
    }

    fn stream(&self) -> Box<dyn StreamAnswer> {
        Box::new(Passing::new(self.lane.clone()))
    }

    fn collect(&self) -> Box<dyn Collector> {
        let decoder = Box::new(Decoder::new(&self.lane.host));
        Box::new(Gathering::new(self.client, self.lane.face.clone(), decoder))
    }
}
