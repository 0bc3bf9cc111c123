//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::builder::FalseyValueParser;
use clap::{Args, Parser, Subcommand};

/// One API over every large language model.
#[derive(Debug, Parser)]
#[command(name = "interline", version, about)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the API.
    Serve(Serve),
    /// Look after the catalog of models and providers.
    #[command(subcommand)]
    Catalog(Catalog),
    /// Give credits to accounts, and look what they have.
    #[command(subcommand)]
    Credits(Credits),
    /// Check the books, write them out, hold them against an invoice.
    #[command(subcommand)]
    Ledger(Ledger),
    /// Tell how a request was planned and what came of it.
    Explain(Explain),
    /// Look after launches of stealth models.
    #[command(subcommand)]
    Stealth(Stealth),
    /// Tell what a stealth model is: its name and its history become the model's.
    Reveal(Reveal),
    /// Simulate providers, to try clients and gateways against.
    Simulate(Simulate),
    /// Read the PDF on standard input, and write its text: how a server reads what callers send.
    #[command(hide = true)]
    ReadPdf,
}

/// Where the books are. The server may run meanwhile.
#[derive(Args, Clone, Debug)]
pub struct Where {
    /// The folder of the embedded database.
    #[arg(long, env = "INTERLINE_DATA", value_name = "DIR", default_value = "./interline-data")]
    pub data: PathBuf,
    /// The database server, instead of the embedded database.
    #[arg(
        long,
        alias = "database-url",
        env = "INTERLINE_DATABASE_URL",
        value_name = "URL",
        hide_env_values = true
    )]
    pub database: Option<String>,
}

/// Which instance. Its server may run meanwhile.
#[derive(Args, Clone, Debug)]
pub struct Instance {
    /// The folder of the embedded database [default: ./interline-data].
    #[arg(long, env = "INTERLINE_DATA", value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// The database server, instead of the embedded database.
    #[arg(
        long,
        alias = "database-url",
        env = "INTERLINE_DATABASE_URL",
        value_name = "URL",
        hide_env_values = true
    )]
    pub database: Option<String>,
    /// The configuration file of the instance [default: interline.toml, where there is one].
    #[arg(long, env = "INTERLINE_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// A folder of overlay files, as the instance has them. May be given several times.
    #[arg(long, env = "INTERLINE_CATALOG", value_name = "DIR", value_delimiter = ',')]
    pub catalog: Vec<PathBuf>,
}

/// Looks after launches of stealth models.
#[derive(Debug, Subcommand)]
pub enum Stealth {
    /// Write the report of a stealth model for its lab: what it was used for and what was said of
    /// it, and nothing of who did. A public instance keeps back what fewer than ten accounts did.
    Report {
        /// The model, by the name that it has, or had, as a stealth model.
        #[arg(value_name = "MODEL")]
        model: String,
        /// The days that it covers: so many up to yesterday on a public instance, up to today on
        /// any other.
        #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=400))]
        days: u32,
        #[command(flatten)]
        instance: Instance,
        /// Tell it as JSON.
        #[arg(long)]
        json: bool,
    },
}

/// Tells what a stealth model is.
#[derive(Args, Debug)]
pub struct Reveal {
    /// The stealth model.
    #[arg(value_name = "STEALTH")]
    pub stealth: String,
    /// The model that it is.
    #[arg(value_name = "MODEL")]
    pub model: String,
    #[command(flatten)]
    pub instance: Instance,
    /// Do it. Without this, what would be done is told.
    #[arg(long)]
    pub yes: bool,
}

