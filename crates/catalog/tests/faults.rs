//! What is wrong with a file is told, each kind by the smallest file that has it.

use catalog::{Fault, FaultKind, Layers, SourceFile, load};

const MODELS: &str = r#"
author = "acme"
name = "Acme"
[[model]]
id = "acme/one"
"#;

const PROVIDER: &str = r#"
[provider]
slug = "host"
class = "host"
base_url = "https://api.example.com/v1"
dialect = "openai-chat"
auth = "bearer"
"#;

const ENDPOINT: &str = r#"
[[endpoint]]
model = "acme/one"
id = "one"
price = { input = "1", output = "2" }
"#;

fn file(path: &str, text: &str) -> SourceFile {
    SourceFile { path: path.to_owned(), text: text.to_owned() }
}

fn layers(models: &str, provider: &str) -> Layers {
    Layers {
        base: vec![file("models/acme.toml", models), file("providers/host.toml", provider)],
        overlays: Vec::new(),
    }
}

fn faults(layers: &Layers) -> Vec<Fault> {
    load(layers).err().unwrap_or_default()
}

/// Sees that the one fault is of that kind, at that line and key.
fn check(layers: &Layers, kind: FaultKind, line: usize, key: &str) {
    let faults = faults(layers);
    let told: Vec<_> =
        faults.iter().map(|it| (it.kind, it.line.unwrap_or(0), it.key.as_str())).collect();
    assert_eq!(told, [(kind, line, key)], "{faults:#?}");
}

/// The provider's file with lines put after the last line of its endpoint, which is line 12.
fn endpoint_with(lines: &str) -> Layers {
    layers(MODELS, &format!("{PROVIDER}{ENDPOINT}{lines}\n"))
}

/// The provider's file with a line put after the last line of the provider, which is line 7.
fn provider_with(lines: &str) -> Layers {
    layers(MODELS, &format!("{PROVIDER}{lines}\n{ENDPOINT}"))
}

/// The provider's file with an endpoint of these lines; its table begins at line 9.
fn endpoint_of(lines: &str) -> Layers {
    layers(MODELS, &format!("{PROVIDER}\n[[endpoint]]\n{lines}\n"))
}

fn overlay(text: &str) -> Layers {
    let base = layers(MODELS, &format!("{PROVIDER}{ENDPOINT}"));
    Layers { overlays: vec![vec![file("catalog.d/10-own.toml", text)]], ..base }
}

#[test]
fn the_small_catalog_is_sound() {
    assert_eq!(faults(&endpoint_with("")), []);
}

#[test]
fn what_is_no_toml_is_told_with_its_line() {
    check(&provider_with("name = "), FaultKind::Syntax, 8, "");
}

#[test]
fn keys_have_to_be_known_and_there() {
    use FaultKind::{MissingKey, UnknownKey};
    check(&endpoint_with("contxt = 9"), UnknownKey, 13, "endpoint[one].contxt");
    check(&endpoint_with("disabled = true"), UnknownKey, 13, "endpoint[one].disabled");
    check(&endpoint_with("quirks = { tool_strem = 1 }"), UnknownKey, 13, {
        "endpoint[one].quirks.tool_strem"
    });
    check(&provider_with("disabled = true"), UnknownKey, 8, "provider.disabled");
    check(&overlay("[[endpont]]\nmodel = 'x'"), UnknownKey, 1, "endpont");
    check(&layers(&format!("{MODELS}size = 9"), &endpoint_with("").base[1].text), UnknownKey, 6, {
        "model[acme/one].size"
    });
    let anonymous = "model = 'acme/one'\nprice = { input = '1' }";
    check(&endpoint_of(anonymous), MissingKey, 9, "endpoint[1].id");
    check(&endpoint_with("price_over = [{ price = { input = '2' } }]"), MissingKey, 13, {
        "endpoint[one].price_over[1].min_prompt_tokens"
    });
    let conditional = "model = 'acme/one'\nid = 'one'\nbilling = 'trial'\nservice_tiers = {}";
    check(&endpoint_of(conditional), MissingKey, 13, "endpoint[one].service_tiers");
    check(&overlay("[[endpoint]]\nmodel = 'acme/one'"), MissingKey, 1, {
        "endpoint[acme/one].provider"
    });
}

