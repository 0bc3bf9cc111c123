//! Stripe: Checkout sessions over its HTTP API.

use bytes::Bytes;
use domain::money::Money;
use domain::port::Waiting;
use domain::secret::Secret;
use domain::time::Timestamp;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, Request};
use http_body_util::Full;
use serde_json::Value;

use super::error::PaymentError;
use super::fee::CENT_NANOS;
use super::processor::{Checkout, Notice, Order, Processor, Seen};
use super::signature;
use crate::upstream::Clients;

/// Stripe, by way of its HTTP API.
pub struct Stripe {
    clients: Clients,
    base_url: String,
    secret_key: Secret,
    webhook_secret: Secret,
}

const ANSWER_BYTES_MAX: usize = 1 << 20;
const SIGNATURE: &str = "stripe-signature";

impl Stripe {
    /// Takes the secrets, and where the API is.
    pub fn new(
        clients: Clients,
        base_url: &str,
        secret_key: Secret,
        webhook_secret: Secret,
    ) -> Stripe {
        let base_url = base_url.trim_end_matches('/').to_owned();
        Stripe { clients, base_url, secret_key, webhook_secret }
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        form: Option<(&str, String)>,
    ) -> Result<Value, PaymentError> {
        let mut request = Request::new(Full::new(Bytes::new()));
        *request.method_mut() = method;
        let url = format!("{}{path}", self.base_url);
        *request.uri_mut() = url.parse().map_err(|_| PaymentError::Refused("address"))?;
        let bearer = format!("Bearer {}", self.secret_key.expose());
        let mut bearer =
            HeaderValue::from_str(&bearer).map_err(|_| PaymentError::Refused("secret"))?;
        bearer.set_sensitive(true);
        request.headers_mut().insert(AUTHORIZATION, bearer);
        if let Some((name, body)) = form {
            let form = HeaderValue::from_static("application/x-www-form-urlencoded");
            request.headers_mut().insert(CONTENT_TYPE, form);
            if let Ok(name) = HeaderValue::from_str(name) {
                request.headers_mut().insert("idempotency-key", name);
            }
            *request.body_mut() = Full::new(Bytes::from(body));
        }
        let (status, body) = self
            .clients
            .exchange(request, ANSWER_BYTES_MAX)
            .await
            .map_err(|error| PaymentError::Unreachable(error.to_string()))?;
        match status {
            200..=299 => serde_json::from_slice(&body)
                .map_err(|_| PaymentError::Unreachable("it answered no JSON".to_owned())),
            404 => Err(PaymentError::Unknown),
            400..=499 if status != 429 => {
                tracing::error!(status, "Stripe refused a request");
                Err(PaymentError::Refused("request"))
            }
            _ => Err(PaymentError::Unreachable(format!("it answered {status}"))),
        }
    }

    async fn open(&self, order: &Order) -> Result<Checkout, PaymentError> {
        let form = form(order)?;
        let said = self.ask(Method::POST, "/v1/checkout/sessions", Some((&order.id, form))).await?;
        let text = |name: &str| said[name].as_str().map(str::to_owned);
        match (text("id"), text("url")) {
            (Some(reference), Some(url)) => Ok(Checkout { reference, url }),
            _ => Err(PaymentError::Unreachable("it answered no checkout".to_owned())),
        }
    }

    async fn look(&self, reference: &str) -> Result<Seen, PaymentError> {
        let path = format!(
            "/v1/checkout/sessions/{}?expand[]=payment_intent.latest_charge",
            escaped(reference)
        );
        let session = self.ask(Method::GET, &path, None).await?;
        let charge = &session["payment_intent"]["latest_charge"];
        let disputed =
            match (charge["disputed"].as_bool(), session["payment_intent"]["id"].as_str()) {
                (Some(true), Some(intent)) => self.disputed(intent).await?,
                _ => Money::ZERO,
            };
        Ok(Seen {
            id: session["client_reference_id"].as_str().unwrap_or_default().to_owned(),
            paid: session["payment_status"] == "paid",
            expired: session["status"] == "expired",
            total: cents(&session["amount_total"]),
            in_dollars: session["currency"] == "usd",
            refunded: cents(&charge["amount_refunded"]),
            disputed,
        })
    }

    /// Returns what banks hold or have taken of a payment. A dispute that was won takes nothing,
    /// nor does a warning.
    async fn disputed(&self, intent: &str) -> Result<Money, PaymentError> {
        let path = format!("/v1/disputes?payment_intent={}&limit=100", escaped(intent));
        let said = self.ask(Method::GET, &path, None).await?;
        let disputes = said["data"].as_array().map(Vec::as_slice).unwrap_or_default();
        let takes = |dispute: &&Value| {
            let status = dispute["status"].as_str().unwrap_or_default();
            status != "won" && status != "prevented" && !status.starts_with("warning")
        };
        Ok(disputes.iter().filter(takes).map(|dispute| cents(&dispute["amount"])).sum())
    }

    async fn session_of(&self, intent: &str) -> Result<Option<String>, PaymentError> {
        let path = format!("/v1/checkout/sessions?payment_intent={}&limit=1", escaped(intent));
        let said = self.ask(Method::GET, &path, None).await?;
        Ok(said["data"][0]["id"].as_str().map(str::to_owned))
    }
}

