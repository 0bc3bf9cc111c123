//! What an address of a provider has to look like.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Where an address may lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// To the public internet, over TLS.
    Public,
    /// Anywhere: the operator said so.
    Anywhere,
}

/// Returns the placeholders of an address, such as `region` of `https://{region}.example.com`.
///
/// # Errors
/// A sentence that says what is wrong with the address.
pub(crate) fn check(url: &str, reach: Reach) -> Result<Vec<&str>, String> {
    let (scheme, rest) = url
        .split_once("://")
        .filter(|(scheme, _)| matches!(*scheme, "https" | "http"))
        .ok_or("must begin with https:// or http://")?;
    if scheme == "http" && reach == Reach::Public {
        return Err("must begin with https://".to_owned());
    }
    if url.len() > 500 || !url.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("must be at most 500 visible ASCII characters, without spaces".to_owned());
    }
    if url.contains(['?', '#', '\\', '%']) {
        return Err("must have no query, no fragment and no escapes".to_owned());
    }
    if url.ends_with('/') {
        return Err("must not end with a slash".to_owned());
    }
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    if authority.contains('@') {
        return Err("must hold no user name and no password".to_owned());
    }
    if path.split('/').any(|segment| matches!(segment, "" | "." | "..")) && !path.is_empty() {
        return Err("must not have empty or relative parts in its path".to_owned());
    }
    let names = placeholders(url)?;
    check_host(authority, reach)?;
    Ok(names)
}

fn placeholders(url: &str) -> Result<Vec<&str>, String> {
    let mut names = Vec::new();
    let mut rest = url;
    while let Some(at) = rest.find(['{', '}']) {
        let name = rest[at..].strip_prefix('{').and_then(|after| after.split_once('}'));
        let Some((name, after)) = name else {
            return Err("has a brace without its partner".to_owned());
        };
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
        if name.is_empty() || !name.bytes().all(plain) {
            return Err(format!("has a placeholder `{name}` that is no lower-case name"));
        }
        names.push(name);
        rest = after;
    }
    Ok(names)
}

fn check_host(authority: &str, reach: Reach) -> Result<(), String> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(v6) => {
            let (host, tail) = v6.split_once(']').ok_or("has a host without its bracket")?;
            (host, tail.strip_prefix(':'))
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    if port.is_some_and(|port| port.parse::<u16>().map_or(true, |port| port == 0)) {
        return Err("has a port that is none".to_owned());
    }
    let named = |byte: u8| byte.is_ascii_alphanumeric() || b"-._{}".contains(&byte);
    let address: Option<IpAddr> = host.parse().ok();
    if host.is_empty() || (address.is_none() && !host.bytes().all(named)) {
        return Err("has no host".to_owned());
    }
    // A last label of digits is an address to some resolvers, in forms that hide where it leads.
    let last = host.rsplit('.').next().unwrap_or(host);
    let numeric = last.starts_with("0x") || last.bytes().all(|byte| byte.is_ascii_digit());
    if address.is_none() && numeric {
        return Err("has a host that is neither a name nor an address".to_owned());
    }
    if reach == Reach::Public && !is_public(host, address) {
        return Err("must not lead to this machine or to a private network".to_owned());
    }
    Ok(())
}

fn is_public(host: &str, address: Option<IpAddr>) -> bool {
    match address {
        Some(IpAddr::V4(address)) => is_public_v4(address),
        Some(IpAddr::V6(address)) => is_public_v6(address),
        None => {
            let host = host.to_ascii_lowercase();
            let local = [".localhost", ".local", ".internal", ".lan", ".home.arpa"];
            host.contains('.') && !local.iter().any(|suffix| host.ends_with(suffix))
                || host.contains('{')
        }
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, ..] = address.octets();
    let shared = a == 100 && (64..128).contains(&b);
    let reserved = a == 0 || 224 <= a;
    !(address.is_loopback()
        || address.is_private()
        || address.is_link_local()
        || shared
        || reserved)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let mapped = address.to_ipv4_mapped();
    mapped.map_or(address.segments()[0] & 0xe000 == 0x2000, is_public_v4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_named() {
        assert_eq!(
            check("https://{region}.example.com/v1/{project}", Reach::Public),
            Ok(vec!["region", "project"])
        );
        assert_eq!(check("https://{workspace_host}/v1", Reach::Public), Ok(vec!["workspace_host"]));
    }

    #[test]
    fn what_could_lead_elsewhere_is_refused() {
        for url in [
            "ftp://example.com",
            "example.com/v1",
            "http://example.com",
            "https://user:word@example.com",
            "https://example.com?key=1",
            "https://example.com/v1#top",
            "https://example.com/v1/",
            "https://example.com//v1",
            "https://example.com/a/../b",
            "https:///v1",
            "https://example.com:0",
            "https://example.com:port",
            "https://exa mple.com",
            "https://{region.example.com",
            "https://region}.example.com",
            "https://{Region}.example.com",
            "https://localhost/v1",
            "https://printer.local/v1",
            "https://metadata.google.internal",
            "https://127.0.0.1",
            "https://10.0.0.5:8000/v1",
            "https://169.254.169.254/latest",
            "https://100.64.0.1",
            "https://0.0.0.0",
            "https://[::1]/v1",
            "https://[fd00::1]/v1",
            "https://[::ffff:10.0.0.1]/v1",
            "https://2130706433/v1",
            "https://127.1/v1",
            "https://0x7f000001/v1",
        ] {
            assert!(check(url, Reach::Public).is_err(), "{url}");
        }
    }

    #[test]
    fn the_operator_may_point_inwards() {
        for url in [
            "http://10.0.0.5:8000/v1",
            "http://localhost:8080/v1",
            "http://[::1]:80",
            "http://vllm",
        ] {
            assert_eq!(check(url, Reach::Anywhere), Ok(vec![]), "{url}");
        }
        for url in ["https://example.com/v1", "https://8.8.8.8/v1", "https://[2606:4700::1]/v1"] {
            assert_eq!(check(url, Reach::Public), Ok(vec![]), "{url}");
        }
    }
}
