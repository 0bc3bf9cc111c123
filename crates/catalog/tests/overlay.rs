//! What an operator's files do to the catalog.

use catalog::{Fault, FaultKind, Layers, SourceFile, load};
use domain::catalog::{Auth, Billing, Catalog, Endpoint, Provider, ProviderClass, Training};
use domain::price::{Price, Rate};
use domain::quirk::StreamUsage;

const MODELS: &str = r#"
author = "acme"
name = "Acme"
[[model]]
id = "acme/one"
context = 1000
"#;

const PROVIDER: &str = r#"
[provider]
slug = "host"
class = "host"
base_url = "https://api.example.com/v1"
dialect = "openai-chat"
auth = "bearer"
key_env = ["HOST_KEY"]
data = { train = "no", retention_days = 30, conf = "medium" }
[provider.quirks]
stream_usage = "always"
no_tools = true

[[endpoint]]
model = "acme/one"
id = "one"
price = { input = "1", output = "2", cache_read = "0.1" }
headers = { x-first = "1" }
[endpoint.quirks]
stream_only = true
[[endpoint.price_over]]
min_prompt_tokens = 500
price = { input = "3" }

[[endpoint]]
model = "acme/one"
id = "one-turbo"
variant = "turbo"
billing = "quarantined"
price = { input = "9", output = "9" }

[[endpoint]]
model = "acme/one"
id = "one-trial"
variant = "trial"
billing = "trial"
base_url = "https://trial.example.com/v1"
price = { input = "9", output = "9" }
"#;

fn file(path: &str, text: &str) -> SourceFile {
    SourceFile { path: path.to_owned(), text: text.to_owned() }
}

fn layers(overlays: &[&[(&str, &str)]]) -> Layers {
    let directory = |files: &&[(&str, &str)]| {
        files.iter().map(|(path, text)| file(path, text)).collect::<Vec<_>>()
    };
    Layers {
        base: vec![file("models/acme.toml", MODELS), file("providers/host.toml", PROVIDER)],
        overlays: overlays.iter().map(directory).collect(),
    }
}

fn with(overlay: &str) -> Catalog {
    sound(&layers(&[&[("catalog.d/own.toml", overlay)]]))
}

fn sound(layers: &Layers) -> Catalog {
    load(layers).unwrap_or_else(|faults| panic!("{faults:#?}")).catalog
}

fn faults(overlay: &str) -> Vec<Fault> {
    load(&layers(&[&[("catalog.d/own.toml", overlay)]])).err().unwrap_or_default()
}

fn endpoint<'a>(catalog: &'a Catalog, id: &str) -> &'a Endpoint {
    catalog.endpoints().iter().find(|it| it.id == id).unwrap_or_else(|| panic!("no {id}"))
}

fn provider<'a>(catalog: &'a Catalog, slug: &str) -> &'a Provider {
    catalog.provider(catalog.find_provider(slug).expect("the provider is there"))
}

fn dollars_per_million(text: &str) -> Option<Rate> {
    Rate::parse(text, 1_000_000)
}

#[test]
fn scalars_and_lists_of_a_provider_replace_and_tables_merge_by_key() {
    let catalog = with(
        r#"
        [provider.host]
        key_env = ["OTHER_KEY"]
        cancellable = true
        data = { train = "opt-out", conf = "contract" }
        quirks = { no_tools = false }
    "#,
    );
    let host = provider(&catalog, "host");
    assert_eq!(host.key_env, ["OTHER_KEY"]);
    assert!(host.cancellable);
    assert_eq!(host.data.train, Training::OptOut);
    assert_eq!(host.data.retention_days, Some(30));
    assert_eq!(host.data.confidence.as_deref(), Some("contract"));
    let quirks = &endpoint(&catalog, "host:acme/one").quirks;
    assert_eq!(quirks.no_tools, Some(false));
    assert_eq!(quirks.stream_usage, Some(StreamUsage::Always));
    assert_eq!(quirks.stream_only, Some(true));
    assert!(!host.private_network);
}

#[test]
fn an_endpoint_is_found_by_its_selector_and_changed() {
    let catalog = with(
        r#"
        [[endpoint]]
        provider = "host"
        model = "acme/one"
        context = 9
        headers = { x-second = "2" }
        quirks = { stream_only = false }
    "#,
    );
    let one = endpoint(&catalog, "host:acme/one");
    assert_eq!(one.context, Some(9));
    assert_eq!(one.headers.len(), 2);
    assert_eq!(one.quirks.stream_only, Some(false));
    assert_eq!(one.upstream_model, "one");
    assert_eq!(endpoint(&catalog, "host/turbo:acme/one").context, Some(1_000));
    assert_eq!(catalog.endpoints().len(), 3);
}

#[test]
fn a_price_replaces_as_a_whole_with_its_conditions() {
    let catalog = with(
        r#"
        [[endpoint]]
        provider = "host"
        model = "acme/one"
        price = { input = "5", output = "6" }
    "#,
    );
    let card = endpoint(&catalog, "host:acme/one").price.clone().unwrap();
    let whole = Price {
        input: dollars_per_million("5"),
        output: dollars_per_million("6"),
        ..Price::default()
    };
    assert_eq!(card.base, whole);
    assert_eq!(card.over, []);
}

