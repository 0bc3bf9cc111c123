//! A route: an address, what answers there, and what that says of itself.

use axum::handler::Handler;
use axum::routing::{MethodFilter, MethodRouter, on};
use http::Method;

use super::operation::Operation;

/// Below which addresses a route stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Base {
    /// The API's own, and the short one for clients that want it there.
    Api,
    /// Both, and where Ollama's clients look.
    Front,
    /// Both, and the server's.
    Everywhere,
    /// Gemini's clients bring their own path below whatever base they are given.
    Gemini,
    /// Where Ollama's clients look.
    Ollama,
    /// The server's.
    Server,
}

impl Base {
    /// Returns the addresses, the first of which is the one to use.
    pub(crate) const fn prefixes(self) -> &'static [&'static str] {
        match self {
            Base::Api => &["/api/v1", "/v1"],
            Base::Front => &["/api/v1", "/v1", "/api"],
            Base::Everywhere => &["/api/v1", "/v1", ""],
            Base::Gemini => &["/api", ""],
            Base::Ollama => &["/api"],
            Base::Server => &[""],
        }
    }
}

/// What a route says of itself.
#[derive(Clone, Debug)]
pub(crate) struct Described {
    /// Its path below its base, as axum writes it.
    pub(crate) path: &'static str,
    /// Below which addresses it stands.
    pub(crate) base: Base,
    /// What is done by each method.
    pub(crate) operations: Vec<(Method, Operation)>,
}

/// A route.
pub(crate) struct Route<S> {
    /// What it says of itself.
    pub(crate) described: Described,
    /// What answers there.
    pub(crate) methods: MethodRouter<S>,
}

impl<S: Clone + Send + Sync + 'static> Route<S> {
    /// A route at which nothing answers yet.
    pub(crate) fn at(path: &'static str) -> Route<S> {
        let described = Described { path, base: Base::Api, operations: Vec::new() };
        Route { described, methods: MethodRouter::new() }
    }

    /// The same, below other addresses.
    pub(crate) fn below(mut self, base: Base) -> Route<S> {
        self.described.base = base;
        self
    }

    /// What is done by `GET`.
    pub(crate) fn get<H, T>(self, handler: H, operation: Operation) -> Route<S>
    where
        H: Handler<T, S>,
        T: 'static,
    {
        self.on(MethodFilter::GET, Method::GET, handler, operation)
    }

    /// What is done by `POST`.
    pub(crate) fn post<H, T>(self, handler: H, operation: Operation) -> Route<S>
    where
        H: Handler<T, S>,
        T: 'static,
    {
        self.on(MethodFilter::POST, Method::POST, handler, operation)
    }

    /// What is done by `PUT`.
    pub(crate) fn put<H, T>(self, handler: H, operation: Operation) -> Route<S>
    where
        H: Handler<T, S>,
        T: 'static,
    {
        self.on(MethodFilter::PUT, Method::PUT, handler, operation)
    }

    /// What is done by `PATCH`.
    pub(crate) fn patch<H, T>(self, handler: H, operation: Operation) -> Route<S>
    where
        H: Handler<T, S>,
        T: 'static,
    {
        self.on(MethodFilter::PATCH, Method::PATCH, handler, operation)
    }

    /// What is done by `DELETE`.
    pub(crate) fn delete<H, T>(self, handler: H, operation: Operation) -> Route<S>
    where
        H: Handler<T, S>,
        T: 'static,
    {
        self.on(MethodFilter::DELETE, Method::DELETE, handler, operation)
    }

    /// What else is done by a method that answers there already.
    pub(crate) fn also(mut self, method: Method, operation: Operation) -> Route<S> {
        self.described.operations.push((method, operation));
        self
    }

    fn on<H, T>(
        mut self,
        filter: MethodFilter,
        method: Method,
        handler: H,
        operation: Operation,
    ) -> Route<S>
    where
        H: Handler<T, S>,
        T: 'static,
    {
        self.described.operations.push((method, operation));
        Route { methods: self.methods.merge(on(filter, handler)), ..self }
    }
}
