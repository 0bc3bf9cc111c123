//! The translated lane: the answer goes through the house's own form, because the caller speaks
//! another dialect than the endpoint, or because the endpoint's answers have to be rebuilt.

use bytes::Bytes;
use domain::failure::Failure;

use crate::dialect::{ClientDialect, Face, Host, StreamDecoder, UpstreamDialect};
use crate::emulate::{self, Unwrapping};
use crate::exchange::{Collector, Exchange, StreamAnswer, WholeAnswer, Wire};
use crate::gather::{Gathered, Gathering, Translating};
use crate::resuming::Resuming;

/// An attempt in the translated lane.
pub(crate) struct Translated {
    pub(crate) wire: Wire,
    pub(crate) face: Face,
    pub(crate) host: Host,
    pub(crate) client: &'static dyn ClientDialect,
    pub(crate) upstream: &'static dyn UpstreamDialect,
    /// Its stream may go on elsewhere when it breaks off, and whether the request lets it.
    pub(crate) resumes: Option<bool>,
}

impl Translated {
    fn decoder(&self) -> Box<dyn StreamDecoder> {
        let decoder = self.upstream.stream_decoder(&self.host);
        match self.wire.schema_as_tool {
            true => Box::new(Unwrapping::new(decoder)),
            false => decoder,
        }
    }
}

impl Exchange for Translated {
    fn wire(&self) -> &Wire {
        &self.wire
    }

    fn decode_error(&self, status: u16, body: &[u8]) -> Failure {
        self.upstream.decode_error(status, body)
    }

    fn whole(&self, body: Bytes) -> Result<Box<dyn WholeAnswer>, Failure> {
        let mut answer = self.upstream.decode_answer(&body, &self.host)?;
        if self.wire.schema_as_tool {
            emulate::as_text(&mut answer);
        }
        Ok(Box::new(Gathered::new(self.client, self.face.clone(), answer)))
    }

    fn stream(&self) -> Box<dyn StreamAnswer> {
        let (face, decoder) = (self.face.clone(), self.decoder());
        match self.resumes {
            Some(may) => Box::new(Resuming::new(self.client, face, decoder, may)),
            None => Box::new(Translating::new(self.client, face, decoder)),
        }
    }

    fn collect(&self) -> Box<dyn Collector> {
        Box::new(Gathering::new(self.client, self.face.clone(), self.decoder()))
    }
}
