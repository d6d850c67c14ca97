//! Cookies: those of a request, and `Set-Cookie` (RFC 6265).
//!
//! ```
//! use edgedeploy_guest::cookie::{self, SameSite, SetCookie};
//!
//! assert_eq!(cookie::get("theme=dark; id=1", "id"), Some("1"));
//!
//! let line = SetCookie::new("__Host-session", "abc")
//!     .max_age(3600)
//!     .secure()
//!     .http_only()
//!     .same_site(SameSite::Lax)
//!     .line()
//!     .unwrap();
//! assert_eq!(line, "__Host-session=abc; Path=/; Max-Age=3600; Secure; HttpOnly; SameSite=Lax");
//! ```
//!
//! At a response trigger: `event.headers().append("Set-Cookie", &line)`; of a
//! [`Response`](crate::Response): `.append_header("Set-Cookie", &line)`.

use crate::decimal;
use alloc::string::String;
use core::fmt;

/// Returns the value of the first cookie of that name in one `Cookie` header.
/// Nothing is decoded. [`Request::cookie`](crate::Request::cookie) looks into all
/// of them.
#[inline]
pub fn get<'a>(header: &'a str, name: &str) -> Option<&'a str> {
    find(header, name)
}

/// Iterates over names and values of one `Cookie` header, in order.
///
/// ```
/// let all: Vec<_> = edgedeploy_guest::cookie::pairs("a=1; naked; b=2=3").collect();
/// assert_eq!(all, [("a", "1"), ("b", "2=3")]);
/// ```
#[inline]
pub fn pairs(header: &str) -> impl Iterator<Item = (&str, &str)> {
    header.split(';').filter_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        Some((name.trim(), value.trim()))
    })
}

/// Finds a cookie in one `Cookie` header: pairs separated by `;`, spaces around
/// a name or value are not part of it (RFC 6265, 5.4). Names have a case.
#[inline]
pub(crate) fn find<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    line.split(';').find_map(|pair| {
        let at = pair.find('=')?;
        if pair[..at].trim() == name {
            Some(pair[at + 1..].trim())
        } else {
            None
        }
    })
}

/// With which requests of other sites a browser sends a cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SameSite {
    /// None of them.
    Strict,
    /// Those that open a page.
    Lax,
    /// All. Such a cookie has to be `Secure`.
    None,
}

/// A cookie to give to a browser. The path is `/` unless another one is set,
/// because the browser's own default is the folder of the page.
#[derive(Clone, Debug)]
#[must_use = "a cookie is sent as a Set-Cookie header: append what line() returns"]
pub struct SetCookie<'a> {
    name: &'a str,
    value: &'a str,
    path: &'a str,
    domain: Option<&'a str>,
    max_age: Option<u32>,
    secure: bool,
    http_only: bool,
    partitioned: bool,
    same_site: Option<SameSite>,
}

/// Why a cookie is none: what a browser would read otherwise, or throw away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidCookie(&'static str);

impl fmt::Display for InvalidCookie {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cookie: ")?;
        f.write_str(self.0)
    }
}

#[cfg(any(feature = "std", test))]
impl std::error::Error for InvalidCookie {}

impl<'a> SetCookie<'a> {
    /// Begins a cookie that lives as long as the browser.
    #[inline]
    pub fn new(name: &'a str, value: &'a str) -> Self {
        SetCookie {
            name,
            value,
            path: "/",
            domain: None,
            max_age: None,
            secure: false,
            http_only: false,
            partitioned: false,
            same_site: None,
        }
    }

    /// Begins one that removes what the browser has. It needs the path, domain
    /// and flags that the cookie was given with.
    #[inline]
    pub fn removed(name: &'a str) -> Self {
        SetCookie::new(name, "").max_age(0)
    }

    /// Sends it with requests below this path only.
    #[inline]
    pub fn path(mut self, path: &'a str) -> Self {
        self.path = path;
        self
    }

    /// Sends it to this domain and all below; without, to this host alone.
    #[inline]
    pub fn domain(mut self, domain: &'a str) -> Self {
        self.domain = Some(domain);
        self
    }

    /// Keeps it for so many seconds. Browsers cut it at 400 days.
    #[inline]
    pub fn max_age(mut self, seconds: u32) -> Self {
        self.max_age = Some(seconds);
        self
    }

