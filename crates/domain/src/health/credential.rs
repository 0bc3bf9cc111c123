//! A credential of ours at a provider: whether the provider takes it.

use crate::time::Timestamp;

const PAUSE_FIRST_MS: i64 = 30_000;
const PAUSE_MAX_MS: i64 = 15 * 60_000;

/// A credential of ours at a provider: whether the provider takes it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Credential {
    refused_until: Timestamp,
    /// Refusals in a row.
    refusals: u32,
}

impl Credential {
    /// Returns until when it is not shown, where the provider refused it.
    pub fn refused_until(&self, now: Timestamp) -> Option<Timestamp> {
        (now < self.refused_until).then_some(self.refused_until)
    }

    /// Returns how often it was refused in a row.
    pub fn refusals(&self) -> u32 {
        self.refusals
    }

    /// Takes note that the provider refused it. Those that were under way together count once.
    pub fn refused(&mut self, now: Timestamp) {
        if now < self.refused_until {
            return;
        }
        let pause = (PAUSE_FIRST_MS << self.refusals.min(5)).min(PAUSE_MAX_MS);
        self.refusals = self.refusals.saturating_add(1);
        self.refused_until = now.plus_ms(pause);
    }

    /// Takes note that the provider took it.
    pub fn taken(&mut self) {
        *self = Credential::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_credential_is_shown_less_and_less_often() {
        let mut credential = Credential::default();
        let mut now = Timestamp::from_ms(1_000_000);
        let mut pauses = Vec::new();
        for _ in 0..7 {
            credential.refused(now);
            credential.refused(now);
            let until = credential.refused_until(now).unwrap();
            pauses.push(until.ms_since(now) / 1_000);
            now = until;
        }
        assert_eq!(pauses, [30, 60, 120, 240, 480, 900, 900]);
        credential.taken();
        assert_eq!(credential.refused_until(now), None);
    }
}
