//! One round: every measurement, of each subject in turn.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::time::sleep;

use super::ask::Ask;
use super::effort::Effort;
use super::load::{Load, closed_loop};
use super::pace::{CALLERS, Pace, paced};
use super::procfs::{cpu, resident_bytes, wait_until_quiet};
use super::sheet::{Sheet, quantile};
use super::streams::OpenStreams;
use super::subject::{DIRECT, Script, Subject, Upstream};

/// What a round works with.
pub(crate) struct Round<'a> {
    pub(crate) effort: &'a Effort,
    pub(crate) runtime: &'a Runtime,
    pub(crate) upstream: &'a Upstream,
    pub(crate) sheet: &'a mut Sheet,
}

/// Bodies that are asked with: a name for the sheet, and bytes.
pub(crate) const SIZES: [(&str, usize); 3] =
    [("small", 270), ("medium", 8 << 10), ("large", 100 << 10)];

pub(crate) const CONNECTIONS: usize = 64;
pub(crate) const CHUNKS: u32 = 200;
pub(crate) const RATE_PER_S: u32 = 200;

const MIB: f64 = 1_048_576.0;

/// Processor time of those who take part.
#[derive(Clone, Copy)]
struct Spent {
    gateway: Option<Duration>,
    upstream: Duration,
}

