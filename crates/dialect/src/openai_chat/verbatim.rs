//! The verbatim lane: caller and endpoint both speak this dialect.

use std::sync::Arc;

use bytes::Bytes;
use domain::failure::Failure;

use super::lane::Lane;
use super::speaker::OPENAI_CHAT;
use super::stream::Passing;
use super::{error, whole};
use crate::dialect::{Face, Host, UpstreamDialect};
use crate::exchange::{Collector, Exchange, StreamAnswer, WholeAnswer, Wire};
use crate::gather::Gathering;

/// An attempt in the verbatim lane.
pub(crate) struct Verbatim {
    wire: Wire,
    lane: Arc<Lane>,
}

impl Verbatim {
    /// Returns the attempt that sends `wire`.
    pub(crate) fn new(wire: Wire, face: Face, host: Host) -> Verbatim {
        Verbatim { wire, lane: Arc::new(Lane { face, host }) }
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
        let decoder = OPENAI_CHAT.stream_decoder(&self.lane.host);
        Box::new(Gathering::new(&OPENAI_CHAT, self.lane.face.clone(), decoder))
    }
}
