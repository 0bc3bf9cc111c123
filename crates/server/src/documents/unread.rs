//! Why a document has no text, as the process that reads it tells by its exit status.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use dialect::documents::{TEXT_BYTES_MAX, unread};
use domain::failure::Failure;
use rustix::process::Signal;

/// Pages of a document, at most.
pub(super) const PAGES_MAX: usize = 1_000;

/// Why a document has no text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unread {
    /// It is no PDF, or not one that can be read; also whatever befell its reader.
    Broken,
    /// It opens with a password alone.
    Locked,
    /// There are only pictures on its pages.
    Pictures,
    /// It has too many pages.
    ManyPages,
    /// It holds too much text.
    LongText,
    /// It took too long, of the clock or of a core.
    Slow,
}

impl Unread {
    const TOLD: [Unread; 5] =
        [Unread::Broken, Unread::Locked, Unread::Pictures, Unread::ManyPages, Unread::LongText];
    /// The exit status of the first of them: far from those that shells and panics have.
    const STATUS: u8 = 40;

    /// Returns the exit status that tells it.
    pub(super) fn status(self) -> u8 {
        let place = Unread::TOLD.iter().position(|it| *it == self).unwrap_or(0);
        Unread::STATUS + u8::try_from(place).unwrap_or(0)
    }

    /// Returns what the end of a reader tells. The kernel ends one that had all its time of a core
    /// by a signal of its own, or by the one that nothing withstands where both bounds are one.
    pub(super) fn of_status(status: ExitStatus) -> Unread {
        let out_of_time = [Signal::XCPU, Signal::KILL].map(Signal::as_raw);
        if status.signal().is_some_and(|signal| out_of_time.contains(&signal)) {
            return Unread::Slow;
        }
        let told = |it: &Unread| Some(i32::from(it.status())) == status.code();
        Unread::TOLD.into_iter().find(told).unwrap_or(Unread::Broken)
    }

    /// Returns what its caller is told.
    pub(super) fn failure(self) -> Failure {
        match self {
            Unread::Broken => unread("document_unreadable", "It is no PDF that can be read."),
            Unread::Locked => {
                unread("document_locked", "It opens with a password alone; send it without one.")
            }
            Unread::Pictures => unread(
                "document_without_text",
                "Its pages hold no text, only pictures, and no pictures are recognised here. \
                 Send its pages as images, or name a model that reads documents itself.",
            ),
            Unread::ManyPages => unread(
                "document_too_large",
                &format!("It has more than {PAGES_MAX} pages. Send a part of it."),
            ),
            Unread::LongText => unread(
                "document_too_large",
                &format!("It holds more than {TEXT_BYTES_MAX} bytes of text. Send a part of it."),
            ),
            Unread::Slow => unread("document_too_slow", "Reading it took too long."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_tells_why_and_whatever_befell_the_reader_is_a_broken_document() {
        let exited = |code: i32| ExitStatus::from_raw(code << 8);
        for why in Unread::TOLD {
            assert_eq!(Unread::of_status(exited(i32::from(why.status()))), why);
        }
        for status in [0, 1, 101] {
            assert_eq!(Unread::of_status(exited(status)), Unread::Broken);
        }
        for signal in [Signal::SEGV, Signal::ABORT] {
            let status = ExitStatus::from_raw(signal.as_raw());
            assert_eq!(Unread::of_status(status), Unread::Broken);
        }
    }

    #[test]
    fn a_reader_that_had_all_its_time_of_a_core_was_too_slow() {
        // Linux sends SIGKILL at the hard bound, which is where the soft one is.
        let spins = "ulimit -t 1; while :; do :; done";
        let status = std::process::Command::new("sh").args(["-c", spins]).status().unwrap();
        assert_eq!(Unread::of_status(status), Unread::Slow);
        let told = ExitStatus::from_raw(Signal::XCPU.as_raw());
        assert_eq!(Unread::of_status(told), Unread::Slow);
    }
}
