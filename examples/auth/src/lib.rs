//! Lets a request pass that carries a token signed by us, at viewer-request.
//!
//! The token comes as `Authorization: Bearer TOKEN` or in a cookie; README.md has
//! its form. Keys and names come from `config:` in edgedeploy.yaml.

mod hmac;
mod token;

use edgedeploy_guest::{config, handlers, log, now, Response, ViewerRequest};
use hmac::Key;
use token::{verify, within, Named, Refused};

edgedeploy_guest::allocator!();

handlers! {
    init: Guard = Guard::from_config,
    viewer_request: check,
}

/// HMAC-SHA256 wants a key of at least as many bytes as its sum (RFC 2104, 3).
const SHORTEST_KEY: usize = 32;

/// How the key in this example's spec begins.
const EXAMPLE_KEY: &str = "only-for-trying-this-out";

struct Guard {
    keys: Vec<Named>,
    cookie: String,
    login: Option<String>,
}

impl Guard {
    /// Without a good key the module does not start, and nobody gets in.
    fn from_config() -> Result<Guard, &'static str> {
        let mut keys = Vec::new();
        match named("key-id", "key")? {
            Some(named) => keys.push(named),
            None => return Err("config: key-id and key are missing"),
        }
        if let Some(named) = named("old-key-id", "old-key")? {
            if named.kid == keys[0].kid {
                return Err("config: key-id and old-key-id are the same");
            }
            keys.push(named);
        }
        Ok(Guard {
            keys,
            cookie: config("cookie").unwrap_or_else(|| "__Host-session".into()),
            login: config("login"),
        })
    }
}

fn named(kid: &str, key: &str) -> Result<Option<Named>, &'static str> {
    let (kid, key) = match (config(kid), config(key)) {
        (Some(kid), Some(key)) => (kid, key),
        (None, None) => return Ok(None),
        _ => return Err("config: a key and its id go together"),
    };
    if kid.is_empty() || kid.contains('.') {
        return Err("config: a key id is not empty and has no dot");
    }
    if key.len() < SHORTEST_KEY {
        return Err("config: a key has at least 32 bytes");
    }
    if key.starts_with(EXAMPLE_KEY) {
        log::warn("the key is the one of the example, which everybody knows");
    }
    Ok(Some(Named {
        kid,
        key: Key::new(key.as_bytes()),
    }))
}

fn check(event: ViewerRequest, guard: &Guard) -> Option<Response> {
    // The origin believes this header, so nobody else may set it.
    event.headers().remove("X-Auth-Subject");

    let bearer = event.header("authorization").and_then(bearer);
    let token = match bearer.or_else(|| event.cookie(&guard.cookie)) {
        Some(token) => token,
        None => return Some(unknown(event, guard, "Bearer", "no token")),
    };
    match verify(&guard.keys, token, now().as_secs()) {
        Ok(claims) if !within(claims.scope, event.uri()) => Some(forbidden()),
        Ok(claims) => {
            event.headers().set("X-Auth-Subject", claims.subject);
            None
        }
        Err(Refused::Expired) => Some(unknown(event, guard, EXPIRED, "the token has expired")),
        Err(Refused::Invalid) => Some(unknown(event, guard, INVALID, "the token is not valid")),
    }
}

// RFC 6750, 3.1 has one error for both; the description is for people.
const EXPIRED: &str = "Bearer error=\"invalid_token\", error_description=\"expired\"";
const INVALID: &str = "Bearer error=\"invalid_token\"";

/// The token of an `Authorization` header. The scheme has no case (RFC 9110, 11.1).
fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        Some(token.trim())
    } else {
        None
    }
}

/// Somebody we do not know: a person who looks at a page goes to the login page,
/// if there is one; everybody else gets 401.
fn unknown(event: ViewerRequest, guard: &Guard, challenge: &'static str, why: &str) -> Response {
    let page = event.method() == "GET"
        && event
            .header("accept")
            .map_or(false, |a| a.contains("text/html"));
    match &guard.login {
        Some(login) if page => {
            let back = query_value(event.uri(), event.querystring());
            let to = event.concat(&[login, &back]);
            Response::redirect(302, to).header_const("Cache-Control", "no-store")
        }
        _ => refuse(401, why).header_const("WWW-Authenticate", challenge),
    }
}

/// Somebody we know, in the wrong place. A new login would not help.
fn forbidden() -> Response {
    refuse(403, "the token is not for this path")
}

fn refuse(status: u16, why: &str) -> Response {
    Response::new(status)
        .header_const("Cache-Control", "no-store")
        .header_const("Content-Type", "text/plain; charset=utf-8")
        .body(why)
}

/// Path and query as the value of a query parameter. Only these: with a host in
/// it the login page could be made to send people anywhere. A path that begins
/// with two slashes or backslashes has one, for browsers that are sent there.
fn query_value(uri: &str, querystring: &str) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mark = if querystring.is_empty() { "" } else { "?" };
    let uri = uri.trim_start_matches(&['/', '\\'][..]);
    let mut out = String::from("/");
    for byte in [uri, mark, querystring].iter().flat_map(|s| s.bytes()) {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(byte.into())
            }
            _ => {
                out.push('%');
                out.push(HEX[usize::from(byte >> 4)].into());
                out.push(HEX[usize::from(byte & 15)].into());
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bearer_token_follows_its_scheme() {
        assert_eq!(bearer("Bearer abc"), Some("abc"));
        assert_eq!(bearer("bearer  abc "), Some("abc"));
        assert_eq!(bearer("Basic abc"), None);
        assert_eq!(bearer("Bearer"), None);
    }

    #[test]
    fn where_to_go_back_to_is_one_value_of_a_query() {
        assert_eq!(query_value("/a/b", ""), "/a/b");
        assert_eq!(
            query_value("/ü", "a=1&b=%20#"),
            "/%C3%BC%3Fa%3D1%26b%3D%2520%23"
        );
    }

    #[test]
    fn where_to_go_back_to_is_never_another_host() {
        for uri in [
            "//evil.example/a",
            "/\\evil.example/a",
            "///\\//evil.example/a",
        ] {
            assert_eq!(query_value(uri, ""), "/evil.example/a", "{uri}");
        }
        assert_eq!(query_value("/", ""), "/");
    }
}
