//! Every rule of the import, on a market that is small enough to read.

use catalog::SourceFile;
use catalog::import::{DecisionKind, Outcome, What, import};

const SOURCE: &str = include_str!("fixtures/api.json");

macro_rules! files {
    ($($path:literal),+ $(,)?) => {
        vec![$(SourceFile {
            path: $path.to_owned(),
            text: include_str!(concat!("fixtures/", $path)).to_owned(),
        }),+]
    };
}

pub(crate) fn small_tables() -> Vec<SourceFile> {
    files![
        "curated/policy.toml",
        "curated/directories.toml",
        "curated/authors.toml",
        "curated/aliases.toml",
        "curated/models.toml",
        "curated/providers.toml",
        "curated/corrections.toml",
        "curated/price_windows.toml",
        "curated/supplement.toml",
    ]
}

pub(crate) fn small_catalog() -> Vec<SourceFile> {
    files![
        "catalog/providers/mira.toml",
        "catalog/providers/harbor.toml",
        "catalog/providers/vanished.toml",
        "catalog/models/mira.toml",
    ]
}

fn imported() -> Outcome {
    import(SOURCE, &small_catalog(), &small_tables()).unwrap()
}

fn text<'a>(outcome: &'a Outcome, path: &str) -> &'a str {
    &outcome.files.iter().find(|file| file.path == path).unwrap().text
}

fn decided(outcome: &Outcome, kind: DecisionKind) -> Vec<&str> {
    let of_kind = outcome.decisions.iter().filter(|decision| decision.kind == kind);
    of_kind.map(|decision| decision.about.as_str()).collect()
}

#[test]
fn the_report_reads_well() {
    insta::assert_snapshot!(imported().to_string());
}

#[test]
fn a_refreshed_file_keeps_what_people_wrote() {
    insta::assert_snapshot!(text(&imported(), "catalog/providers/mira.toml"));
}

#[test]
fn a_new_provider_gets_a_whole_file() {
    insta::assert_snapshot!(text(&imported(), "catalog/providers/peak.toml"));
}

#[test]
fn hosts_are_told_from_resellers_and_models_that_think_from_those_that_do_not() {
    insta::assert_snapshot!(text(&imported(), "catalog/providers/harbor.toml"));
}

#[test]
fn models_follow_their_lab_and_new_ones_are_described() {
    let outcome = imported();
    let mira = text(&outcome, "catalog/models/mira.toml");
    let orla = text(&outcome, "catalog/models/orla.toml");
    insta::assert_snapshot!(format!("{mira}\n--- orla.toml\n{orla}"));
}

#[test]
fn a_model_does_not_follow_a_lab_that_spoke_for_its_endpoint_alone() {
    let mut current = small_catalog();
    let lab = current.iter_mut().find(|file| file.path.ends_with("providers/mira.toml")).unwrap();
    lab.text = lab.text.replacen("reasoning_controls", "context = 100000\nreasoning_controls", 1);
    let outcome = import(SOURCE, &current, &small_tables()).unwrap();
    let model = text(&outcome, "catalog/models/mira.toml");
    assert!(model.contains(
        "id = \"mira/sage-2\"\nname = \"Sage 2\"\nreleased = \"2026-03-01\"\ncontext = 200000\n"
    ));
    assert!(text(&outcome, "catalog/providers/mira.toml").contains("context = 400000\n"));
}

#[test]
fn what_comes_out_comes_out_again() {
    let once = imported();
    let twice = import(SOURCE, &once.files, &small_tables()).unwrap();
    assert_eq!(twice.changes.to_string(), "nothing changes\n");
    assert_eq!(twice.files, once.files);
}

#[test]
fn the_order_of_files_does_not_matter() {
    let (mut current, mut tables) = (small_catalog(), small_tables());
    current.reverse();
    tables.reverse();
    assert_eq!(import(SOURCE, &current, &tables).unwrap(), imported());
}

#[test]
fn a_directory_that_is_gone_leaves_its_provider_alone() {
    let outcome = imported();
    assert_eq!(decided(&outcome, DecisionKind::DirectoryGone), ["vanished"]);
    let before = small_catalog();
    let before = before.iter().find(|file| file.path.ends_with("vanished.toml")).unwrap();
    assert_eq!(text(&outcome, &before.path), before.text);
}

