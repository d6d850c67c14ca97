//! Lets a request pass that carries a token signed by us, at viewer-request.
//!
//! The token comes as `Authorization: Bearer TOKEN` or in a cookie; README.md has
//! its form. Keys and names come from `config:` in edgedeploy.yaml.

mod token;

use edgedeploy_guest::hmac::Key;
use edgedeploy_guest::settings::{self, invalid, Error};
use edgedeploy_guest::{accept, authorization, percent, status, target};
use edgedeploy_guest::{handlers, log, now, Response, ViewerRequest};
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
    fn from_config() -> Result<Guard, Error> {
        let new =
            named("key-id", "key")?.ok_or_else(|| invalid("key", "key-id and key are missing"))?;
        let mut keys = vec![new];
        if let Some(old) = named("old-key-id", "old-key")? {
            if old.kid == keys[0].kid {
                return Err(invalid("old-key-id", "this and key-id are the same"));
            }
            keys.push(old);
        }
        Ok(Guard {
            keys,
            cookie: settings::get_or("cookie", "__Host-session".into())?,
            login: settings::get("login")?,
        })
    }
}

fn named(kid_name: &str, key_name: &str) -> Result<Option<Named>, Error> {
    let (kid, key): (String, String) = match (settings::get(kid_name)?, settings::get(key_name)?) {
        (Some(kid), Some(key)) => (kid, key),
        (None, None) => return Ok(None),
        _ => return Err(invalid(kid_name, "a key and its id go together")),
    };
    if kid.is_empty() || kid.contains('.') {
        return Err(invalid(kid_name, "a key id is not empty and has no dot"));
    }
    if key.len() < SHORTEST_KEY {
        return Err(invalid(key_name, "a key has at least 32 bytes"));
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

    let bearer = event
        .header("authorization")
        .and_then(authorization::bearer);
    let token = match bearer.or_else(|| event.cookie(&guard.cookie)) {
        Some(token) => token,
        None => return Some(unknown(event, guard, "Bearer", "no token")),
    };
    match verify(&guard.keys, token, now().as_secs()) {
        // Somebody we know, in the wrong place. A new login would not help.
        Ok(claims) if !within(claims.scope, event.uri()) => {
            Some(Response::text(status::FORBIDDEN, "the token is not for this path").no_store())
        }
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

/// Somebody we do not know: a person who looks at a page goes to the login page,
/// if there is one; everybody else gets 401.
fn unknown(event: ViewerRequest, guard: &Guard, challenge: &'static str, why: &str) -> Response {
    let wants_html = |header| accept::names(header, "text/html");
    let page = event.method() == "GET" && event.header("accept").map_or(false, wants_html);
    match &guard.login {
        Some(login) if page => {
            let back = back(event.uri(), event.querystring());
            Response::redirect(status::FOUND, event.concat(&[login, &back])).no_store()
        }
        _ => Response::text(status::UNAUTHORIZED, why)
            .no_store()
            .header_const("WWW-Authenticate", challenge),
    }
}

/// Where the request was going, as the value of a query parameter. Only path and
/// query: with a host in it the login page could be made to send people anywhere.
fn back(uri: &str, querystring: &str) -> String {
    percent::encode_path(&target::of_request(uri, querystring))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_to_go_back_to_is_one_value_of_a_query_and_never_another_host() {
        for (uri, query, want) in [
            ("/a/b", "", "/a/b"),
            ("/%C3%BC", "a=1&b=%20", "/%25C3%25BC%3Fa%3D1%26b%3D%2520"),
            ("//evil.example/a", "", "/evil.example/a"),
        ] {
            assert_eq!(back(uri, query), want, "{uri}");
        }
    }
}
