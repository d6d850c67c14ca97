//! Tokens: `v1.KID.EXPIRY.SUBJECT.SCOPE.SIGNATURE`.

use edgedeploy_guest::hmac::Key;
use edgedeploy_guest::{constant_time_eq, hex, path};

/// A key and the name that tokens call it by.
pub struct Named {
    pub kid: String,
    pub key: Key,
}

/// What a good token says.
#[derive(Debug, PartialEq, Eq)]
pub struct Claims<'t> {
    pub subject: &'t str,
    pub scope: &'t str,
}

/// Why a token is none.
#[derive(Debug, PartialEq, Eq)]
pub enum Refused {
    /// Not of this form, of an unknown key, or not signed by it.
    Invalid,
    /// It was good once.
    Expired,
}

/// Checks a token at a time in seconds since 1970. Nothing in it is believed
/// before its signature is right.
pub fn verify<'t>(keys: &[Named], token: &'t str, now: u64) -> Result<Claims<'t>, Refused> {
    let (signed, signature) = token.rsplit_once('.').ok_or(Refused::Invalid)?;
    let mut parts = signed.splitn(5, '.');
    let mut part = || parts.next().ok_or(Refused::Invalid);
    let (version, kid, expiry, subject, scope) = (part()?, part()?, part()?, part()?, part()?);
    if version != "v1" {
        return Err(Refused::Invalid);
    }
    let named = keys
        .iter()
        .find(|named| named.kid == kid)
        .ok_or(Refused::Invalid)?;
    // As text, because a signature has one spelling.
    let wanted = hex::encode(&named.key.sign(signed.as_bytes()));
    if !constant_time_eq(wanted.as_bytes(), signature.as_bytes()) {
        return Err(Refused::Invalid);
    }
    // Signed, but by somebody who did not know the form.
    if subject.is_empty() || !scope.starts_with('/') {
        return Err(Refused::Invalid);
    }
    if now >= seconds(expiry).ok_or(Refused::Invalid)? {
        return Err(Refused::Expired);
    }
    Ok(Claims { subject, scope })
}

/// Whether a path lies in a scope: `/a` holds `/a` and `/a/b`, not `/ab`.
///
/// The origin may read a path otherwise than we do: `/a/../b` is `/b` for many.
/// So what can be read in two ways is in no scope but `/`.
pub fn within(scope: &str, uri: &str) -> bool {
    let everything = scope.trim_end_matches('/').is_empty();
    everything || path::is_below(uri, scope) && path::is_plain(uri)
}

/// Digits, at most 12 of them.
fn seconds(digits: &str) -> Option<u64> {
    if digits.is_empty() || digits.len() > 12 {
        return None;
    }
    digits.bytes().try_fold(0, |n, byte| match byte {
        b'0'..=b'9' => Some(n * 10 + u64::from(byte - b'0')),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> Vec<Named> {
        ["new", "old"]
            .iter()
            .map(|kid| Named {
                kid: kid.to_string(),
                key: Key::new(format!("the {kid} key").as_bytes()),
            })
            .collect()
    }

    fn signed(key: &str, claims: &str) -> String {
        let sum = Key::new(key.as_bytes()).sign(claims.as_bytes());
        let hex: String = sum.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{claims}.{hex}")
    }

    #[test]
    fn both_keys_are_good_until_the_second_of_expiry() {
        for kid in ["new", "old"] {
            let token = signed(
                &format!("the {kid} key"),
                &format!("v1.{kid}.1000.ann.//a.b/"),
            );
            let want = Claims {
                subject: "ann",
                scope: "//a.b/",
            };
            assert_eq!(verify(&keys(), &token, 999), Ok(want), "{kid}");
            assert_eq!(
                verify(&keys(), &token, 1000),
                Err(Refused::Expired),
                "{kid}"
            );
        }
    }

    #[test]
    fn anything_else_is_invalid() {
        for (what, token) in [
            ("nothing", String::new()),
            ("too few parts", signed("the new key", "v1.new.1000.ann")),
            (
                "another version",
                signed("the new key", "v2.new.1000.ann./"),
            ),
            (
                "an unknown key",
                signed("the new key", "v1.next.1000.ann./"),
            ),
            ("the other key", signed("the old key", "v1.new.1000.ann./")),
            ("no subject", signed("the new key", "v1.new.1000.../")),
            (
                "a scope that is no path",
                signed("the new key", "v1.new.1000.ann.a"),
            ),
            ("no expiry", signed("the new key", "v1.new..ann./")),
            (
                "a signed expiry",
                signed("the new key", "v1.new.+999.ann./"),
            ),
            (
                "an endless expiry",
                signed("the new key", "v1.new.99999999999999999999.ann./"),
            ),
            ("a space", signed("the new key", "v1.new.1000.ann./") + " "),
            (
                "capitals",
                signed("the new key", "v1.new.1000.ann./")
                    .to_uppercase()
                    .replacen("V1.NEW", "v1.new", 1),
            ),
        ] {
            assert_eq!(
                verify(&keys(), &token, 0),
                Err(Refused::Invalid),
                "{what}: {token}"
            );
        }
    }

    #[test]
    fn no_byte_of_a_token_can_change() {
        let token = signed("the new key", "v1.new.1000.ann./a");
        for at in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[at] ^= 1;
            let changed = String::from_utf8(bytes).unwrap();
            assert_eq!(
                verify(&keys(), &changed, 0),
                Err(Refused::Invalid),
                "{changed}"
            );
        }
    }

    #[test]
    fn a_scope_ends_at_a_slash_and_cannot_be_left() {
        for (scope, uri, want) in [
            ("/", "/anything/../at//all", true),
            ("/a", "/a", true),
            ("/a", "/a/b.c", true),
            ("/a/", "/a", true),
            ("/a/", "/a/b", true),
            ("/a", "/ab", false),
            ("/a", "/", false),
            ("/a", "/A", false),
            ("/a", "/a/../b", false),
            ("/a", "/a/..", false),
            ("/a", "/a/%2E%2e/b", false),
            ("/a", "/a/..%2fb", false),
            ("/a", "/a/%252e%252e/b", false),
            ("/a", "/a/..\\b", false),
            ("/a", "/a//b", false),
            ("/a", "/a/..;/b", false),
            ("/a", "/a/x..y", true),
        ] {
            assert_eq!(within(scope, uri), want, "{scope} {uri}");
        }
    }
}
