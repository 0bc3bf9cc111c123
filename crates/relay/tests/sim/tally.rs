//! Limits that allow everything and remember what was told them.

use std::sync::{Arc, Mutex};

use domain::failure::Failure;
use domain::limit::{Asked, Interval, Limits, Measure, Permit, Rate, Rules, Standing, Used};
use domain::port::Waiting;

/// How requests ended that were counted; `None` for one of which nobody said so.
#[derive(Default)]
pub struct Tally(Arc<Mutex<Ends>>);

#[derive(Default)]
struct Ends {
    begun: usize,
    ended: Vec<Option<Used>>,
}

impl Tally {
    /// Returns what the one request used that was counted, where it ended exactly once.
    pub fn the_only_end(&self) -> Option<Used> {
        let ends = self.0.lock().unwrap();
        match ends.ended.as_slice() {
            [end] if ends.begun == 1 => *end,
            _ => None,
        }
    }
}

/// Rules under which every request is counted.
pub fn rules() -> Rules {
    let interval = Interval::Rolling(1_000);
    let rate = Rate { measure: Measure::Requests, limit: 1_000_000, interval };
    Rules { key: vec![rate], ..Rules::default() }
}

impl Limits for Tally {
    fn admit<'a>(
        &'a self,
        _asked: Asked<'a>,
    ) -> Waiting<'a, Result<Option<Box<dyn Permit>>, Failure>> {
        self.0.lock().unwrap().begun += 1;
        let counted: Box<dyn Permit> = Box::new(Counted { ends: self.0.clone(), is_told: false });
        Box::pin(std::future::ready(Ok(Some(counted))))
    }
}

struct Counted {
    ends: Arc<Mutex<Ends>>,
    is_told: bool,
}

impl Permit for Counted {
    fn standings(&self) -> &[Standing] {
        &[]
    }

    fn settle(mut self: Box<Self>, used: Used) {
        self.is_told = true;
        self.ends.lock().unwrap().ended.push(Some(used));
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        if !self.is_told {
            self.ends.lock().unwrap().ended.push(None);
        }
    }
}