    /// Sends it over https only.
    #[inline]
    pub fn secure(mut self) -> Self {
        self.secure = true;
        self
    }

    /// Keeps it from scripts.
    #[inline]
    pub fn http_only(mut self) -> Self {
        self.http_only = true;
        self
    }

    /// Keeps one for each site that embeds this one.
    #[inline]
    pub fn partitioned(mut self) -> Self {
        self.partitioned = true;
        self
    }

    /// Says with which requests of other sites it is sent.
    #[inline]
    pub fn same_site(mut self, same_site: SameSite) -> Self {
        self.same_site = Some(same_site);
        self
    }

    /// Returns the value of the `Set-Cookie` header. An error if a part has
    /// characters that would end it, a `;` or a line break for example, or if
    /// browsers would refuse the whole.
    #[inline]
    pub fn line(&self) -> Result<String, InvalidCookie> {
        self.check()?;
        let mut line = [self.name, "=", self.value, "; Path=", self.path].concat();
        if let Some(domain) = self.domain {
            line.push_str("; Domain=");
            line.push_str(domain);
        }
        if let Some(seconds) = self.max_age {
            line.push_str("; Max-Age=");
            decimal::push(&mut line, seconds);
        }
        for (is, flag) in [
            (self.secure, "; Secure"),
            (self.http_only, "; HttpOnly"),
            (self.partitioned, "; Partitioned"),
        ] {
            if is {
                line.push_str(flag);
            }
        }
        line.push_str(match self.same_site {
            None => "",
            Some(SameSite::Strict) => "; SameSite=Strict",
            Some(SameSite::Lax) => "; SameSite=Lax",
            Some(SameSite::None) => "; SameSite=None",
        });
        Ok(line)
    }

    #[inline]
    fn check(&self) -> Result<(), InvalidCookie> {
        let refuse = |is: bool, why| if is { Err(InvalidCookie(why)) } else { Ok(()) };
        let host = starts(self.name, "__Host-");
        refuse(
            self.name.is_empty() || !self.name.bytes().all(is_token),
            "a name is letters, digits and !#$%&'*+-.^_`|~",
        )?;
        refuse(
            !self.value.bytes().all(is_octet),
            "a value has no space, quote, comma, semicolon, backslash or control character and is ASCII; encode it, with percent::encode for example",
        )?;
        refuse(
            !self.path.starts_with('/') || !self.path.bytes().all(is_attribute),
            "a path begins with / and has no semicolon or control character and is ASCII",
        )?;
        refuse(
            !self.domain.unwrap_or("a").bytes().all(is_domain) || self.domain == Some(""),
            "a domain is letters, digits, dots and dashes",
        )?;
        refuse(
            (host || starts(self.name, "__Secure-")) && !self.secure,
            "a name with __Host- or __Secure- wants secure()",
        )?;
        refuse(
            host && (self.domain.is_some() || self.path != "/"),
            "a name with __Host- has the path / and no domain",
        )?;
        refuse(
            (self.same_site == Some(SameSite::None) || self.partitioned) && !self.secure,
            "SameSite::None and partitioned() want secure()",
        )
    }
}

/// Browsers compare the prefixes of names without case.
#[inline]
fn starts(name: &str, prefix: &str) -> bool {
    name.get(..prefix.len())
        .map_or(false, |start| start.eq_ignore_ascii_case(prefix))
}

/// A token (RFC 9110, 5.6.2).
#[inline]
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// A cookie-octet (RFC 6265, 4.1.1).
#[inline]
fn is_octet(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"\",;\\".contains(&byte)
}

#[inline]
fn is_attribute(byte: u8) -> bool {
    (byte.is_ascii_graphic() || byte == b' ') && byte != b';'
}

