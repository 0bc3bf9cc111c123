//! What a comparison found, as people and programs read it.

use domain::money::Money;
use domain::time::{DAY_MS, Timestamp};
use serde_json::{Value, json};

/// Something on which invoice and books differ.
#[derive(Clone, Debug, PartialEq)]
pub enum Finding {
    /// The invoice's days begin some hours from midnight UTC.
    ZoneShift {
        /// How many hours ahead of UTC its days are.
        hours: i64,
    },
    /// The invoice has it, the books do not.
    MissingHere(Spot),
    /// The books have it, the invoice does not.
    MissingThere(Spot),
    /// The invoice has the same row more than once.
    Duplicate(Spot),
    /// Both count the same tokens and not the same money.
    PriceDrift {
        /// Where.
        spot: Spot,
        /// What the books say.
        booked: Money,
    },
    /// They do not count the same tokens.
    Tokens {
        /// Where.
        spot: Spot,
        /// Tokens of the invoice, then of the books: of prompts and completions.
        counted: [[i64; 2]; 2],
        /// What the books say it cost.
        booked: Money,
    },
}

/// Where something was found, and what the side that has it says it cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    /// The day, counted since 1970.
    pub day: i64,
    /// The model.
    pub model: String,
    /// The request, where rows are requests.
    pub id: Option<String>,
    /// The cost.
    pub cost: Money,
}

/// What a comparison found.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Rows of the invoice.
    pub rows: usize,
    /// Generations in the books.
    pub generations: usize,
    /// What the invoice sums to.
    pub invoiced: Money,
    /// What the books sum to, over the days of the invoice.
    pub booked: Money,
    /// Differences of cost that are passed over, in percent.
    pub tolerance_percent: f64,
    /// What differs.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Returns whether nothing differs.
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }

    /// Returns it as lines of text.
    pub fn text(&self) -> String {
        let mut text = format!(
            "{} rows for ${}, {} generations for ${}; a difference of {} % is passed over.\n",
            self.rows, self.invoiced, self.generations, self.booked, self.tolerance_percent,
        );
        for finding in &self.findings {
            text.push_str(&finding.text());
            text.push('\n');
        }
        text.push_str(if self.is_clean() {
            "Invoice and books agree."
        } else {
            "Invoice and books differ."
        });
        text
    }

    /// Returns it for programs.
    pub fn json(&self) -> Value {
        json!({
            "ok": self.is_clean(),
            "rows": self.rows,
            "generations": self.generations,
            "invoiced_nanos": self.invoiced.nanos(),
            "booked_nanos": self.booked.nanos(),
            "tolerance_percent": self.tolerance_percent,
            "findings": self.findings.iter().map(Finding::json).collect::<Vec<Value>>(),
        })
    }
}

impl Finding {
    fn text(&self) -> String {
        match self {
            Finding::ZoneShift { hours } => {
                format!("time zone       the invoice's days are those of UTC{hours:+}")
            }
            Finding::MissingHere(spot) => format!("not in books    {spot}"),
            Finding::MissingThere(spot) => format!("not in invoice  {spot}"),
            Finding::Duplicate(spot) => format!("twice           {spot}"),
            Finding::PriceDrift { spot, booked } => {
                format!("price           {spot}, booked ${booked} ({})", drift(spot.cost, *booked))
            }
            Finding::Tokens { spot, counted: [[prompt, completion], [own, made]], booked } => {
                format!(
                    "tokens          {spot}, booked ${booked}: {prompt} + {completion} there, \
                     {own} + {made} here"
                )
            }
        }
    }

    fn json(&self) -> Value {
        let told = |kind: &str, spot: &Spot| {
            json!({ "kind": kind, "date": date(spot.day), "model": spot.model, "id": spot.id,
                    "cost_nanos": spot.cost.nanos() })
        };
        match self {
            Finding::ZoneShift { hours } => json!({ "kind": "zone_shift", "hours": hours }),
            Finding::MissingHere(spot) => told("missing_here", spot),
            Finding::MissingThere(spot) => told("missing_there", spot),
            Finding::Duplicate(spot) => told("duplicate", spot),
            Finding::PriceDrift { spot, booked } => {
                let mut told = told("price_drift", spot);
                told["booked_nanos"] = json!(booked.nanos());
                told
            }
            Finding::Tokens { spot, counted, booked } => {
                let mut told = told("tokens", spot);
                told["booked_nanos"] = json!(booked.nanos());
                told["invoice_tokens"] = json!(counted[0]);
                told["booked_tokens"] = json!(counted[1]);
                told
            }
        }
    }
}

impl std::fmt::Display for Spot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}  {}", date(self.day), self.model)?;
        if let Some(id) = &self.id {
            write!(f, "  {id}")?;
        }
        write!(f, "  ${}", self.cost)
    }
}

fn drift(there: Money, here: Money) -> String {
    if here == Money::ZERO {
        return "nothing was booked".to_owned();
    }
    let percent = (there.nanos() as f64 / here.nanos() as f64 - 1.0) * 100.0;
    format!("{percent:+.2} %")
}

fn date(day: i64) -> String {
    Timestamp::from_ms(day * DAY_MS).to_string().chars().take(10).collect()
}