#[test]
fn values_have_their_type_and_their_words() {
    use FaultKind::{BadValue, WrongType};
    check(&endpoint_with("context = '9'"), WrongType, 13, "endpoint[one].context");
    check(&endpoint_with("context = -9"), WrongType, 13, "endpoint[one].context");
    check(&endpoint_with("aliases = ['a', 1]"), WrongType, 13, "endpoint[one].aliases");
    check(&overlay("[[endpoint]]\nprovider = 1\nmodel = 'acme/one'"), WrongType, 2, {
        "endpoint[acme/one].provider"
    });
    check(&endpoint_with("dialect = 'openai'"), BadValue, 13, "endpoint[one].dialect");
    check(&endpoint_with("quirks = { stream_usage = 'maybe' }"), BadValue, 13, {
        "endpoint[one].quirks.stream_usage"
    });
    check(&endpoint_with("reasoning_controls = { budget = [9, 1] }"), BadValue, 13, {
        "endpoint[one].reasoning_controls.budget"
    });
    check(&endpoint_with("headers = { host = 'x' }"), BadValue, 13, "endpoint[one].headers");
    check(&endpoint_with("headers = { x = \"a\\nb\" }"), BadValue, 13, "endpoint[one].headers");
    let dated = format!("{MODELS}released = '2026-13-01'");
    check(&layers(&dated, &endpoint_with("").base[1].text), BadValue, 6, {
        "model[acme/one].released"
    });
}

#[test]
fn names_have_a_shape_and_a_file() {
    use FaultKind::BadName;
    check(&endpoint_with("region = 'EU'"), BadName, 13, "endpoint[one].region");
    check(&endpoint_with("aliases = ['']"), BadName, 13, "endpoint[one].aliases");
    check(&provider_with("key_env = ['my key']"), BadName, 8, "provider.key_env");
    let mut misplaced = endpoint_with("");
    misplaced.base[1].path = "providers/hots.toml".to_owned();
    check(&misplaced, BadName, 3, "provider.slug");
    let mut stranger = endpoint_with("");
    stranger.base[0].text.push_str("[[model]]\nid = 'other/two'\n");
    stranger.base[1]
        .text
        .push_str("[[endpoint]]\nmodel = 'other/two'\nid = '2'\nprice.input = '1'");
    check(&stranger, BadName, 7, "model[other/two].id");
}

#[test]
fn addresses_of_shipped_providers_are_public_and_complete() {
    use FaultKind::BadUrl;
    check(&endpoint_with("base_url = 'http://api.example.com'"), BadUrl, 13, {
        "endpoint[one].base_url"
    });
    check(&endpoint_with("base_url = 'https://10.0.0.5/v1'"), BadUrl, 13, "endpoint[one].base_url");
    check(&provider_with("also = { cohere = 'https://a b' }"), BadUrl, 8, "provider.also");
    check(&endpoint_with("base_url = 'https://{site}.example.com'"), BadUrl, 9, {
        "endpoint[one].base_url"
    });
}

#[test]
fn prices_are_exact_whole_and_sensible() {
    use FaultKind::{BadPrice, BadTier, Unpriced};
    let priced = |price: &str| endpoint_of(&format!("model = 'acme/one'\nid = 'one'\n{price}"));
    for price in ["-1", "1e3", "", "0.0000001", "1000001", "NaN", "1 "] {
        check(&priced(&format!("price = {{ input = '{price}' }}")), BadPrice, 12, {
            "endpoint[one].price.input"
        });
    }
    check(&priced("price = { input = '1', cache_read = '0' }"), BadPrice, 12, {
        "endpoint[one].price"
    });
    check(&priced("price = { input = '1', cache_read = '2' }"), BadPrice, 12, {
        "endpoint[one].price"
    });
    check(&priced("price = { input = '0' }"), BadPrice, 12, "endpoint[one].price");
    check(&priced("price = {}"), BadPrice, 12, "endpoint[one].price");
    check(&priced(""), Unpriced, 9, "endpoint[one].price");
    let tiers = |tiers: &str| endpoint_with(&format!("price_over = [{tiers}]"));
    let tier = |over: u32, class: &str| {
        format!("{{ min_prompt_tokens = {over}, price = {{ {class} = '3' }} }}")
    };
    let falling = format!("{}, {}", tier(200, "input"), tier(200, "output"));
    check(&tiers(&falling), BadTier, 13, "endpoint[one].price_over[2].min_prompt_tokens");
    check(&tiers(&tier(9, "citation")), BadTier, 13, "endpoint[one].price_over[1].price");
    check(&endpoint_with("service_tiers = { priority = { input = '9' } }"), BadPrice, 13, {
        "endpoint[one].service_tiers.priority"
    });
}

