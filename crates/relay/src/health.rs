//! How endpoints fare, over all requests and reloads: the state machines of `domain::health`, by
//! the names of endpoints and credentials.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::generation::CredentialLeft;
use domain::health::{
    Admission, Credential, EndpointHealth, EndpointState, Figures, Gate, PromptSize, Tally,
};
use domain::time::Timestamp;

use crate::hash::hash;

/// How endpoints fare. It outlives reloads.
#[derive(Default)]
pub struct Health {
    endpoints: Mutex<BTreeMap<String, Arc<Mutex<EndpointState>>>>,
    credentials: Mutex<BTreeMap<u64, Arc<Mutex<Credential>>>>,
}

/// One endpoint, as a snapshot sees it.
#[derive(Clone)]
pub struct Watch {
    state: Arc<Mutex<EndpointState>>,
    /// The credentials that may be shown there, in the order in which they are named.
    credentials: Vec<(u64, Arc<Mutex<Credential>>)>,
}

/// What is shown of an endpoint's health to its operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// As planning sees it.
    pub health: EndpointHealth,
    /// How often it was closed since it was last well.
    pub openings: u32,
    /// Hard failures since the last success.
    pub failures_in_a_row: u32,
    /// What it did.
    pub figures: Figures,
    /// By credential, in the order in which they are named.
    pub credentials: Vec<ShownCredential>,
}

/// What is shown of a credential at an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShownCredential {
    /// The provider refused it, and it is not shown until then.
    pub refused_until: Option<Timestamp>,
    /// It has no more requests or tokens left here until then.
    pub used_up_until: Option<Timestamp>,
    /// Requests under way.
    pub in_flight: u32,
}

/// Why an endpoint is not asked now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Obstacle {
    /// When that may change.
    pub(crate) until: Timestamp,
    pub(crate) why: Why,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// It fails, or asked to be left alone.
    Down,
    /// Every credential is used up.
    Limited,
    /// Every credential is refused.
    Refused,
    /// It no longer knows the model.
    Gone,
}

/// What sets out to an endpoint.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parcel {
    pub(crate) size: PromptSize,
    pub(crate) tokens: u64,
    /// The credential under which the conversation has its prompt cache here.
    pub(crate) prefers: Option<u64>,
    /// Nothing else is left: a closed endpoint may be asked, if seldom.
    pub(crate) is_last_resort: bool,
}

/// The right to ask an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket {
    pub(crate) number: u64,
    /// The place of the credential that is shown.
    pub(crate) credential: usize,
    /// What tells it apart.
    pub(crate) lane: Option<u64>,
    /// Why it is not the one that was preferred.
    pub(crate) left: Option<CredentialLeft>,
    /// It is to find out whether the endpoint is back.
    pub(crate) on_trial: bool,
}

impl Health {
    /// Returns the watch on an endpoint. `id` and `credentials` name the same in every snapshot.
    pub fn watch(&self, id: &str, credentials: &[u64]) -> Watch {
        let state = lock(&self.endpoints).entry(id.to_owned()).or_default().clone();
        let mut known = lock(&self.credentials);
        // Where none is wanted the endpoint may have too many requests all the same.
        let own = [hash(id.as_bytes())];
        let credentials = if credentials.is_empty() { &own } else { credentials };
        let credentials =
            credentials.iter().map(|it| (*it, known.entry(*it).or_default().clone())).collect();
        Watch { state, credentials }
    }
}

impl Watch {
    /// Returns how the endpoint fares for a prompt of that size.
    pub fn view(&self, now: Timestamp, size: PromptSize) -> EndpointHealth {
        let taken: Vec<u64> = self.credentials.iter().map(|(id, _)| *id).collect();
        let mut health = self.state().view(now, size, &taken);
        if let Some(until) = self.refused_until(now) {
            health.gate = Gate::Held { until };
            health.had_outage_lately = true;
        }
        health
    }

    /// Returns what is shown of it.
    pub fn shown(&self, now: Timestamp) -> Shown {
        let health = self.view(now, PromptSize::Short);
        let state = self.state();
        let credentials = self.credentials.iter().map(|(id, credential)| ShownCredential {
            refused_until: lock(credential).refused_until(now),
            used_up_until: state.lane_closed_until(*id, 1, now),
            in_flight: state.lane_in_flight(*id),
        });
        Shown {
            health,
            openings: state.breaker().openings(),
            failures_in_a_row: state.breaker().streak(),
            figures: state.figures(now),
            credentials: credentials.collect(),
        }
    }