#[test]
fn a_row_with_an_id_and_a_new_selector_adds_an_endpoint() {
    let catalog = with(
        r#"
        [[endpoint]]
        provider = "host"
        model = "acme/one"
        region = "eu"
        id = "prod-one-eu"
        base_url = "http://10.0.0.5:8000/v1"
        price = { input = "0", output = "0" }
    "#,
    );
    let added = endpoint(&catalog, "host/eu:acme/one");
    assert_eq!(added.tag, "host/eu");
    assert_eq!(added.upstream_model, "prod-one-eu");
    assert!(added.private_network);
    assert!(added.is_routable());
    assert_eq!(added.quirks.no_tools, Some(true));
    assert!(!endpoint(&catalog, "host:acme/one").private_network);
    assert!(!provider(&catalog, "host").private_network);
}

#[test]
fn an_operators_address_of_a_provider_may_lead_inwards() {
    let catalog = with("[provider.host]\nbase_url = 'http://localhost:8080/v1'");
    assert!(provider(&catalog, "host").private_network);
    let one = endpoint(&catalog, "host:acme/one");
    assert_eq!(one.base_url, "http://localhost:8080/v1");
    assert!(one.private_network);
    // One with an address of its own has not moved.
    assert!(!endpoint(&catalog, "host/trial:acme/one").private_network);
}

#[test]
fn a_provider_and_a_model_of_ones_own_need_little() {
    let catalog = with(
        r#"
        [provider.inhouse]
        name = "In-house vLLM"
        dialect = "openai-chat"
        base_url = "http://10.0.0.5:8000/v1"
        auth = "none"

        [[model]]
        id = "house/own"
        context = 4096

        [[endpoint]]
        provider = "inhouse"
        model = "house/own"
        id = "own"
        price = { input = "0", output = "0" }
    "#,
    );
    let inhouse = provider(&catalog, "inhouse");
    assert_eq!(inhouse.auth, Auth::None);
    assert_eq!(inhouse.class, ProviderClass::Private);
    assert_eq!(inhouse.data.train, Training::Unknown);
    assert!(inhouse.private_network);
    let own = endpoint(&catalog, "inhouse:house/own");
    assert!(own.private_network && own.is_routable());
    assert_eq!(own.context, Some(4_096));
}

#[test]
fn what_was_switched_off_stays_off_whatever_comes_later() {
    let catalog = sound(&layers(&[
        &[("a/20.toml", "[[endpoint]]\nprovider = 'host'\nmodel = 'acme/one'\ndisabled = false")],
        &[
            ("b/10.toml", "[[endpoint]]\nprovider = 'host'\nmodel = 'acme/one'\ndisabled = true"),
            ("b/20.toml", "[[endpoint]]\nprovider = 'host'\nmodel = 'acme/one'\ndisabled = false"),
        ],
    ]));
    assert!(!endpoint(&catalog, "host:acme/one").is_routable());
    for word in ["disabled = true", "enabled = false"] {
        let catalog = with(&format!("[provider.host]\n{word}"));
        assert!(provider(&catalog, "host").disabled);
        assert!(catalog.endpoints().iter().all(|it| it.disabled && !it.is_routable()));
    }
}

#[test]
fn files_are_merged_by_name_and_directories_in_their_order() {
    let context = |tokens: u32| {
        format!("[[endpoint]]\nprovider = 'host'\nmodel = 'acme/one'\ncontext = {tokens}")
    };
    let (one, two, three) = (context(1), context(2), context(3));
    let of =
        |overlays: &[&[(&str, &str)]]| endpoint(&sound(&layers(overlays)), "host:acme/one").context;
    assert_eq!(of(&[&[("d/20.toml", &two), ("d/10.toml", &one)]]), Some(2));
    assert_eq!(of(&[&[("z/20.toml", &two)], &[("a/10.toml", &three)]]), Some(3));
}

#[test]
fn a_trial_is_accepted_and_a_doubtful_price_is_confirmed() {
    let accepted = with(
        "[[endpoint]]\nprovider = 'host'\nmodel = 'acme/one'\nvariant = 'trial'\naccept = true",
    );
    assert!(endpoint(&accepted, "host/trial:acme/one").is_routable());
    assert!(!endpoint(&accepted, "host/turbo:acme/one").is_routable());
    let lifted = "[[endpoint]]\nprovider = 'host'\nmodel = 'acme/one'\nvariant = 'turbo'\n\
                  billing = 'token'\nprice = { input = '0.95', output = '4.00' }";
    let told: Vec<_> = faults(lifted).into_iter().map(|it| (it.kind, it.line)).collect();
    assert_eq!(told, [(FaultKind::Unconfirmed, Some(1))]);
    let confirmed = with(&format!("{lifted}\nconfirmed_on = '2026-11-22'"));
    let turbo = endpoint(&confirmed, "host/turbo:acme/one");
    assert_eq!(turbo.billing, Billing::Token);
    assert!(turbo.is_routable());
    assert_eq!(turbo.price.as_ref().unwrap().base.output, dollars_per_million("4"));
}

#[test]
fn an_alias_stands_for_a_model_and_hides_none() {
    let catalog = with("[[model_alias]]\nfrom = 'gpt-4o-latest'\nto = 'acme/one'");
    assert_eq!(catalog.find_model("gpt-4o-latest"), catalog.find_model("acme/one"));
    assert!(catalog.find_model("gpt-4o-latest").is_some());
    let hiding = faults("[[model_alias]]\nfrom = 'acme/one'\nto = 'acme/one'");
    assert_eq!(hiding[0].kind, FaultKind::Duplicate);
}

#[test]
fn a_condition_without_its_price_is_half_a_price() {
    let half = faults(
        "[[endpoint]]\nprovider = 'host'\nmodel = 'acme/one'\n\
         price_over = [{ min_prompt_tokens = 1, price = { input = '1' } }]",
    );
    assert_eq!(half[0].kind, FaultKind::MissingKey, "{half:?}");
}
