//! Signatures of notices, as Stripe makes them: `t=SECONDS,v1=HEX`, over `SECONDS.BODY`.

use domain::time::Timestamp;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::key_text::hex;

/// How far a signature's time may be from ours (Stripe's libraries: five minutes).
const TOLERANCE_S: i64 = 300;

/// Returns whether a signature is of this body, under this secret, and of now.
pub fn verify(secret: &[u8], header: &str, body: &[u8], now: Timestamp) -> bool {
    let parts: Vec<(&str, &str)> =
        header.split(',').filter_map(|part| part.trim().split_once('=')).collect();
    let times: Vec<&str> =
        parts.iter().filter(|(name, _)| *name == "t").map(|(_, text)| *text).collect();
    let [time] = times[..] else { return false };
    let Ok(seconds) = time.parse::<i64>() else { return false };
    if secret.is_empty() || TOLERANCE_S < now.seconds().saturating_sub(seconds).saturating_abs() {
        return false;
    }
    let Some(mac) = mac(secret, time, body) else { return false };
    let signed = |text: &str| {
        bytes(text).is_some_and(|signature| mac.clone().verify_slice(&signature).is_ok())
    };
    parts.iter().any(|(name, text)| *name == "v1" && signed(text))
}

/// Signs a body as Stripe does.
pub fn sign(secret: &[u8], body: &[u8], now: Timestamp) -> Option<String> {
    let time = now.seconds().to_string();
    let mac = mac(secret, &time, body)?;
    Some(format!("t={time},v1={}", hex(&mac.finalize().into_bytes())))
}

fn mac(secret: &[u8], time: &str, body: &[u8]) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).ok()?;
    mac.update(time.as_bytes());
    mac.update(b".");
    mac.update(body);
    Some(mac)
}

fn bytes(hexadecimal: &str) -> Option<Vec<u8>> {
    if hexadecimal.len() != 64 || !hexadecimal.is_ascii() {
        return None;
    }
    let pair = |place: usize| u8::from_str_radix(&hexadecimal[place..place + 2], 16).ok();
    (0..64).step_by(2).map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_holder_of_the_secret_signs_and_only_for_now() {
        let now = Timestamp::parse("2026-11-25T12:00:00Z").unwrap();
        let header = sign(b"whsec", b"{}", now).unwrap();
        let check = |secret: &[u8], header: &str, body: &[u8], late_ms: i64| {
            verify(secret, header, body, now.plus_ms(late_ms))
        };
        assert!(check(b"whsec", &header, b"{}", 0));
        assert!(check(b"whsec", &format!("{header},v1={}", "0".repeat(64)), b"{}", 299_000));
        assert!(!check(b"whsec", &header, b"{}", 301_000));
        assert!(!check(b"whsec", &header, b"{}", -301_000));
        assert!(!check(b"other", &header, b"{}", 0));
        assert!(!check(b"whsec", &header, b"{ }", 0));
        let empty = sign(b"", b"{}", now).unwrap();
        assert!(!check(b"", &empty, b"{}", 0));
        for bad in ["", "t=1", "v1=00", "t=x,v1=00", &header.replace("v1", "v0")] {
            assert!(!check(b"whsec", bad, b"{}", 0), "{bad}");
        }
        let twice = format!("t=1,{header}");
        assert!(!check(b"whsec", &twice, b"{}", 0));
    }
}
