//! Measures what it costs to settle generations: `settle_rate URL [BATCH] [BATCHES]`.
//!
//! Prints the rate and the processor time of this process per settlement; the server's own is not
//! in it. Each draws on the leases of its account and of its key, as a node's settlements do.

use std::error::Error;
use std::io::Write;
use std::time::Instant;

use domain::books::{Amounts, Batch, Books, Grant, GrantLine, Settlement, Share};
use domain::generation::{App, AttemptRecord, Generation, GenerationDetail, Outcome};
use domain::id::{AccountId, GenerationId, InstanceId, KeyId, LeaseId};
use domain::money::Money;
use domain::purse::Purse;
use domain::time::Timestamp;
use domain::usage::Usage;
use store::{Db, SqlBooks, credits};

#[tokio::main]
#[expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let url = args.next().ok_or("which database?")?;
    let size: u128 = args.next().map_or(Ok(200), |text| text.parse())?;
    let count: u128 = args.next().map_or(Ok(500), |text| text.parse())?;

    let db = Db::open(&url).await?;
    let books = SqlBooks::new(db.clone());
    let instance = InstanceId::new(&format!("rate-{}", std::process::id()));
    let account = AccountId::default();
    credits::grant(&db, &account, dollars(1_000_000), "settle_rate", Timestamp::default()).await?;
    let epoch = books.enlist(&instance).await?.answer;
    let line = |number| GrantLine {
        lease: LeaseId { instance: instance.clone(), number },
        purse: Purse::Account(account.clone()),
        min: dollars(100),
        want: dollars(1_000),
    };
    let grant = Grant { instance: instance.clone(), epoch, lines: (1..=20).map(line).collect() };
    books.grant(&grant).await?;
    let run = u128::from(std::process::id()) << 64;
    let batches: Vec<Batch> = (0..count)
        .map(|batch| Batch {
            instance: instance.clone(),
            settlements: (0..size)
                .map(|row| settlement(&instance, run + batch * size + row))
                .collect(),
        })
        .collect();
    let (begun, cpu_before_ms) = (Instant::now(), cpu_ms()?);
    for batch in &batches {
        books.settle(batch).await?;
    }
    let (wall, cpu, kept) = (begun.elapsed(), cpu_ms()? - cpu_before_ms, size * count);
    writeln!(
        std::io::stdout(),
        "{kept} settled in batches of {size}: {:.0} per second, {:.2} us of processor time each",
        kept as f64 / wall.as_secs_f64(),
        cpu as f64 * 1e3 / kept as f64,
    )?;
    db.close().await;
    Ok(())
}

/// Returns the processor time of this process so far, in milliseconds.
fn cpu_ms() -> Result<u64, Box<dyn Error>> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let after_name = stat.rsplit(')').next().ok_or("no stat")?;
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    // User and system time, in hundredths of a second.
    Ok((fields[11].parse::<u64>()? + fields[12].parse::<u64>()?) * 10)
}

fn dollars(dollars: i64) -> Money {
    Money::from_nanos(dollars * 1_000_000_000)
}

fn settlement(instance: &InstanceId, number: u128) -> Settlement {
    let generation = generation(number);
    let (charge, key) = (generation.cost, (number % 20) as u64);
    // The first is of the account; the second, of the key's limit, is known to nobody here.
    let shares = [1 + key, 1_000 + key].map(|number| Share {
        lease: LeaseId { instance: instance.clone(), number },
        amount: charge,
    });
    Settlement {
        generation,
        account: AccountId::default(),
        shares: shares.into(),
        price: None,
        amounts: Amounts { charge, ..Amounts::default() },
    }
}

fn generation(number: u128) -> Generation {
    let created = 1_795_521_600_000 + (number & 0xffff_ffff) as i64;
    Generation {
        id: GenerationId::new(
            created / 1_000,
            number.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060),
        ),
        created: Timestamp::from_ms(created),
        key: KeyId::new(&format!("{:064x}", number % 20)),
        model: "meta-llama/llama-3.3-70b-instruct".to_owned(),
        endpoint: Some("groq/llama-3.3-70b".to_owned()),
        provider: Some("groq".to_owned()),
        provider_name: Some("Groq".to_owned()),
        outcome: Outcome::Finished,
        usage: Usage { input: 1_234, output: 567, ..Usage::default() },
        cost: Money::from_nanos(1_234_567),
        cache_discount: Money::ZERO,
        detail: GenerationDetail {
            api_type: "completions".to_owned(),
            streamed: true,
            finish_reason: Some("stop".to_owned()),
            native_finish_reason: Some("stop".to_owned()),
            upstream_id: Some("chatcmpl-0123456789abcdefghij".to_owned()),
            latency_ms: Some(140),
            generation_ms: Some(900),
            attempts: vec![AttemptRecord {
                endpoint: "groq/llama-3.3-70b".to_owned(),
                provider_name: "Groq".to_owned(),
                status: Some(200),
                failure: None,
                latency_ms: Some(120),
                ..AttemptRecord::default()
            }],
            app: App { user_agent: Some("OpenAI/Python 1.99".to_owned()), ..App::default() },
            ..GenerationDetail::default()
        },
    }
}