#[test]
fn hours_of_prices_make_sense() {
    let window = |lines: &str| {
        endpoint_with(&format!(
            "[[endpoint.price_window]]\nprice = {{ input = '1', output = '2' }}\n{lines}"
        ))
    };
    let sound = "windows_utc = [['22:00', '06:00']]";
    assert_eq!(faults(&window(sound)), []);
    for (lines, key) in [
        ("windows_utc = []", "windows_utc"),
        ("windows_utc = [['1:00', '02:00']]", "windows_utc"),
        ("windows_utc = [['01:00', '01:00']]", "windows_utc"),
        ("windows_utc = [['24:00', '01:00']]", "windows_utc"),
        ("windows_utc = [['01:00', '24:01']]", "windows_utc"),
        ("windows_utc = [['00:00', '24:00']]\ndays = ['monday']", "days"),
        ("windows_utc = [['00:00', '24:00']]\nholidays = ['soon']", "holidays"),
        ("windows_utc = [['00:00', '24:00']]\nvalid_from = 'soon'", "valid_from"),
    ] {
        let line = 14 + lines.lines().count();
        check(
            &window(lines),
            FaultKind::BadWindow,
            line,
            &format!("endpoint[one].price_window[1].{key}")
                .replace("[1].valid_from", "[soon].valid_from"),
        );
    }
}

#[test]
fn nothing_is_there_twice() {
    use FaultKind::Duplicate;
    check(&endpoint_with(ENDPOINT), Duplicate, 14, "endpoint[one]");
    let twice = format!("{MODELS}[[model]]\nid = 'acme/one'");
    check(&layers(&twice, &endpoint_with("").base[1].text), Duplicate, 6, "model[acme/one].id");
    let mut providers = endpoint_with("");
    providers.base.push(file("b/host.toml", PROVIDER));
    check(&providers, Duplicate, 2, "provider.slug");
    let two = format!("{MODELS}[[model]]\nid = 'acme/two'");
    let both = format!("{ENDPOINT}{}", ENDPOINT.replace("acme/one", "acme/two"));
    check(&layers(&two, &format!("{PROVIDER}{both}")), Duplicate, 14, "endpoint[one].id");
}

#[test]
fn what_is_referred_to_exists() {
    use FaultKind::{UnknownEndpoint, UnknownModel, UnknownProvider, Unserved};
    let strange = "model = 'acme/oen'\nid = 'one'\nprice.input = '1'";
    let mut two = layers(MODELS, &format!("{PROVIDER}{ENDPOINT}\n[[endpoint]]\n{strange}"));
    check(&two, UnknownModel, 14, "endpoint[one].model");
    two.base[0].text.push_str("[[model]]\nid = 'acme/oen'\n[[model]]\nid = 'acme/idle'\n");
    two.base[1].text = two.base[1].text.replace("id = 'one'", "id = 'two'");
    check(&two, Unserved, 8, "model[acme/idle]");
    check(&overlay("[provider.hosst]\ncancellable = true"), UnknownProvider, 1, "provider.hosst");
    check(&overlay("[[endpoint]]\nprovider = 'x'\nmodel = 'acme/one'"), UnknownProvider, 1, {
        "endpoint[acme/one].provider"
    });
    let turbo = "[[endpoint]]\nprovider = 'host'\nmodel = 'acme/one'\nvariant = 'turbo'";
    check(&overlay(turbo), UnknownEndpoint, 1, "endpoint[acme/one]");
    check(&overlay("[[model_alias]]\nfrom = 'x'\nto = 'acme/x'"), UnknownModel, 1, {
        "model_alias[x].to"
    });
}

