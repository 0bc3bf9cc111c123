//! A small catalog for tests.

use catalog::{Layers, SourceFile, load_after};
use domain::catalog::{Catalog, EndpointIx, ModelIx};
use domain::launch::Reveal;
use domain::time::Timestamp;

use super::row::{Row, rows};
use super::view::View;

const AUTHOR: &str = r#"
author = "acme"
name = "Acme"

[[model]]
id = "acme/talker"
name = "Talker <1>"
permaslug = "acme/talker-2026-05-01"
description = "Talks & listens."
released = "2026-05-01"
knowledge = "2025-11"
context = 128000
max_output = 8000
input_modalities = ["image", "text"]
output_modalities = ["text"]
reasoning = true
tools = true
temperature = true
tokenizer = "Llama3"
hf = "acme/Talker"

[[model]]
id = "acme/thinker"
name = "Thinker"
released = "2026-09"
context = 1000000
input_modalities = ["text"]
output_modalities = ["text"]
reasoning = true

[[model]]
id = "acme/vector"
name = "Vector"
kind = "embedding"
released = "2025-01-01"
context = 8000

[[model]]
id = "acme/guard"
name = "Guard"
kind = "moderation"
context = 8000

[[model]]
id = "acme/riddle"
name = "Riddle"
input_modalities = ["text"]
output_modalities = ["text"]
"#;

const FAST: &str = r#"
[provider]
slug = "fast"
name = "Fast Inference GmbH"
openrouter_name = "Fast"
class = "host"
operator = "Fast"
hq = "DE"
datacenters = ["DE", "FR"]
base_url = "https://fast.example.com/v1"
dialect = "openai-chat"
auth = "bearer"
key_env = ["FAST_API_KEY"]
data = { train = "no", retention_days = 0, conf = "high" }

[[endpoint]]
model = "acme/talker"
id = "talker"
quantization = "fp8"
max_input = 100000
price = { input = "0.5", output = "1.5", cache_read = "0.05" }
reasoning_controls = { efforts = ["none", "low", "high"] }
[[endpoint.price_over]]
min_prompt_tokens = 64000
price = { input = "1", output = "3" }
[[endpoint.price_window]]
valid_from = "2026-08-01"
valid_until = "2027-01-01"
windows_utc = [["16:30", "00:30"]]
days = ["mon", "tue"]
holidays = ["2026-12-25"]
price = { input = "0.25", output = "0.75", cache_read = "0.025" }

[[endpoint]]
model = "acme/vector"
id = "vector"
dialect = "openai-embeddings"
price = { input = "0.02" }

[[endpoint]]
model = "acme/guard"
id = "guard"
price = { input = "0.2", output = "0.2" }
"#;

const SLOW: &str = r#"
[provider]
slug = "slow"
name = "Slow"
class = "host"
operator = "Slow"
datacenters = ["US"]
base_url = "https://slow.example.com/v1"
dialect = "openai-chat"
auth = "bearer"
key_env = ["SLOW_API_KEY"]
data = { train = "unknown" }

[[endpoint]]
model = "acme/talker"
id = "talker-slow"
context = 256000
tools = false
price = { input = "0.4", output = "2" }

[[endpoint]]
model = "acme/thinker"
id = "thinker"
price = { input = "3", output = "9" }

[[endpoint]]
model = "acme/thinker"
id = "thinker-old"
variant = "old"
status = "deprecated"
price = { input = "1", output = "2" }

[[endpoint]]
model = "acme/riddle"
id = "riddle"
billing = "unverified-unit"
price = { input = "7", output = "7" }
"#;

const OVERLAY: &str = r#"
[[model_alias]]
from = "talker-latest"
to = "acme/talker"
"#;

/// An afternoon on which no price by the hour holds.
pub(crate) const NOON: &str = "2026-11-24T12:00:00Z";
/// The evening of the same day, on which one does.
pub(crate) const EVENING: &str = "2026-11-24T17:00:00Z";

/// A catalog, and what can be called of it.
pub(crate) struct Sample {
    /// The catalog.
    pub catalog: Catalog,
    /// Every endpoint that may be called.
    pub offers: Vec<EndpointIx>,
    callable: Vec<Vec<EndpointIx>>,
}

/// Returns the small catalog: all that is routable can be called, except at `thinker`.
pub(crate) fn sample() -> Sample {
    Sample::of(loaded(&[]), "acme/thinker")
}

/// Returns the small catalog after stealth models were named.
pub(crate) fn loaded(reveals: &[Reveal]) -> Catalog {
    let file = |path: &str, text: &str| SourceFile { path: path.to_owned(), text: text.to_owned() };
    let layers = Layers {
        base: vec![
            file("models/acme.toml", AUTHOR),
            file("providers/fast.toml", FAST),
            file("providers/slow.toml", SLOW),
        ],
        overlays: vec![vec![file("names.toml", OVERLAY)]],
    };
    load_after(&layers, reveals).unwrap_or_else(|faults| panic!("{}", faults[0])).catalog
}

impl Sample {
    /// Takes a catalog in which everything routable can be called but one model.
    pub(crate) fn of(catalog: Catalog, silent: &str) -> Sample {
        let mut callable = vec![Vec::new(); catalog.models().len()];
        let mut offers = Vec::new();
        for (place, endpoint) in (0..).map(EndpointIx).zip(catalog.endpoints()) {
            if endpoint.is_routable() && catalog.model(endpoint.model).id != silent {
                callable[endpoint.model.0 as usize].push(place);
                offers.push(place);
            }
        }
        Sample { catalog, offers, callable }
    }

    /// Lets a function see it at an instant.
    pub(crate) fn at<T>(&self, now: &str, look: impl FnOnce(&View<'_>) -> T) -> T {
        let callable = |model: ModelIx| self.callable[model.0 as usize].as_slice();
        let now = Timestamp::parse(now).expect("an instant");
        look(&View { catalog: &self.catalog, callable: &callable, figures: &|_| None, now })
    }

    /// Returns its rows at noon.
    pub(crate) fn rows(&self) -> Vec<Row> {
        self.at(NOON, rows)
    }

    /// Returns the place of a model.
    pub(crate) fn model(&self, id: &str) -> ModelIx {
        self.catalog.find_model(id).expect("a model of the sample")
    }
}