/// Gives credits to accounts, and looks what they have.
#[derive(Debug, Subcommand)]
pub enum Credits {
    /// Give credits to an account; a negative amount takes some away.
    Grant {
        /// How much, in dollars: 25, 0.5, -3.
        #[arg(value_name = "USD", allow_negative_numbers = true)]
        amount: String,
        /// The account.
        #[arg(long, default_value = "default")]
        account: String,
        /// What it is for, as the statement shows it.
        #[arg(long, default_value = "")]
        note: String,
        #[command(flatten)]
        place: Where,
        /// Tell it as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Freeze an account: nothing more is set aside for it.
    Freeze {
        /// The account.
        #[arg(long, default_value = "default")]
        account: String,
        #[command(flatten)]
        place: Where,
        /// Tell it as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Thaw an account that was frozen, by hand or for a disputed payment.
    Thaw {
        /// The account.
        #[arg(long, default_value = "default")]
        account: String,
        #[command(flatten)]
        place: Where,
        /// Tell it as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show what accounts have.
    Show {
        /// The account; all of them, where none is named.
        #[arg(long)]
        account: Option<String>,
        #[command(flatten)]
        place: Where,
        /// Tell it as JSON.
        #[arg(long)]
        json: bool,
    },
}

/// Looks after the books.
#[derive(Debug, Subcommand)]
pub enum Ledger {
    /// Recompute every rule of the books from their rows. Fails where one is broken.
    Audit {
        #[command(flatten)]
        place: Where,
        /// Tell it as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Write the books out.
    Export {
        /// What of them.
        #[arg(value_enum, default_value_t = ExportWhat::Entries)]
        what: ExportWhat,
        /// In which form.
        #[arg(long, value_enum, default_value_t = ExportFormat::Csv)]
        format: ExportFormat,
        #[command(flatten)]
        place: Where,
    },
    /// Show what happened to an account's credits.
    Statement {
        /// The account.
        #[arg(long, default_value = "default")]
        account: String,
        /// From this date or instant on.
        #[arg(long)]
        from: Option<String>,
        /// Until before this date or instant.
        #[arg(long)]
        to: Option<String>,
        #[command(flatten)]
        place: Where,
        /// Tell it as JSON.
        #[arg(long)]
        json: bool,
    },
    /// List the processes that hold leases, with what is set aside for each.
    Instances {
        #[command(flatten)]
        place: Where,
        /// Tell it as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Give up on a process that will not come back: what is set aside for it is free again.
    Lost {
        /// The process, as `ledger instances` names it.
        #[arg(value_name = "INSTANCE")]
        instance: String,
        #[command(flatten)]
        place: Where,
        /// Tell it as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Hold a provider's usage export against the books. Fails where they differ.
    Reconcile {
        /// The export: CSV, or JSON in a list or in lines.
        #[arg(value_name = "INVOICE")]
        invoice: PathBuf,
        /// Whose invoice it is, by slug; all providers, where none is named.
        #[arg(long)]
        provider: Option<String>,
        /// Differences of cost that are passed over, in percent.
        #[arg(long, default_value_t = 0.5)]
        tolerance_percent: f64,
        #[command(flatten)]
        place: Where,
        /// Tell it as JSON.
        #[arg(long)]
        json: bool,
    },
}

/// What of the books is written out.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub enum ExportWhat {
    /// Every entry, with its batch.
    Entries,
    /// Every settlement.
    Settlements,
    /// Every settled generation's usage.
    Usage,
    /// Every payment.
    Payments,
}

/// In which form the books are written out.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub enum ExportFormat {
    /// Comma-separated values, with a line of names.
    Csv,
    /// A JSON object a line.
    Jsonl,
}

/// Where settings come from, and the ones that are set most often. Everything else is in the
/// configuration file: `interline serve --print-config` shows it all, with its defaults.
#[derive(Args, Clone, Debug)]
pub struct Serve {
    /// Where to listen [default: 127.0.0.1:7070].
    #[arg(long, env = "INTERLINE_LISTEN", value_name = "ADDRESS")]
    pub listen: Option<String>,
    /// The folder of the embedded database [default: ./interline-data].
    #[arg(long, env = "INTERLINE_DATA", value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// The configuration file [default: interline.toml, where there is one].
    #[arg(long, env = "INTERLINE_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// A folder of overlay files, merged over the catalog. May be given several times.
    #[arg(long, env = "INTERLINE_CATALOG", value_name = "DIR", value_delimiter = ',')]
    pub catalog: Vec<PathBuf>,
    /// Serve the demo models, which are simulated and cost nothing.
    #[arg(long, env = "INTERLINE_DEMO", value_parser = FalseyValueParser::new())]
    pub demo: bool,
    /// The database server, instead of the embedded database.
    #[arg(long, env = "INTERLINE_DATABASE_URL", value_name = "URL", hide_env_values = true)]
    pub database_url: Option<String>,
    /// The operator's key: any 32 characters or more. Without it the first start makes one.
    #[arg(long, env = "INTERLINE_ROOT_KEY", value_name = "KEY", hide_env_values = true)]
    pub root_key: Option<String>,
    /// Print every setting with its default, and do nothing else.
    #[arg(long)]
    pub print_config: bool,
}

/// Looks after the catalog.
#[derive(Debug, Subcommand)]
pub enum Catalog {
    /// Check the catalog, and overlays over it; tell every fault with its file and key.
    Check {
        /// A folder of overlay files. May be given several times.
        #[arg(long, env = "INTERLINE_CATALOG", value_name = "DIR", value_delimiter = ',')]
        catalog: Vec<PathBuf>,
        /// Check these provider and model files instead of the ones in this binary.
        #[arg(long, value_name = "DIR")]
        base: Option<PathBuf>,
    },
    /// List the providers, the variables that would make each active, and whether it is.
    Providers {
        /// A folder of overlay files. May be given several times.
        #[arg(long, env = "INTERLINE_CATALOG", value_name = "DIR", value_delimiter = ',')]
        catalog: Vec<PathBuf>,
    },
    /// Refresh the catalog's files from models.dev; tell what changed and what a person must
    /// decide.
    Import {
        /// The source: a file, or an http(s) address.
        #[arg(long, default_value = "https://models.dev/api.json", value_name = "FILE|URL")]
        source: String,
        /// The folder that holds providers/, models/ and curated/.
        #[arg(long, default_value = "catalog", value_name = "DIR")]
        into: PathBuf,
        /// Tell what would change, and write nothing.
        #[arg(long)]
        dry_run: bool,
        /// Fail where a person must decide something.
        #[arg(long)]
        strict: bool,
    },
}

/// Tells how a request was planned: what was looked at, what left each endpoint out, what was
/// tried, and what was quoted and paid.
#[derive(Args, Debug)]
pub struct Explain {
    /// The generation: `gen-…`, as answers carry it in `id` and in X-Generation-Id.
    pub id: String,
    /// The folder of the embedded database that holds it.
    #[arg(long, env = "INTERLINE_DATA", value_name = "DIR", default_value = "./interline-data")]
    pub data: PathBuf,
    /// The database server that holds it, instead of the embedded database.
    #[arg(long, env = "INTERLINE_DATABASE_URL", value_name = "URL", hide_env_values = true)]
    pub database_url: Option<String>,
    /// A folder of overlay files, as the instance has them. May be given several times.
    #[arg(long, env = "INTERLINE_CATALOG", value_name = "DIR", value_delimiter = ',')]
    pub catalog: Vec<PathBuf>,
    /// The address of an instance that is asked instead of a folder.
    #[arg(long, env = "INTERLINE_URL", value_name = "URL")]
    pub url: Option<String>,
    /// The key that is shown to the instance: the one that paid, or the operator's.
    #[arg(long, env = "INTERLINE_KEY", value_name = "KEY", hide_env_values = true)]
    pub key: Option<String>,
    /// Print the receipt as JSON.
    #[arg(long)]
    pub json: bool,
}

/// Simulates providers.
#[derive(Args, Debug)]
pub struct Simulate {
    /// Where to listen.
    #[arg(long, env = "INTERLINE_SIMULATE_LISTEN", default_value = "127.0.0.1:7071")]
    pub listen: SocketAddr,
    /// Remember nothing of what is asked, to be fast.
    #[arg(long)]
    pub no_record: bool,
}
