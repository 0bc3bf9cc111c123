//! What callers are told when nothing may serve them.

use std::collections::BTreeMap;

use crate::catalog::{Catalog, Modality, ModelIx};
use crate::failure::{AvailabilityCode, Failure};
use crate::plan::stage::{Moment, endpoint, facts, model, names, provider, three};
use crate::plan::{Defaults, Wanted};
use crate::price::Rate;
use crate::request::{MaxPrice, Preferences};

/// A refusal as a caller reads it.
fn told(failure: &Failure) -> String {
    let availability = failure.availability.as_ref().expect("a refusal says why");
    let mut lines = vec![failure.detail.clone()];
    for rejected in &availability.candidates {
        lines.push(format!("{}: {}", rejected.endpoint, rejected.excluded_by.join(", ")));
    }
    for change in &availability.smallest_change {
        lines.push(format!("{} -> {}", change.field, change.to));
    }
    lines.join("\n")
}

#[test]
fn each_obstacle_is_named_and_the_smallest_change() {
    let catalog = three(|place, provider, endpoint| {
        provider.data.retention_days = Some([30, 0, 30][place]);
        endpoint.max_output = Some([10_000, 500, 10_000][place]);
        endpoint.tools = place != 0;
    });
    let mut wants = facts(Preferences {
        zero_retention: true,
        only: names(&["a", "b"]),
        max_price: MaxPrice { prompt: Rate::parse("0.8", 1_000_000), ..MaxPrice::default() },
        ..Preferences::default()
    });
    wants.tools = true;
    wants.output_tokens_max = Some(2_000);
    let failure = Moment::of(&catalog).order(&wants).unwrap_err();
    insta::assert_snapshot!(told(&failure), @r#"
    No endpoint of x/one satisfies provider.only and provider.zdr and provider.max_price and max_tokens and tools. p1 would serve it with `provider.max_price.prompt` = "2" and with `max_tokens` = 500.
    0:0: data_policy:zdr, max_price, tools
    1:0: max_price, max_output
    2:0: allowed_providers, data_policy:zdr, max_price
    provider.max_price.prompt -> "2"
    max_tokens -> 500
    "#);
}

#[test]
fn what_the_house_forbids_no_change_admits() {
    let catalog = three(|_, _, _| ());
    let defaults = Defaults { only: names(&["z"]), ..Defaults::default() };
    let moment = Moment { defaults, ..Moment::of(&catalog) };
    let failure = moment.order(&facts(Preferences::default())).unwrap_err();
    insta::assert_snapshot!(told(&failure), @r"
    No endpoint of x/one is at a provider that this instance permits. It is served by a, b, c.
    0:0: allowed_providers
    1:0: allowed_providers
    2:0: allowed_providers
    ");
}

#[test]
fn a_preference_is_easier_to_change_than_a_prompt() {
    let catalog = three(|place, _, endpoint| {
        if place == 0 {
            endpoint.input_modalities.push(Modality::Image);
        }
    });
    let mut wants = facts(Preferences {
        ignore: names(&["a", "c"]),
        quantizations: names(&["bf16"]),
        ..Preferences::default()
    });
    wants.modalities = vec![Modality::Image];
    let failure = Moment::of(&catalog).order(&wants).unwrap_err();
    insta::assert_snapshot!(told(&failure), @r#"
    No endpoint of x/one satisfies provider.ignore and provider.quantizations and messages. p0 would serve it with `provider.ignore` = ["c"] and with `provider.quantizations` = ["bf16","unknown"].
    0:0: ignored_providers, quantization
    1:0: quantization, input_modalities
    2:0: ignored_providers, quantization, input_modalities
    provider.ignore -> ["c"]
    provider.quantizations -> ["bf16","unknown"]
    "#);
}

#[test]
fn a_model_that_nobody_offers_names_the_keys_that_would_help() {
    let catalog = Catalog::assemble(
        vec![model("x/one"), model("x/none")],
        vec![provider("a")],
        vec![endpoint(0, 1, "1")],
        BTreeMap::new(),
    );
    let wanted = [Wanted::plain(ModelIx(1))];
    let facts = facts(Preferences::default());
    let moment = Moment { has_credentials: false, ..Moment::of(&catalog) };
    let failure = moment.plan(&facts, &wanted).unwrap_err();
    assert_eq!(failure.status(), 404);
    assert!(failure.detail.contains("A_API_KEY"), "{}", failure.detail);
    let availability = failure.availability.unwrap();
    assert_eq!(availability.code, AvailabilityCode::NoEndpoints);
    assert_eq!(availability.affected_providers, ["a"]);
}