#[inline]
fn is_domain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'-'
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::Dice;
    use std::vec::Vec;

    #[test]
    fn a_cookie_is_found_by_its_whole_name() {
        let line = "xid=0; id=1;sid=a=b==; empty=; ID=2;id=3; naked";
        for (name, want) in [
            ("id", Some("1")),
            ("sid", Some("a=b==")),
            ("empty", Some("")),
            ("ID", Some("2")),
            ("d", None),
            ("naked", None),
            ("", None),
        ] {
            assert_eq!(find(line, name), want, "{name}");
            assert_eq!(get(line, name), want, "{name}");
            let mut all = pairs(line);
            assert_eq!(
                all.find(|(n, _)| *n == name).map(|(_, v)| v),
                want,
                "{name}"
            );
        }
    }

    #[test]
    fn no_header_is_too_odd_to_be_read() {
        let mut dice = Dice::new(11);
        for _ in 0..3000 {
            let line = dice.text(&["a", "=", ";", " ", "ü", "\t", "\"", ",", "a=1", "\0"], 10);
            let all: Vec<_> = pairs(&line).collect();
            for name in ["a", "", "ü", "\"a\""] {
                let want = all.iter().find(|(n, _)| *n == name).map(|(_, v)| *v);
                assert_eq!(get(&line, name), want, "{line:?}");
            }
        }
    }

    #[test]
    fn a_cookie_is_written_with_what_was_asked_for() {
        let c = SetCookie::new("a", "1");
        for (cookie, want) in [
            (c.clone(), "a=1; Path=/"),
            (
                c.clone().path("/docs").domain("example.com"),
                "a=1; Path=/docs; Domain=example.com",
            ),
            (
                c.clone().max_age(u32::MAX),
                "a=1; Path=/; Max-Age=4294967295",
            ),
            (
                c.clone().same_site(SameSite::Strict),
                "a=1; Path=/; SameSite=Strict",
            ),
            (
                c.clone().secure().partitioned().same_site(SameSite::None),
                "a=1; Path=/; Secure; Partitioned; SameSite=None",
            ),
            (
                SetCookie::removed("a").http_only(),
                "a=; Path=/; Max-Age=0; HttpOnly",
            ),
            (
                SetCookie::new("__Secure-a", "").path("/b").secure(),
                "__Secure-a=; Path=/b; Secure",
            ),
        ] {
            assert_eq!(cookie.line().as_deref(), Ok(want));
        }
    }

    #[test]
    fn what_a_browser_would_refuse_or_misread_is_an_error() {
        let c = SetCookie::new("a", "1");
        for (cookie, say) in [
            (SetCookie::new("", "1"), "name"),
            (SetCookie::new("a b", "1"), "name"),
            (SetCookie::new("a=", "1"), "name"),
            (SetCookie::new("ü", "1"), "name"),
            (SetCookie::new("a", "1; Domain=evil.example"), "value"),
            (SetCookie::new("a", "1\r\nX: y"), "value"),
            (SetCookie::new("a", "1,2"), "value"),
            (SetCookie::new("a", "\"1\""), "value"),
            (SetCookie::new("a", "ü"), "value"),
            (SetCookie::new("a", "\0"), "value"),
            (c.clone().path(""), "path"),
            (c.clone().path("/a; Secure"), "path"),
            (c.clone().path("/a\n"), "path"),
            (c.clone().domain(""), "domain"),
            (c.clone().domain("a;b"), "domain"),
            (c.clone().partitioned(), "secure()"),
            (c.clone().same_site(SameSite::None), "secure()"),
            (SetCookie::new("__Host-a", "1"), "secure()"),
            (SetCookie::new("__host-a", "1"), "secure()"),
            (SetCookie::new("__Secure-a", "1"), "secure()"),
            (
                SetCookie::new("__Host-a", "1").secure().path("/a"),
                "path /",
            ),
            (
                SetCookie::new("__Host-a", "1").secure().domain("b"),
                "no domain",
            ),
        ] {
            let err = cookie.line().expect_err(say);
            assert!(std::format!("{err}").contains(say), "{cookie:?}: {err}");
        }
    }

    #[test]
    fn whatever_is_given_the_header_has_only_its_own_parts() {
        let mut dice = Dice::new(12);
        let parts = [
            "a", "=", ";", " ", "ü", "\r\n", "\"", ",", "\\", "\0", "Secure", "%3B", "\u{7f}",
        ];
        let mut good = 0;
        for _ in 0..5000 {
            let (name, value) = (dice.text(&parts, 3), dice.text(&parts, 3));
            if let Ok(line) = SetCookie::new(&name, &value).max_age(1).line() {
                good += 1;
                let read: Vec<_> = line.split("; ").collect();
                assert_eq!(
                    read,
                    [&*[&*name, "=", &*value].concat(), "Path=/", "Max-Age=1"]
                );
                assert_eq!(get(read[0], &name), Some(&*value));
                assert!(line.bytes().all(|b| b.is_ascii_graphic() || b == b' '));
            }
        }
        assert!(good > 100, "{good}");
    }
}
