//! Credits are bought: once each, whatever becomes of the notices, and never on a forged one.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::{Path, Query, State};
use axum::routing::get;
use axum::{Json, Router};
use domain::id::AccountId;
use domain::money::Money;
use domain::secret::Secret;
use domain::time::Timestamp;
use futures_util::future::join_all;
use http::{HeaderMap, HeaderValue};
use interline::payments::{Desk, Fee, PaymentError, Stripe, Terms, sign};
use interline::upstream::Clients;
use serde_json::{Value, json};
use store::payments::{self, Payment};
use store::{Db, audit, credits};

use crate::stand::{Offer, Stand};

pub const SECRET: &str = "whsec_of_the_stand_in";

/// A stand-in for Stripe: sessions that are paid, refunded and disputed as a test says.
#[derive(Default)]
pub struct Shop {
    sessions: Mutex<BTreeMap<String, Session>>,
    reads: AtomicU64,
}

#[derive(Clone, Debug, Default)]
struct Session {
    order: String,
    cents: i64,
    paid: bool,
    refunded: i64,
    disputed: Option<&'static str>,
}

impl Shop {
    /// Opens the shop on a free port.
    pub async fn open() -> (Arc<Shop>, String) {
        let shop = Arc::new(Shop::default());
        let router = Router::new()
            .route("/v1/checkout/sessions", get(listed).post(opened))
            .route("/v1/checkout/sessions/{id}", get(read))
            .route("/v1/disputes", get(disputes))
            .with_state(shop.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        (shop, format!("http://{address}"))
    }

    /// Has a session paid.
    pub fn pay(&self, id: &str) {
        self.change(id, |it| it.paid = true);
    }

    fn change(&self, id: &str, change: impl FnOnce(&mut Session)) {
        change(self.sessions.lock().unwrap().get_mut(id).unwrap());
    }
}

fn session(id: &str, it: &Session) -> Value {
    json!({
        "id": id, "url": format!("https://pay.test/{id}"), "client_reference_id": it.order,
        "payment_status": if it.paid { "paid" } else { "unpaid" },
        "status": if it.paid { "complete" } else { "open" },
        "amount_total": it.cents, "currency": "usd",
        "payment_intent": {
            "id": format!("pi_{id}"),
            "latest_charge": { "amount_refunded": it.refunded, "disputed": it.disputed.is_some() },
        },
    })
}

/// Opens a session of the sum of its lines; the same order opens it again.
async fn opened(State(shop): State<Arc<Shop>>, headers: HeaderMap, body: String) -> Json<Value> {
    assert_eq!(headers["authorization"], "Bearer sk_of_the_stand_in");
    let order = headers["idempotency-key"].to_str().unwrap().to_owned();
    let amounts = body.split('&').filter_map(|pair| {
        let (name, text) = pair.split_once('=')?;
        name.ends_with("unit_amount%5D").then(|| text.parse::<i64>().unwrap())
    });
    let id = format!("cs_{order}");
    let made = Session { order, cents: amounts.sum(), ..Session::default() };
    let mut sessions = shop.sessions.lock().unwrap();
    let made = sessions.entry(id.clone()).or_insert(made);
    Json(session(&id, made))
}

async fn read(
    State(shop): State<Arc<Shop>>,
    Path(id): Path<String>,
) -> Result<Json<Value>, http::StatusCode> {
    shop.reads.fetch_add(1, Ordering::Relaxed);
    let found = shop.sessions.lock().unwrap().get(&id).cloned();
    found.map(|it| Json(session(&id, &it))).ok_or(http::StatusCode::NOT_FOUND)
}

async fn listed(Query(query): Query<BTreeMap<String, String>>) -> Json<Value> {
    Json(json!({ "data": [{ "id": query["payment_intent"].trim_start_matches("pi_") }] }))
}

async fn disputes(
    State(shop): State<Arc<Shop>>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Json<Value> {
    let id = query["payment_intent"].trim_start_matches("pi_");
    let found = shop.sessions.lock().unwrap().get(id).cloned().unwrap();
    let dispute = |status| json!({ "amount": found.cents, "status": status });
    Json(json!({ "data": found.disputed.map(dispute).into_iter().collect::<Vec<Value>>() }))
}

fn notice(kind: &str, id: &str) -> Vec<u8> {
    let object = json!({ "id": id, "payment_intent": format!("pi_{id}") });
    json!({ "id": "evt", "type": kind, "data": { "object": object } }).to_string().into_bytes()
}

fn signed(body: &[u8], secret: &str, now: Timestamp) -> HeaderMap {
    let signature = sign(secret.as_bytes(), body, now).unwrap();
    let mut headers = HeaderMap::new();
    headers.insert("stripe-signature", HeaderValue::from_str(&signature).unwrap());
    headers
}

fn now() -> Timestamp {
    Timestamp::parse("2026-11-25T12:00:00Z").unwrap()
}

fn dollars(text: &str) -> Money {
    Money::parse_dollars(text).unwrap()
}

/// A desk in this process, on a database of its own.
struct Stage {
    folder: std::path::PathBuf,
    db: Db,
    shop: Arc<Shop>,
    desk: Arc<Desk>,
}

impl Stage {
    async fn set(name: &str) -> Stage {
        let folder = format!("interline-payments-{name}-{}", std::process::id());
        let folder = std::env::temp_dir().join(folder);
        std::fs::create_dir_all(&folder).unwrap();
        let db = Db::open(&format!("sqlite:{}/a.db", folder.display())).await.unwrap();
        let (shop, url) = Shop::open().await;
        let clients = Clients::new(Duration::from_secs(5), &[]).unwrap();
        let (key, secret) = (Secret::new("sk_of_the_stand_in".to_owned()), SECRET.to_owned());
        let stripe = Stripe::new(clients, &url, key, Secret::new(secret));
        let terms = Terms {
            fee: Fee { basis_points: 500, min: dollars("0.8") },
            min: dollars("5"),
            max: dollars("1000"),
            patience_ms: 60_000,
        };
        let desk = Arc::new(Desk::new(db.clone(), Arc::new(stripe), terms));
        Stage { folder, db, shop, desk }
    }

    async fn order(&self, number: usize, amount: &str) -> Result<String, PaymentError> {
        let id = format!("pay-{number}");
        let after = ("http://here", now());
        let account = AccountId::default();
        let (_, checkout) = self.desk.order(&id, &account, dollars(amount), after).await?;
        Ok(checkout.reference)
    }

    async fn tell(&self, kind: &str, id: &str) -> Result<(), PaymentError> {
        let body = notice(kind, id);
        self.desk.notice(&signed(&body, SECRET, now()), &body, now()).await
    }

    async fn total(&self) -> Money {
        credits::show(&self.db, &AccountId::default()).await.unwrap().unwrap().total
    }

    async fn end(self) {
        let found = audit::audit(&self.db).await.unwrap();
        assert!(found.is_ok(), "{:?}", found.rules);
        self.db.close().await;
        std::fs::remove_dir_all(self.folder).unwrap();
    }
}

/// A draw that is the same in every run.
fn draw(number: usize, sides: usize) -> usize {
    (number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 17) % sides
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_payments_are_credited_exactly_whatever_becomes_of_their_notices() {
    let stage = Stage::set("storm").await;
    let (mut sessions, mut expected) = (Vec::new(), Money::ZERO);
    for number in 0..1_000 {
        let amount = format!("{}", 5 + number % 50);
        let id = stage.order(number, &amount).await.unwrap();
        // Some are never paid, some are given back or disputed before anybody tells of the payment.
        let fate = draw(number, 20);
        stage.shop.change(&id, |it| {
            it.paid = fate != 0;
            it.refunded = if fate == 1 { it.cents } else { 0 };
            it.disputed = if fate == 2 { Some("lost") } else { None };
        });
        if 2 < fate {
            expected = expected.saturating_add(dollars(&amount));
        }
        sessions.push((id, fate));
    }
    // Each notice up to six times, in no order, many at once; one in ten comes never.
    let mut notices: Vec<(usize, &str, &str)> = Vec::new();
    for (number, (id, fate)) in sessions.iter().enumerate() {
        if draw(number + 7, 10) == 0 {
            continue;
        }
        for copy in 0..=draw(number + 3, 6) {
            notices.push((draw(number * 7 + copy, 1 << 20), "checkout.session.completed", id));
        }
        match fate {
            1 => notices.push((draw(number, 1 << 20), "charge.refunded", id)),
            2 => notices.push((draw(number, 1 << 20), "charge.dispute.created", id)),
            _ => (),
        }
    }
    notices.sort_unstable();
    for chunk in notices.chunks(64) {
        let told = join_all(chunk.iter().map(|(_, kind, id)| stage.tell(kind, id))).await;
        assert!(told.iter().all(Result::is_ok), "{told:?}");
    }
    assert!(stage.total().await < expected, "some are still to be found");
    for round in 1..20 {
        if stage.desk.round(now().plus_ms(round * 60_000)).await.unwrap() < 200 {
            break;
        }
    }
    assert_eq!(stage.total().await, expected);
    // A dispute that is won after all gives the credits back.
    let (won, _) = sessions.iter().find(|(_, fate)| *fate == 2).unwrap();
    let number: usize = won.trim_start_matches("cs_pay-").parse().unwrap();
    stage.shop.change(won, |it| it.disputed = Some("won"));
    stage.tell("charge.dispute.closed", won).await.unwrap();
    let more = dollars(&format!("{}", 5 + number % 50));
    assert_eq!(stage.total().await, expected.saturating_add(more));
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_thousand_forged_notices_credit_nothing() {
    let stage = Stage::set("forged").await;
    let id = stage.order(1, "25").await.unwrap();
    let elsewhere = stage.order(2, "25").await.unwrap();
    // Paid all the same, so that whoever believed a notice would credit it.
    stage.shop.change(&id, |it| it.paid = true);
    let body = notice("checkout.session.completed", &id);
    let true_headers = signed(&body, SECRET, now());
    let reads = stage.shop.reads.load(Ordering::Relaxed);
    for number in 0..2_000_usize {
        let (mut headers, mut sent) = (true_headers.clone(), body.clone());
        let name = "stripe-signature";
        match number % 8 {
            0 => headers = signed(&body, &format!("guess-{number}"), now()),
            1 => headers = signed(&body, "", now()),
            2 => headers = signed(&body, SECRET, now().plus_ms(-301_000 - number as i64)),
            3 => headers = signed(&body, SECRET, now().plus_ms(302_000 + number as i64)),
            4 => {
                headers.remove(name);
            }
            5 => {
                headers.append(name, true_headers[name].clone());
            }
            6 => {
                let place = draw(number, sent.len());
                sent[place] ^= 1;
            }
            _ => sent = notice("checkout.session.completed", &format!("{elsewhere}{number}")),
        }
        let told = stage.desk.notice(&headers, &sent, now()).await;
        assert!(matches!(told, Err(PaymentError::Forged)), "{number}: {told:?}");
    }
    assert_eq!(stage.total().await, Money::ZERO);
    assert_eq!(stage.shop.reads.load(Ordering::Relaxed), reads, "nothing was even looked at");

    // True notices of what is not what was ordered credit nothing, either.
    stage.shop.change(&id, |it| it.cents += 1);
    let told = stage.tell("checkout.session.completed", &id).await;
    assert!(matches!(told, Err(PaymentError::Contradiction("amount"))), "{told:?}");
    stage.shop.change(&id, |it| {
        it.cents -= 1;
        it.order = "pay-2".to_owned();
    });
    let told = stage.tell("checkout.session.completed", &id).await;
    assert!(matches!(told, Err(PaymentError::Contradiction("order"))), "{told:?}");
    assert_eq!(stage.total().await, Money::ZERO);
    stage.shop.change(&id, |it| it.order = "pay-1".to_owned());
    stage.tell("checkout.session.completed", &id).await.unwrap();
    assert_eq!(stage.total().await, dollars("25"));
    for amount in ["4.99", "1000.01", "10.001", "0", "-5"] {
        let refused = stage.order(9, amount).await;
        assert!(matches!(refused, Err(PaymentError::Amount { .. })), "{amount}: {refused:?}");
    }
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_is_given_back_takes_its_part_of_the_credits() {
    let stage = Stage::set("part").await;
    let id = stage.order(1, "100").await.unwrap();
    stage.shop.change(&id, |it| it.paid = true);
    stage.tell("checkout.session.completed", &id).await.unwrap();
    // Of 105 dollars, 21 are given back: a fifth of the credits and of the fee.
    stage.shop.change(&id, |it| it.refunded = 2_100);
    for _ in 0..3 {
        stage.tell("charge.refunded", &id).await.unwrap();
    }
    assert_eq!(stage.total().await, dollars("80"));
    stage.shop.change(&id, |it| it.refunded = 10_500);
    stage.tell("charge.refunded", &id).await.unwrap();
    assert_eq!(stage.total().await, Money::ZERO);
    stage.end().await;
}

/// Whoever opens a checkout may die before the processor's name for it is kept.
#[tokio::test(flavor = "multi_thread")]
async fn a_payment_is_credited_whose_reference_was_never_kept() {
    let stage = Stage::set("unkept").await;
    let payment = Payment {
        id: "pay-7".to_owned(),
        processor: "stripe".to_owned(),
        reference: None,
        account: AccountId::default(),
        credit: dollars("20"),
        fee: dollars("1"),
    };
    for id in ["pay-7", "pay-8"] {
        let payment = Payment { id: id.to_owned(), ..payment.clone() };
        payments::open(&stage.db, &payment, now()).await.unwrap();
    }
    let paid = Session { cents: 2_100, paid: true, ..Session::default() };
    let sessions = [("cs_mine", "pay-7"), ("cs_elsewhere", "order-of-another-shop")];
    for (id, order) in sessions {
        let session = Session { order: order.to_owned(), ..paid.clone() };
        stage.shop.sessions.lock().unwrap().insert(id.to_owned(), session);
    }
    for _ in 0..3 {
        for (id, _) in sessions {
            stage.tell("checkout.session.completed", id).await.unwrap();
        }
    }
    assert_eq!(stage.total().await, dollars("20"));
    // The other was never seen by anybody; it is not left open for ever.
    let later = now().plus_ms(3 * 86_400_000);
    stage.desk.round(later).await.unwrap();
    assert_eq!(payments::expire_unseen(&stage.db, later).await.unwrap(), 0);
    stage.end().await;
}

/// Settings of an instance that sells credits by a shop.
pub fn settings(shop: &str) -> String {
    format!(
        "[payments]\nfee_min = \"0.8\"\n[payments.stripe]\nbase_url = \"{shop}\"\n\
         secret_key = \"sk_of_the_stand_in\"\nwebhook_secret = \"{SECRET}\"\n"
    )
}

/// A notice of the processor of now: its signature and its text.
pub fn note(kind: &str, session: &str, secret: &str) -> (String, String) {
    let body = notice(kind, session);
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_millis();
    let headers = signed(&body, secret, Timestamp::from_ms(now as i64));
    let signature = headers["stripe-signature"].to_str().unwrap().to_owned();
    (signature, String::from_utf8(body).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn credits_are_bought_from_the_running_binary() {
    let (shop, url) = Shop::open().await;
    let stand = Stand::set(&[Offer::of("acme", "x/m", "1")], &settings(&url)).await;
    let refused = stand.caller.post("/credits/checkout", &json!({ "amount": 1 })).await;
    assert_eq!((refused.status, refused.json()["error"]["code"].as_i64()), (400, Some(400)));
    let opened = stand.caller.post("/credits/checkout", &json!({ "amount": 20.5 })).await;
    assert_eq!(opened.status, 201, "{}", opened.text);
    let order = opened.json()["data"].clone();
    assert_eq!((order["fee"].as_f64(), order["total"].as_f64()), (Some(1.03), Some(21.53)));
    let id = order["url"].as_str().unwrap().trim_start_matches("https://pay.test/").to_owned();

    let told = async |secret: &str| {
        let (signature, text) = note("checkout.session.completed", &id, secret);
        let processor = stand.caller.signed(&signature);
        processor.send_text(http::Method::POST, "/webhooks/stripe", text).await
    };
    assert_eq!(told(SECRET).await.status, 200);
    let total = async || stand.caller.get("/credits").await.json()["data"]["total_credits"].clone();
    assert_eq!(total().await, 0.0);
    shop.change(&id, |it| it.paid = true);
    assert_eq!(told("whsec_guess").await.status, 400);
    assert_eq!(total().await, 0.0);
    for _ in 0..2 {
        assert_eq!(told(SECRET).await.status, 200);
        assert_eq!(total().await, 20.5);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_secret_there_is_no_route() {
    let stand = Stand::with(&[Offer::of("acme", "x/m", "1")]).await;
    for path in ["/credits/checkout", "/webhooks/stripe"] {
        assert_eq!(stand.caller.post(path, &json!({ "amount": 20 })).await.status, 404, "{path}");
    }
    let credits = stand.caller.get("/credits").await;
    assert_eq!(credits.json(), json!({ "data": { "total_credits": 0.0, "total_usage": 0.0 } }));
}
