//! The translated lane: the answer goes through the house's own form, because the caller speaks
//! another dialect than the endpoint, or because the endpoint's answers have to be rebuilt.

use bytes::Bytes;
use domain::failure::Failure;

use crate::dialect::{ClientDialect, Face, Host, StreamDecoder, UpstreamDialect};
use crate::emulate::{self, Unwrapping};
use crate::exchange::{Collector, Exchange, StreamAnswer, WholeAnswer, Wire};
use crate::gather::{Gathered, Gathering, Translating};
use crate::resuming::Resuming;
use crate::veil::{self, Veil, Veiling};

/// An attempt in the translated lane.
pub(crate) struct Translated {
    pub(crate) wire: Wire,
    pub(crate) face: Face,
    pub(crate) host: Host,
    pub(crate) client: &'static dyn ClientDialect,
    pub(crate) upstream: &'static dyn UpstreamDialect,
    /// Its stream may go on elsewhere when it breaks off, and whether the request lets it.
    pub(crate) resumes: Option<bool>,
    /// What is put over an answer whose provider is not told.
    pub(crate) veil: Option<Veil>,
}

impl Translated {
    /// Returns an attempt that goes on nowhere else, of a provider that is told.
    pub(crate) fn new(
        (wire, face, host): (Wire, Face, Host),
        (client, upstream): (&'static dyn ClientDialect, &'static dyn UpstreamDialect),
    ) -> Translated {
        Translated { wire, face, host, client, upstream, resumes: None, veil: None }
    }

    fn decoder(&self) -> Box<dyn StreamDecoder> {
        let mut decoder = self.upstream.stream_decoder(&self.host);
        if self.wire.schema_as_tool {
            decoder = Box::new(Unwrapping::new(decoder));
        }
        match &self.veil {
            Some(veil) => Box::new(Veiling::new(veil.clone(), decoder)),
            None => decoder,
        }
    }

    /// Returns a failure as it is told.
    fn told(&self, own: Failure) -> Failure {
        if self.veil.is_some() { veil::failure(own) } else { own }
    }
}

impl Exchange for Translated {
    fn wire(&self) -> &Wire {
        &self.wire
    }

    fn decode_error(&self, status: u16, body: &[u8]) -> Failure {
        self.told(self.upstream.decode_error(status, body))
    }

    fn whole(&self, body: Bytes) -> Result<Box<dyn WholeAnswer>, Failure> {
        let mut answer =
            self.upstream.decode_answer(&body, &self.host).map_err(|it| self.told(it))?;
        if self.wire.schema_as_tool {
            emulate::as_text(&mut answer);
        }
        if let Some(veil) = &self.veil {
            answer = veil.answer(answer);
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
