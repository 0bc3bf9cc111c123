//! Documents brought into the form of text, for endpoints that read none themselves.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use dialect::documents::{
    Content, Held, TEXT_BYTES_MAX, added, content, documents, held, unread, with_texts,
};
use dialect::media::{BYTES_MAX, BYTES_TOGETHER_MAX};
use dialect::request::Request;
use domain::catalog::{Endpoint, EndpointIx};
use domain::failure::Failure;
use domain::plan::Plan;
use tokio::time::timeout;

use crate::call::Call;
use crate::world::Upstream;

/// How long all documents of a request may take, to arrive and to be read.
const READING_TIMEOUT: Duration = Duration::from_secs(30);

/// The documents of a request as text, where its plan has endpoints that are sent that.
#[derive(Default)]
pub(crate) struct Documents {
    /// One for each, in their order.
    texts: Option<Result<Vec<Arc<str>>, Failure>>,
    /// What was fetched of them, by address.
    pub(crate) fetched: BTreeMap<String, Bytes>,
    /// Documents in the prompt.
    pub(crate) count: usize,
    /// Bytes that their text adds to the prompt, at most.
    pub(crate) bytes: u32,
}

impl Documents {
    /// Reads the documents of a request before anything is held for it, so that what is held is
    /// enough for their text.
    ///
    /// # Errors
    /// The caller's, when they cannot be had as text, and no endpoint of the plan would take them
    /// otherwise.
    pub(crate) async fn read(call: &Call, plan: &Plan) -> Result<Documents, Failure> {
        let sends_text = |place: EndpointIx| {
            let endpoint = call.snapshot.catalog.endpoint(place);
            call.request.facts.sends_text_of_documents(endpoint)
        };
        let mut places = plan.candidates.iter().map(|candidate| candidate.endpoint);
        if !places.clone().any(sends_text) {
            return Ok(Documents::default());
        }
        let mut found = Documents::default();
        let reading = Box::pin(found.read_all(&call.request, &*call.snapshot.upstream));
        let read = timeout(READING_TIMEOUT, reading).await;
        let late = || unread("document_too_slow", "It did not arrive and open in time.");
        let texts = read.unwrap_or_else(|_| Err(late()));
        if let Err(failure) = &texts
            && places.all(sends_text)
        {
            return Err(failure.clone());
        }
        found.texts = Some(texts);
        Ok(found)
    }

    async fn read_all(
        &mut self,
        request: &Request,
        upstream: &dyn Upstream,
    ) -> Result<Vec<Arc<str>>, Failure> {
        let sources = documents(request)?;
        self.count = sources.len();
        let mut texts: Vec<Arc<str>> = Vec::with_capacity(sources.len());
        let mut bytes = 0;
        for (place, source) in sources.iter().enumerate() {
            // One that stands there twice is read once.
            let text = match sources[..place].iter().position(|before| before == source) {
                Some(same) => Arc::clone(&texts[same]),
                None => {
                    let bytes = self.arrived(source, upstream).await?;
                    match content(&bytes)? {
                        Content::Text(text) => text.into(),
                        Content::Pdf => upstream.read_document(bytes).await?.into(),
                    }
                }
            };
            bytes += added(&text);
            texts.push(text);
            if added("") * self.count + TEXT_BYTES_MAX < bytes {
                let detail = format!(
                    "Its documents hold more than {TEXT_BYTES_MAX} bytes of text together."
                );
                return Err(unread("document_too_large", &detail));
            }
        }
        self.bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        Ok(texts)
    }

    async fn arrived(&mut self, source: &str, upstream: &dyn Upstream) -> Result<Bytes, Failure> {
        let address = match held(source)? {
            Held::Bytes(bytes) => return Ok(bytes),
            Held::Address(address) => address,
        };
        let bytes = upstream.fetch(&address, BYTES_MAX).await?;
        self.fetched.insert(address, bytes.clone());
        let together: usize = self.fetched.values().map(Bytes::len).sum();
        if BYTES_TOGETHER_MAX < together {
            return Err(unread("document_too_large", "They are too large together."));
        }
        Ok(bytes)
    }

    /// Returns a request as it goes to an endpoint that is sent the text of documents; `None` where
    /// it may go as it is.
    ///
    /// # Errors
    /// The caller's, when its documents could not be read.
    pub(crate) fn as_text(
        &self,
        request: &Request,
        endpoint: &Endpoint,
    ) -> Result<Option<Request>, Failure> {
        match &self.texts {
            Some(texts) if request.facts.sends_text_of_documents(endpoint) => {
                let texts = texts.as_ref().map_err(Failure::clone)?;
                with_texts(request, texts).map(Some)
            }
            _ => Ok(None),
        }
    }
}
