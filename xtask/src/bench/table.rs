//! The figures for people: one table, and for machines: one JSON document.

use std::collections::BTreeMap;

use serde::Serialize;

use super::machine::Machine;
use super::noise::Noise;
use super::sheet::{Figure, Sheet};
use super::subject::{DIRECT, INTERLINE, NGINX};

/// A group of lines.
struct Group {
    title: &'static str,
    lines: &'static [Line],
}

/// A line of the table.
struct Line {
    what: &'static str,
    title: &'static str,
    decimals: usize,
    /// Whether it says something to divide by nginx.
    is_compared: bool,
}

/// Under what circumstances the figures came to be.
#[derive(Serialize)]
pub(crate) struct Setting {
    pub(crate) machine: Machine,
    pub(crate) noise: Noise,
    pub(crate) rounds: u32,
}

/// The document for machines.
#[derive(Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    setting: &'a Setting,
    figures: BTreeMap<&'a str, BTreeMap<&'static str, Figure>>,
}

const fn line(what: &'static str, title: &'static str, decimals: usize) -> Line {
    Line { what, title, decimals, is_compared: true }
}

const fn aside(what: &'static str, title: &'static str, decimals: usize) -> Line {
    Line { what, title, decimals, is_compared: false }
}

const GROUPS: [Group; 8] = [
    Group {
        title: "270 B in, 1 KB out, 64 connections",
        lines: &[
            line("small.requests_per_s", "requests/s", 0),
            line("small.cpu_us", "CPU µs/request", 1),
            aside("small.busy_percent", "  its core busy, %", 0),
            aside("small.trailing_ms", "  went on for, ms", 0),
            aside("small.simulator_cpu_us", "  simulator's CPU µs/request", 1),
        ],
    },
    Group {
        title: "8 KB in, 1 KB out",
        lines: &[
            line("medium.requests_per_s", "requests/s", 0),
            line("medium.cpu_us", "CPU µs/request", 1),
            aside("medium.simulator_cpu_us", "  simulator's CPU µs/request", 1),
        ],
    },
    Group {
        title: "100 KB in, 1 KB out",
        lines: &[
            line("large.requests_per_s", "requests/s", 0),
            line("large.cpu_us", "CPU µs/request", 1),
            aside("large.simulator_cpu_us", "  simulator's CPU µs/request", 1),
        ],
    },
    Group {
        title: "200 requests/s, from the time each was due",
        lines: &[
            aside("paced.p50_us", "p50 µs", 0),
            aside("paced.p99_us", "p99 µs", 0),
            line("paced.added_p50_us", "p50 added µs", 0),
            line("paced.added_p99_us", "p99 added µs", 0),
            line("paced.cpu_us", "CPU µs/request", 0),
        ],
    },
    Group {
        title: "64 streams, 200 chunks each, one every ms",
        lines: &[
            line("flow.chunks_per_s", "chunks/s", 0),
            line("flow.cpu_us", "CPU µs/chunk", 2),
            aside("flow.busy_percent", "  its core busy, %", 0),
            aside("flow.simulator_cpu_us", "  simulator's CPU µs/chunk", 2),
        ],
    },
    Group {
        title: "64 streams, 200 chunks each, all at once",
        lines: &[
            line("burst.chunks_per_s", "chunks/s", 0),
            line("burst.cpu_us", "CPU µs/chunk", 2),
            aside("burst.simulator_cpu_us", "  simulator's CPU µs/chunk", 2),
        ],
    },
    Group {
        title: "open streams, 10 chunks/s each",
        lines: &[
            line("open.cpu_us", "CPU µs/chunk", 1),
            line("open.rss_mib", "resident MiB", 0),
            aside("open.simulator_cpu_us", "  simulator's CPU µs/chunk", 1),
        ],
    },
    Group {
        title: "at rest",
        lines: &[
            line("idle.rss_mib", "resident MiB", 0),
            line("start_ms", "start to first answer, ms", 0),
        ],
    },
];

/// Characters that a cell takes.
const CELL: usize = 26;

/// Above this much work of others no figure is worth keeping.
const OTHERS_PERCENT_MAX: f64 = 5.0;