impl Processor for Stripe {
    fn name(&self) -> &'static str {
        "stripe"
    }

    fn checkout<'a>(&'a self, order: &'a Order) -> Waiting<'a, Result<Checkout, PaymentError>> {
        Box::pin(self.open(order))
    }

    fn read<'a>(&'a self, reference: &'a str) -> Waiting<'a, Result<Seen, PaymentError>> {
        Box::pin(self.look(reference))
    }

    fn verify(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Notice, PaymentError> {
        let mut signatures = headers.get_all(SIGNATURE).iter();
        let (Some(signature), None) = (signatures.next(), signatures.next()) else {
            return Err(PaymentError::Forged);
        };
        let signature = signature.to_str().map_err(|_| PaymentError::Forged)?;
        let secret = self.webhook_secret.expose().as_bytes();
        if !signature::verify(secret, signature, body, now) {
            return Err(PaymentError::Forged);
        }
        let event: Value = serde_json::from_slice(body).map_err(|_| PaymentError::Forged)?;
        Ok(notice(&event))
    }

    fn find<'a>(&'a self, charge: &'a str) -> Waiting<'a, Result<Option<String>, PaymentError>> {
        Box::pin(self.session_of(charge))
    }
}

fn notice(event: &Value) -> Notice {
    let kind = event["type"].as_str().unwrap_or_default();
    let object = &event["data"]["object"];
    let text = |name: &str| object[name].as_str().map(str::to_owned);
    if kind.starts_with("checkout.session.") {
        return text("id").map_or(Notice::Other, Notice::Checkout);
    }
    let is_charge = kind.starts_with("charge.") || kind.starts_with("refund.");
    match text("payment_intent") {
        Some(intent) if is_charge => Notice::Charge(intent),
        _ => Notice::Other,
    }
}

/// Writes an order as Stripe's form: the credits and the fee are two lines of it.
fn form(order: &Order) -> Result<String, PaymentError> {
    let in_cents = |amount: Money| {
        let whole = amount.nanos() % CENT_NANOS == 0;
        whole.then(|| (amount.nanos() / CENT_NANOS).to_string())
    };
    let (Some(credit), Some(fee)) = (in_cents(order.credit), in_cents(order.fee)) else {
        return Err(PaymentError::Refused("amount"));
    };
    let mut fields = vec![
        ("mode".to_owned(), "payment".to_owned()),
        ("client_reference_id".to_owned(), order.id.clone()),
        ("metadata[payment_id]".to_owned(), order.id.clone()),
        ("metadata[account]".to_owned(), order.account.clone()),
        ("payment_intent_data[metadata][payment_id]".to_owned(), order.id.clone()),
        ("success_url".to_owned(), order.return_url.clone()),
        ("cancel_url".to_owned(), order.return_url.clone()),
    ];
    let lines = [("Credits", credit), ("Service fee", fee)];
    for (place, (name, cents)) in lines.into_iter().filter(|(_, cents)| cents != "0").enumerate() {
        let line = |field: &str| format!("line_items[{place}]{field}");
        fields.push((line("[quantity]"), "1".to_owned()));
        fields.push((line("[price_data][currency]"), "usd".to_owned()));
        fields.push((line("[price_data][unit_amount]"), cents));
        fields.push((line("[price_data][product_data][name]"), name.to_owned()));
    }
    let pairs = fields.iter().map(|(name, text)| format!("{}={}", escaped(name), escaped(text)));
    Ok(pairs.collect::<Vec<String>>().join("&"))
}

fn cents(value: &Value) -> Money {
    let nanos = value.as_i64().unwrap_or_default().max(0).saturating_mul(CENT_NANOS);
    Money::from_nanos(nanos)
}

/// Writes a text so that no byte of it means anything in a URL or a form.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_order_is_two_lines_in_cents() {
        let dollars = |text| Money::parse_dollars(text).unwrap();
        let order = Order {
            id: "pay-1".to_owned(),
            account: "default".to_owned(),
            credit: dollars("25"),
            fee: dollars("1.25"),
            return_url: "http://x/?a=b&c".to_owned(),
        };
        let text = form(&order).unwrap();
        assert!(text.contains("line_items%5B0%5D%5Bprice_data%5D%5Bunit_amount%5D=2500"), "{text}");
        assert!(text.contains("line_items%5B1%5D%5Bprice_data%5D%5Bunit_amount%5D=125"), "{text}");
        assert!(text.contains("success_url=http%3A%2F%2Fx%2F%3Fa%3Db%26c"), "{text}");
        assert!(form(&Order { credit: dollars("0.001"), ..order }).is_err());
    }

    #[test]
    fn a_notice_names_a_checkout_or_a_charge() {
        let event = |kind: &str| {
            notice(
                &json!({ "type": kind, "data": { "object": { "id": "a", "payment_intent": "b" } } }),
            )
        };
        assert_eq!(event("checkout.session.completed"), Notice::Checkout("a".to_owned()));
        assert_eq!(event("charge.refunded"), Notice::Charge("b".to_owned()));
        assert_eq!(event("charge.dispute.closed"), Notice::Charge("b".to_owned()));
        assert_eq!(event("customer.created"), Notice::Other);
        assert_eq!(notice(&json!([])), Notice::Other);
    }
}