#[test]
fn what_nobody_can_name_is_left_out() {
    let outcome = imported();
    assert_eq!(decided(&outcome, DecisionKind::UnresolvedId), ["harbor-ai:nobody-knows"]);
    assert_eq!(decided(&outcome, DecisionKind::AuthorMismatch), ["harbor-ai:orla/sage-2"]);
    assert_eq!(
        decided(&outcome, DecisionKind::UnknownAuthor),
        ["harbor-ai:stranger/Quill-7B-int4"]
    );
    for file in &outcome.files {
        for id in ["nobody-knows", "orla/sage-2", "stranger"] {
            assert!(!file.text.contains(id), "{id} stands in {}", file.path);
        }
    }
}

#[test]
fn a_row_that_cannot_be_read_leaves_its_endpoint_alone() {
    let outcome = imported();
    assert_eq!(decided(&outcome, DecisionKind::MalformedRow), ["harbor-ai:sage-2-broken"]);
    assert!(text(&outcome, "catalog/providers/harbor.toml").contains("id = \"sage-2-broken\""));
}

#[test]
fn a_price_that_moved_seven_times_is_told_as_a_currency() {
    let outcome = imported();
    assert_eq!(decided(&outcome, DecisionKind::CurrencySuspected), ["harbor:sage-2"]);
    let changes = &outcome.changes.providers["harbor"];
    let price = changes.iter().find(|change| change.id == "sage-2").unwrap();
    assert_eq!(
        price.what,
        What::Edited {
            key: "price".to_owned(),
            before: "{ input = \"3\", output = \"12\" }".to_owned(),
            after: "{ input = \"21\", output = \"84\" }".to_owned(),
        }
    );
}

#[test]
fn a_new_offer_that_does_not_look_like_its_model_is_told() {
    let tables = vec![
        SourceFile {
            path: "curated/policy.toml".to_owned(),
            text: "[include]\nmira = { slug = \"mira\", class = \"lab\" }\n\
                   harbor-ai = { slug = \"harbor\", class = \"host\" }\n\
                   vanished = { slug = \"vanished\", class = \"host\" }\n"
                .to_owned(),
        },
        SourceFile {
            path: "curated/models.toml".to_owned(),
            text: "[new]\nchat = [\"orla/quill-7b\", \"orla/quill-7b-preview\"]\n".to_owned(),
        },
        SourceFile {
            path: "curated/aliases.toml".to_owned(),
            text: "[slugs]\n\"quill-13b\" = \"orla/quill-7b\"\n".to_owned(),
        },
    ];
    let row = |price: u32| format!(r#"{{ "cost": {{ "input": 1, "output": {price} }} }}"#);
    let source = format!(
        r#"{{
            "mira": {{ "models": {{ "quill-7b": {0}, "quill-7b-preview": {0} }} }},
            "harbor-ai": {{ "models": {{ "quill-13b": {0} }} }},
            "vanished": {{ "models": {{ "quill-7b-": {1} }} }}
        }}"#,
        row(1),
        row(10)
    );
    let outcome = import(&source, &small_catalog(), &tables).unwrap();
    let sizes = ["harbor:quill-13b", "mira:quill-7b", "vanished:quill-7b-"];
    assert_eq!(decided(&outcome, DecisionKind::SizeConflict), sizes);
    assert_eq!(decided(&outcome, DecisionKind::PriceOutlier), ["vanished:quill-7b-"]);
    assert_eq!(decided(&outcome, DecisionKind::NearDuplicate), ["orla/quill-7b"]);
    let again = import(&source, &outcome.files, &tables).unwrap();
    assert_eq!(decided(&again, DecisionKind::PriceOutlier), [""; 0], "it was told once");
}

#[test]
fn a_regional_profile_at_the_global_price_is_quarantined() {
    let row = |price: &str| {
        format!(r#"{{ "name": "Sage 2", "cost": {{ "input": {price}, "output": 8 }} }}"#)
    };
    let source = format!(
        r#"{{ "rock": {{ "models": {{
            "global.mira.sage-2-v1:0": {0}, "us.mira.sage-2-v1:0": {0}, "eu.mira.sage-2-v1:0": {0}
        }} }} }}"#,
        row("2")
    );
    let mut tables = small_tables();
    let providers = tables.iter_mut().find(|file| file.path.ends_with("providers.toml")).unwrap();
    providers.text.push_str("[p.rock]\noperator = \"Rock\"\nbase_url = \"https://rock.example\"\n");
    let outcome = import(&source, &small_catalog(), &tables).unwrap();
    let rock = text(&outcome, "catalog/providers/rock.toml");
    let quarantined = |region: &str| {
        let block = rock.split("[[endpoint]]").find(|block| block.contains(region)).unwrap();
        block.contains("billing = \"quarantined\"")
    };
    assert!(quarantined("region = \"us\""));
    assert!(!quarantined("region = \"eu\""), "eu is not named by the rule");
    assert!(!quarantined("region = \"global\""));
}