/// Writes the table: medians, and in brackets the least and the most of all rounds.
pub(crate) fn table(setting: &Setting, sheet: &Sheet) -> String {
    let Setting { machine, noise, rounds } = setting;
    let Machine { processor, cores, kernel, date, commit, is_pinned } = machine;
    let Noise { others_percent, stolen_percent } = noise;
    let pinned = if *is_pinned { "the gateway on a core of its own" } else { "not pinned" };
    let mut text = format!(
        "{date}, {commit}: {cores} x {processor}, Linux {kernel}, {pinned}\n\
         other processes took {others_percent:.0} % of the machine, other guests \
         {stolen_percent:.0} %\n\
         medians of {rounds} rounds, [least-most]\n\n"
    );
    if *others_percent > OTHERS_PERCENT_MAX {
        text += "NOT QUIET: others were at work, so every figure is worse than it should be\n\n";
    }
    let heads = [DIRECT, NGINX, INTERLINE].map(|who| format!("{who:>CELL$}")).concat();
    text += &format!("{:31}{heads}{:>9}\n", "", "/ nginx");
    for group in &GROUPS {
        text += group.title;
        text.push('\n');
        for line in group.lines {
            text += &row(line, sheet);
        }
    }
    text
}

/// Writes the document.
///
/// # Errors
///
/// A sentence, when a figure is no number.
pub(crate) fn document(setting: &Setting, sheet: &Sheet) -> Result<String, String> {
    let document = Document { setting, figures: sheet.figures() };
    serde_json::to_string_pretty(&document).map_err(|error| error.to_string())
}

fn row(line: &Line, sheet: &Sheet) -> String {
    let figures = [DIRECT, NGINX, INTERLINE].map(|who| sheet.figure(line.what, who));
    let cells = figures.each_ref().map(|figure| cell(figure.as_ref(), line.decimals));
    let ratio = match &figures {
        [_, Some(nginx), Some(own)] if line.is_compared && nginx.median > 0.0 => {
            format!("{:.2}", own.median / nginx.median)
        }
        _ => String::new(),
    };
    let [direct, nginx, own] = cells;
    let row = format!("  {:29}{direct:>CELL$}{nginx:>CELL$}{own:>CELL$}{ratio:>9}", line.title);
    row.trim_end().to_owned() + "\n"
}

fn cell(figure: Option<&Figure>, decimals: usize) -> String {
    let Some(Figure { median, min, max, rounds }) = figure else { return "-".to_owned() };
    if rounds.len() < 2 {
        return format!("{median:.decimals$}");
    }
    format!("{median:.decimals$} [{min:.decimals$}-{max:.decimals$}]")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting() -> Setting {
        let machine = Machine {
            processor: "Abacus".to_owned(),
            cores: 2,
            kernel: "1.0".to_owned(),
            is_pinned: true,
            date: "2026-01-02".to_owned(),
            commit: "abc".to_owned(),
        };
        let noise = Noise { others_percent: 1.0, stolen_percent: 0.0 };
        Setting { machine, noise, rounds: 3 }
    }

    fn sheet() -> Sheet {
        let mut sheet = Sheet::default();
        for (nginx, own) in [(10.0, 30.0), (12.0, 29.0), (11.0, 35.0)] {
            sheet.note("small.cpu_us", NGINX, nginx);
            sheet.note("small.cpu_us", INTERLINE, own);
        }
        sheet
    }

    #[test]
    fn a_line_shows_medians_spread_and_the_ratio_to_nginx() {
        let table = table(&setting(), &sheet());
        let row = table.lines().find(|line| line.contains("CPU µs/request")).expect("it is there");
        let words: Vec<&str> = row.split_whitespace().skip(2).collect();
        assert_eq!(words, ["-", "11.0", "[10.0-12.0]", "30.0", "[29.0-35.0]", "2.73"]);
    }

    #[test]
    fn the_document_holds_every_round() {
        let document = document(&setting(), &sheet()).expect("the figures are numbers");
        let document: serde_json::Value = serde_json::from_str(&document).expect("it is JSON");
        let own = &document["figures"]["small.cpu_us"]["interline"];
        assert_eq!(own["rounds"], serde_json::json!([30.0, 29.0, 35.0]));
        assert_eq!(
            (own["median"].as_f64(), &document["machine"]["cores"]),
            (Some(30.0), &2.into())
        );
    }
}
