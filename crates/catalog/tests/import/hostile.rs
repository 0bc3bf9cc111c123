//! Sources and files that mean harm, or are merely broken.

use catalog::SourceFile;
use catalog::import::{DecisionKind, ImportFault, import};
use proptest::prelude::*;

use crate::rules::{small_catalog, small_tables};

fn fault(source: &str) -> ImportFault {
    import(source, &small_catalog(), &small_tables()).unwrap_err()
}

#[test]
fn what_is_no_list_is_a_fault() {
    for source in ["", "null", "[]", "{", "{\"mira\": 3}", "{\"mira\": {\"models\": []}}"] {
        assert!(matches!(fault(source), ImportFault::SourceUnreadable { .. }), "{source}");
    }
    let deep = "[".repeat(100_000);
    assert!(matches!(fault(&deep), ImportFault::SourceUnreadable { .. }));
}

#[test]
fn what_is_too_large_is_a_fault() {
    let long = format!("{{\"mira\": \"{}\"}}", "x".repeat(65 * 1024 * 1024));
    assert!(matches!(fault(&long), ImportFault::SourceTooLarge { .. }));
    let many: Vec<String> = (0..5_000).map(|at| format!("\"d{at}\": {{}}")).collect();
    let many = format!("{{{}}}", many.join(","));
    assert!(matches!(fault(&many), ImportFault::SourceTooLong { count: 5_000, .. }));
    let rows: Vec<String> = (0..20_001).map(|at| format!("\"m{at}\": {{}}")).collect();
    let rows = format!("{{\"mira\": {{\"models\": {{{}}}}}}}", rows.join(","));
    assert!(matches!(fault(&rows), ImportFault::SourceTooLong { count: 20_001, .. }));
}

#[test]
fn a_row_that_means_harm_is_told_and_left_out() {
    let rows = [
        r#""cost": {"input": 1e999}"#,
        r#""cost": {"input": "1"}"#,
        r#""cost": {"input": 0.00000004}"#,
        r#""cost": {"tiers": [{"input": 1}]}"#,
        r#""cost": {"tiers": [{"input": 1, "tier": {"type": "moon", "size": 1}}]}"#,
        r#""cost": {"context_over_200k": 3}"#,
        r#""limit": {"context": -1}"#,
        r#""limit": {"context": 1e18}"#,
        r#""limit": {"context": 1.5}"#,
        r#""name": "a\nb""#,
        r#""status": "excellent""#,
        r#""tool_call": "yes""#,
        r#""modalities": ["text"]"#,
        r#""provider": {"api": "https://\u0000"}"#,
        r#""reasoning_options": [{"type": "budget_tokens", "max": -5}]"#,
    ];
    for row in rows {
        let source = format!(r#"{{"mira": {{"models": {{"sage-3": {{{row}}}}}}}}}"#);
        let outcome = import(&source, &small_catalog(), &small_tables()).unwrap();
        let told = outcome.decisions.iter().any(|decision| {
            decision.kind == DecisionKind::MalformedRow && decision.about == "mira:sage-3"
        });
        assert!(told, "{row}");
        assert!(outcome.files.iter().all(|file| !file.text.contains("sage-3")), "{row}");
    }
}

#[test]
fn an_id_that_cannot_be_sent_is_told() {
    let source = r#"{"mira": {"models": {"sage\u0000": {}, "säge": {}, "": {}}}}"#;
    let outcome = import(source, &small_catalog(), &small_tables()).unwrap();
    let malformed = |kind| kind == DecisionKind::MalformedRow;
    assert_eq!(outcome.decisions.iter().filter(|decision| malformed(decision.kind)).count(), 3);
}

#[test]
fn a_model_cannot_name_a_file_elsewhere() {
    let source = r#"{
        "openrouter": {"models": {"../sage-9": {}, "..\\..\\evil/sage-9": {}, "Mira/sage-9": {}}},
        "mira": {"models": {"sage-9": {}}}
    }"#;
    let outcome = import(source, &small_catalog(), &small_tables()).unwrap();
    assert!(outcome.files.iter().all(|file| !file.text.contains("sage-9")));
    let mut paths = outcome.files.iter().map(|file| file.path.as_str());
    assert!(paths.all(|path| path.starts_with("catalog/") && !path.contains("..")));
}

#[test]
fn a_broken_file_is_named() {
    let broken = |path: &str| SourceFile { path: path.to_owned(), text: "x = [".to_owned() };
    let in_catalog = [broken("catalog/providers/x.toml")];
    let read = import("{}", &in_catalog, &small_tables()).unwrap_err();
    assert!(read.to_string().starts_with("catalog/providers/x.toml: "), "{read}");
    let read = import("{}", &[], &[broken("curated/policy.toml")]).unwrap_err();
    assert!(read.to_string().starts_with("curated/policy.toml: "), "{read}");
    let read = import("{}", &[], &[]).unwrap_err();
    assert_eq!(read, ImportFault::TableMissing { path: "curated/policy.toml".to_owned() });
}

#[test]
fn an_empty_source_takes_nothing_away() {
    let outcome = import("{}", &small_catalog(), &small_tables()).unwrap();
    let kept = |path: &str| {
        let before = small_catalog();
        let before = before.iter().find(|file| file.path.ends_with(path)).unwrap().text.clone();
        outcome.files.iter().any(|file| file.path.ends_with(path) && file.text == before)
    };
    assert!(["mira.toml", "harbor.toml", "vanished.toml"].into_iter().all(kept));
}

proptest! {
    /// Whatever JSON it is given, an import ends in an outcome or in a fault.
    #[test]
    fn any_json_is_survived(id in ".{0,12}", word in "[a-z_]{1,12}", value in any_value()) {
        let row = serde_json::json!({ "cost": { "input": value }, "limit": { word.clone(): value }, word: value });
        let source = serde_json::json!({ "mira": { "models": { id: row } }, "harbor-ai": value });
        let _ = import(&source.to_string(), &small_catalog(), &small_tables());
    }
}

fn any_value() -> impl Strategy<Value = serde_json::Value> {
    prop_oneof![
        any::<i64>().prop_map(serde_json::Value::from),
        any::<f64>().prop_map(serde_json::Value::from),
        ".{0,20}".prop_map(serde_json::Value::from),
        Just(serde_json::json!({ "tier": { "size": -1 }, "models": { "a": null } })),
        Just(serde_json::json!([[], {}, null])),
    ]
}