#[test]
fn one_broken_file_does_not_hide_another() {
    let mut both = provider_with("= 1");
    both.base.push(file("providers/second.toml", "[provider]\nslug = 'second'"));
    let kinds: Vec<FaultKind> = faults(&both).iter().map(|it| it.kind).collect();
    assert!(kinds.contains(&FaultKind::Syntax), "{kinds:?}");
    assert!(4 <= kinds.iter().filter(|it| **it == FaultKind::MissingKey).count(), "{kinds:?}");
}

#[test]
fn a_long_list_of_faults_is_cut_and_says_so() {
    let faults = faults(&endpoint_with(&"[[endpoint]]\n".repeat(400)));
    assert_eq!(faults.len(), 201);
    let last = faults.last().unwrap();
    assert_eq!(last.kind, FaultKind::TooMany);
    assert!(last.message.contains("more faults"), "{last}");
}

#[test]
fn a_report_reads_like_a_compiler() {
    let mut layers = overlay(
        "[provider.hsot]\ncancellable = true\n\n[[endpoint]]\nprovider = \"host\"\n\
         model = \"acme/one\"\nregion = \"eu\"\nprice = { inptu = \"1,5\", output = \"1,5\" }\n",
    );
    layers.base[1].text.push_str("billing = \"quarantind\"\ncontext = \"8k\"\n");
    let report: Vec<String> = faults(&layers).iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(report.join("\n"));
}

/// An overlay with a model of these lines; the endpoint that offers it begins after them.
fn stealth_with(id: &str, lines: &str) -> Layers {
    overlay(&format!(
        "[[model]]\nid = '{id}'\n{lines}\n[[endpoint]]\nprovider = 'host'\nmodel = '{id}'\n\
         id = 'own'\nprice = {{ input = '1' }}\n"
    ))
}

#[test]
fn a_model_whose_maker_is_not_told_says_its_terms_and_nothing_that_tells() {
    use FaultKind::{BadName, BadValue, MissingKey};
    let sound = "stealth = true\nterms = 'We may read along.'";
    assert_eq!(faults(&stealth_with("stealth/one", sound)), []);
    assert_eq!(faults(&stealth_with("stealth/one", &format!("{sound}\nkind = 'chat'"))), []);

    let key = |key: &str| format!("model[stealth/one].{key}");
    let check_own = |lines: &str, kind, line, at: &str| {
        check(&stealth_with("stealth/one", lines), kind, line, &key(at));
    };
    check_own("stealth = true", MissingKey, 1, "terms");
    check_own("stealth = true\nterms = ''", MissingKey, 4, "terms");
    check_own("stealth = true\nterms = '  '", BadValue, 4, "terms");
    check_own("stealth = true\nterms = \"a\\u0007b\"", BadValue, 4, "terms");
    let long = format!("stealth = true\nterms = '{}'", "a".repeat(4_001));
    check_own(&long, BadValue, 4, "terms");
    for told in ["tokenizer = 'Own'", "hf = 'own/One'", "license = 'mit'", "permaslug = 'own/one'"]
    {
        let (name, _) = told.split_once(' ').expect("it has a name");
        check_own(&format!("{sound}\n{told}"), BadValue, 5, name);
    }
    check_own(&format!("{sound}\nkind = 'embedding'"), BadValue, 5, "kind");
    check_own("context = 9", BadName, 2, "id");
    check(&stealth_with("own/one", sound), BadName, 2, "model[own/one].id");
    let alias = "[[model_alias]]\nfrom = 'own-one'\nto = 'stealth/one'";
    let mut laid = stealth_with("stealth/one", sound);
    laid.overlays[0].push(file("catalog.d/20-alias.toml", alias));
    check(&laid, BadName, 1, "model_alias[own-one].from");
    let named = "[provider.stealth]\nbase_url = 'https://a.example'\ndialect = 'ollama'";
    check(&overlay(named), BadName, 1, "provider.stealth.slug");
}
