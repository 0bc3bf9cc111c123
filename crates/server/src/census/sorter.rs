//! Telling what requests are for, at most so many a second.

use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

use classify::{classify, language};
use domain::generation::Traits;
use domain::port::{Clock, Sorter};

use crate::clock::SystemClock;

/// Requests that are looked at in one second, at most: at 50 microseconds each this is a hundredth
/// of a core. Shares need no more.
const A_SECOND: u32 = 200;

/// The classifier that is compiled in.
#[derive(Default)]
pub(crate) struct Classifier {
    second: AtomicI64,
    taken: AtomicU32,
}

impl Sorter for Classifier {
    fn has_time(&self) -> bool {
        let now = SystemClock.now().seconds();
        if self.second.swap(now, Ordering::Relaxed) != now {
            self.taken.store(0, Ordering::Relaxed);
        }
        self.taken.fetch_add(1, Ordering::Relaxed) < A_SECOND
    }

    fn sort(&self, text: &str) -> Traits {
        Traits {
            task: Some(classify(text).tag.key().to_owned()),
            language: Some(language(text).word().to_owned()),
            ..Traits::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_sorted_by_its_words() {
        let text = "Please translate the following letter from German into French, word by word.";
        let traits = Classifier::default().sort(text);
        assert_eq!(traits.task.as_deref(), Some("translation"));
        assert_eq!(traits.language.as_deref(), Some("eng"));
    }
}
