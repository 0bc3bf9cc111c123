//! The tables. Their SQL is what releases of ClickHouse since 2018 take.

/// What stands where nobody counted tools.
pub(super) const UNCOUNTED: u16 = u16::MAX;

/// Each table, made where there is none.
pub(super) const TABLES: [&str; 8] = [
    "CREATE TABLE IF NOT EXISTS events (
        day Int32, id String, number UInt64, at_ms Int64,
        account String, api_key String, model String, endpoint String, provider String,
        region String, app String, flags UInt16,
        input UInt32, cache_read UInt32, cache_write UInt32, output UInt32, reasoning UInt32,
        cost_nanos UInt64, list_nanos UInt64, list_prompt_nanos UInt64, cache_saved_nanos Int64,
        ttft_ms Int64, duration_ms UInt32, failed String,
        tools UInt16, tool_calls UInt16, tool_calls_invalid UInt16, task String, language String
     ) ENGINE = MergeTree PARTITION BY day ORDER BY (day, id)",
    "CREATE TABLE IF NOT EXISTS uses (
        side UInt8, day Int32, value String, model String, account String,
        requests UInt64, prompt UInt64, cache_read UInt64, output UInt64, reasoning UInt64,
        cost_nanos UInt64, list_nanos UInt64
     ) ENGINE = SummingMergeTree PARTITION BY day ORDER BY (side, day, value, model, account)",
    "CREATE TABLE IF NOT EXISTS services (
        grain UInt8, day Int32, period Int64, endpoint String,
        served UInt64, failed UInt64, busy UInt64, good UInt64,
        tool_answers UInt64, tool_invalid UInt64,
        requests UInt64, prompt UInt64, cache_read UInt64, output UInt64, reasoning UInt64,
        cost_nanos UInt64, list_nanos UInt64, list_prompt_nanos UInt64, cache_saved_nanos Int64,
        tool_unparseable UInt64, tool_unknown UInt64, tool_unjudged UInt64
     ) ENGINE = SummingMergeTree PARTITION BY (grain, day) ORDER BY (grain, day, period, endpoint)",
    "CREATE TABLE IF NOT EXISTS sketches (
        grain UInt8, day Int32, period Int64, endpoint String, kind UInt8, bucket UInt16,
        count UInt64
     ) ENGINE = SummingMergeTree PARTITION BY (grain, day)
       ORDER BY (grain, day, period, endpoint, kind, bucket)",
    "CREATE TABLE IF NOT EXISTS rates (
        day Int32, hour Int64, model String,
        prompt UInt64, prompt_nanos UInt64, output UInt64, output_nanos UInt64
     ) ENGINE = SummingMergeTree PARTITION BY day ORDER BY (day, hour, model)",
    "CREATE TABLE IF NOT EXISTS apps (app String, at_ms Int64, title String)
     ENGINE = MergeTree ORDER BY app",
    "CREATE TABLE IF NOT EXISTS prices (endpoint String, at_ms Int64, price String)
     ENGINE = MergeTree ORDER BY (endpoint, at_ms)",
    "CREATE TABLE IF NOT EXISTS source (through UInt64, synthetic UInt8)
     ENGINE = MergeTree ORDER BY through",
];

/// Columns that came later, each with its table and its type.
pub(super) const ADDED: [(&str, &str, &str); 3] = [
    ("services", "tool_unparseable", "UInt64"),
    ("services", "tool_unknown", "UInt64"),
    ("services", "tool_unjudged", "UInt64"),
];

/// The tables of sums, which are made anew from events.
pub(super) const BY_DAY: [&str; 2] = ["uses", "rates"];
/// The same, by grain and day.
pub(super) const BY_GRAIN: [&str; 2] = ["services", "sketches"];
