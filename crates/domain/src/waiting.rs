//! What a port returns that may have to wait: a boxed future, so that no runtime is needed here.

use std::future::Future;
use std::pin::Pin;

/// A future that can be sent between threads.
pub type Waiting<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