impl Round<'_> {
    /// Measures everything, each subject in turn before the next measurement.
    ///
    /// # Errors
    ///
    /// A sentence that names the measurement and the subject, at the first wrong answer.
    pub(crate) fn measure(&mut self, subjects: &[Subject]) -> Result<(), String> {
        for subject in subjects {
            self.idle(subject).map_err(|error| at("at rest", subject, &error))?;
        }
        for subject in subjects {
            let ask = Arc::new(subject.ask(Script::Whole, SIZES[0].1));
            let warm = closed_loop(&ask, CONNECTIONS, self.effort.warm_up);
            self.runtime.block_on(warm).map_err(|error| at("warming up", subject, &error))?;
        }
        for (size, bytes) in SIZES {
            for subject in subjects {
                self.whole(subject, size, bytes).map_err(|error| at(size, subject, &error))?;
            }
        }
        let [burst, flow] = [Script::Burst { chunks: CHUNKS }, Script::Flow { chunks: CHUNKS }];
        for (what, script) in [("burst", burst), ("flow", flow)] {
            for subject in subjects {
                self.stream(subject, what, script).map_err(|error| at(what, subject, &error))?;
            }
        }
        let mut direct_us = None;
        for subject in subjects {
            let took_us = self.paced(subject, direct_us);
            let took_us = took_us.map_err(|error| at("paced", subject, &error))?;
            if subject.name == DIRECT {
                direct_us = Some(took_us);
            }
        }
        for subject in subjects {
            self.open(subject).map_err(|error| at("open streams", subject, &error))?;
        }
        Ok(())
    }

    /// What it is like before anything is asked of it.
    fn idle(&mut self, subject: &Subject) -> Result<(), String> {
        let Some(gateway) = &subject.gateway else { return Ok(()) };
        wait_until_quiet(gateway.pid())?;
        let resident = resident_bytes(gateway.pid())? as f64 / MIB;
        self.sheet.note("idle.rss_mib", subject.name, resident);
        self.sheet.note("start_ms", subject.name, subject.started.as_secs_f64() * 1e3);
        Ok(())
    }

    /// Whole answers, as many as can be had.
    fn whole(&mut self, subject: &Subject, size: &str, bytes: usize) -> Result<(), String> {
        let load =
            self.saturate(subject, size, subject.ask(Script::Whole, bytes), |load| load.answers)?;
        let rate = load.answers as f64 / load.elapsed.as_secs_f64();
        self.sheet.note(&format!("{size}.requests_per_s"), subject.name, rate);
        Ok(())
    }

    /// Streams, as many as can be had.
    fn stream(&mut self, subject: &Subject, what: &str, script: Script) -> Result<(), String> {
        let load =
            self.saturate(subject, what, subject.ask(script, SIZES[0].1), |load| load.events)?;
        let rate = load.events as f64 / load.elapsed.as_secs_f64();
        self.sheet.note(&format!("{what}.chunks_per_s"), subject.name, rate);
        Ok(())
    }

    /// Asks in a closed loop, and notes the processor time for each unit of what came of it.
    fn saturate(
        &mut self,
        subject: &Subject,
        what: &str,
        ask: Ask,
        units: impl Fn(&Load) -> u64,
    ) -> Result<Load, String> {
        let ask = Arc::new(ask);
        let before = self.spent(subject)?;
        let load = closed_loop(&ask, CONNECTIONS, self.effort.load);
        let load = self.runtime.block_on(load)?;
        let mut note = |name: &str, value| {
            self.sheet.note(&format!("{what}.{name}"), subject.name, value);
        };
        if let Some(gateway) = &subject.gateway {
            let at_once = cpu(gateway.pid())?.saturating_sub(before.gateway.unwrap_or_default());
            note("busy_percent", 100.0 * at_once.as_secs_f64() / load.elapsed.as_secs_f64());
            note("trailing_ms", wait_until_quiet(gateway.pid())?.as_secs_f64() * 1e3);
        }
        self.note_spent(subject, what, before, units(&load))?;
        Ok(load)
    }

    /// Answers at a constant rate. Returns the median and the 99th percentile in microseconds.
    fn paced(
        &mut self,
        subject: &Subject,
        direct_us: Option<[f64; 2]>,
    ) -> Result<[f64; 2], String> {
        let pace = Pace { per_second: RATE_PER_S, span: self.effort.paced };
        let before = self.spent(subject)?;
        let took = paced(&subject.ask(Script::Whole, SIZES[0].1), pace)?;
        subject.gateway.as_ref().map(|gateway| wait_until_quiet(gateway.pid())).transpose()?;
        // Every connection has asked once before it counted.
        let asked = took.len() + CALLERS as usize;
        self.note_spent(subject, "paced", before, asked as u64)?;
        let mut took: Vec<f64> = took.iter().map(|took| took.as_secs_f64() * 1e6).collect();
        took.sort_by(f64::total_cmp);
        let at = |share| quantile(&took, share).ok_or_else(|| "nothing was asked".to_owned());
        let took_us = [at(0.5)?, at(0.99)?];
        for (index, name) in ["p50_us", "p99_us"].iter().enumerate() {
            self.sheet.note(&format!("paced.{name}"), subject.name, took_us[index]);
            if let Some(direct_us) = direct_us {
                let added = took_us[index] - direct_us[index];
                self.sheet.note(&format!("paced.added_{name}"), subject.name, added);
            }
        }
        Ok(took_us)
    }

    /// Many slow streams at one time.
    fn open(&mut self, subject: &Subject) -> Result<(), String> {
        let script = Script::Slow { chunks: self.effort.open_chunks };
        let ask = Arc::new(subject.ask(script, SIZES[0].1));
        let runtime = self.runtime;
        runtime.block_on(async {
            let mut streams = OpenStreams::open(&ask, self.effort.open_streams).await?;
            let (before, events) = (self.spent(subject)?, streams.events());
            sleep(self.effort.open_watch).await;
            let seen = streams.events() - events;
            self.note_spent(subject, "open", before, seen)?;
            if let Some(gateway) = &subject.gateway {
                let resident = resident_bytes(gateway.pid())? as f64 / MIB;
                self.sheet.note("open.rss_mib", subject.name, resident);
            }
            streams.check_open().await?;
            streams.finish().await
        })?;
        // The records of these streams are nobody else's to pay for.
        subject.gateway.as_ref().map(|gateway| wait_until_quiet(gateway.pid())).transpose()?;
        Ok(())
    }

    fn spent(&self, subject: &Subject) -> Result<Spent, String> {
        let gateway = subject.gateway.as_ref().map(|gateway| cpu(gateway.pid())).transpose()?;
        Ok(Spent { gateway, upstream: cpu(self.upstream.process.pid())? })
    }

    fn note_spent(
        &mut self,
        subject: &Subject,
        what: &str,
        before: Spent,
        units: u64,
    ) -> Result<(), String> {
        let after = self.spent(subject)?;
        let each_us = |before: Duration, after: Duration| {
            after.saturating_sub(before).as_secs_f64() * 1e6 / units.max(1) as f64
        };
        if let (Some(before), Some(after)) = (before.gateway, after.gateway) {
            self.sheet.note(&format!("{what}.cpu_us"), subject.name, each_us(before, after));
        }
        let upstream_us = each_us(before.upstream, after.upstream);
        self.sheet.note(&format!("{what}.simulator_cpu_us"), subject.name, upstream_us);
        Ok(())
    }
}

fn at(what: &str, subject: &Subject, error: &str) -> String {
    let told = format!("{what}, {}: {error}", subject.name);
    subject.gateway.as_ref().map_or(told.clone(), |gateway| gateway.told(&told))
}