    /// Returns what it did over the last day and half hour.
    pub fn figures(&self, now: Timestamp) -> Figures {
        self.state().figures(now)
    }

    /// Returns what it did in the last ten seconds.
    pub(crate) fn last_ten_seconds(&self, now: Timestamp) -> Tally {
        self.state().last_ten_seconds(now)
    }

    /// Lets a request in, with the credential that has the least to do, or tells what is in the
    /// way.
    pub(crate) fn admit(&self, parcel: Parcel, now: Timestamp) -> Result<Ticket, Obstacle> {
        let mut state = self.state();
        if let Some(until) = state.gone_until(now) {
            return Err(Obstacle { until, why: Why::Gone });
        }
        let (credential, left) = self.credential(&state, parcel, now)?;
        let on_trial = match state.admit(now) {
            Admission::Go => false,
            Admission::Trial => true,
            Admission::No { .. } if parcel.is_last_resort && state.is_last_resort(now) => false,
            Admission::No { until } => return Err(Obstacle { until, why: Why::Down }),
        };
        let lane = self.credentials.get(credential).map(|(id, _)| *id);
        let asks = (lane.unwrap_or_default(), parcel.tokens);
        let number = state.begin(now, parcel.size, asks, on_trial);
        Ok(Ticket { number, credential, lane, left, on_trial })
    }

    /// Returns the state, locked. Never held across a wait.
    pub(crate) fn state(&self) -> MutexGuard<'_, EndpointState> {
        lock(&self.state)
    }

    /// Takes note of whether the provider takes a credential.
    pub(crate) fn credential_shown(&self, place: usize, is_refused: bool, now: Timestamp) {
        if let Some((_, credential)) = self.credentials.get(place) {
            let mut credential = lock(credential);
            if is_refused {
                credential.refused(now);
            } else if credential.refusals() != 0 {
                credential.taken();
            }
        }
    }

    /// Returns the place of the credential that is to be shown: the one that is preferred, else the
    /// least busy, and why not the preferred one.
    fn credential(
        &self,
        state: &EndpointState,
        Parcel { tokens, prefers, .. }: Parcel,
        now: Timestamp,
    ) -> Result<(usize, Option<CredentialLeft>), Obstacle> {
        let mut best: Option<((u32, u64), usize)> = None;
        let mut nearest: Option<Obstacle> = None;
        let mut left = prefers.map(|_| CredentialLeft::Removed);
        for (place, (id, credential)) in self.credentials.iter().enumerate() {
            let refused = lock(credential).refused_until(now);
            let refused = refused.map(|until| Obstacle { until, why: Why::Refused });
            let used_up = || {
                let until = state.lane_closed_until(*id, tokens, now)?;
                Some(Obstacle { until, why: Why::Limited })
            };
            let Some(obstacle) = refused.or_else(used_up) else {
                if prefers == Some(*id) {
                    return Ok((place, None));
                }
                let busy = (state.lane_busy(*id), place);
                best = Some(best.map_or(busy, |other| other.min(busy)));
                continue;
            };
            if prefers == Some(*id) {
                let is_refused = obstacle.why == Why::Refused;
                let why = if is_refused { CredentialLeft::Refused } else { CredentialLeft::UsedUp };
                left = Some(why);
            }
            // What will have passed soonest is told, and a limit before a refusal.
            let rank = |it: &Obstacle| (it.why == Why::Refused, it.until);
            if nearest.is_none_or(|other| rank(&obstacle) < rank(&other)) {
                nearest = Some(obstacle);
            }
        }
        match (best, nearest) {
            (Some((_, place)), _) => Ok((place, left)),
            (None, Some(obstacle)) => Err(obstacle),
            (None, None) => Ok((0, left)),
        }
    }

    /// Returns whether there are several credentials.
    pub(crate) fn has_several(&self) -> bool {
        1 < self.credentials.len()
    }

    fn refused_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.credentials.iter().map(|(_, it)| lock(it).refused_until(now)).min().flatten()
    }
}

fn lock<T>(held: &Mutex<T>) -> MutexGuard<'_, T> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}
