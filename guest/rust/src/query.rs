//! Query strings, and bodies of forms (`application/x-www-form-urlencoded`).
//!
//! They are read as browsers and `URLSearchParams` read them: `+` is a space,
//! what is not percent-coded stays as it is, and bytes that are not UTF-8 become
//! U+FFFD. So no input is an error.
//!
//! ```
//! use edgedeploy_guest::query::{self, Query};
//!
//! assert_eq!(query::get("size=a+b%21&size=2", "size").unwrap(), "a b!");
//!
//! let mut q = Query::parse("utm_source=mail&b=2&a=1&b=3");
//! q.keep(&["a", "b"]);
//! q.set("c", "x y");
//! q.sort();
//! assert_eq!(q.into_string(), "a=1&b=2&b=3&c=x%20y");
//! ```

use crate::percent;
use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

/// Returns the first value of a name, decoded. A name without `=` has the empty
/// value.
#[inline]
pub fn get<'q>(query: &'q str, name: &str) -> Option<Cow<'q, str>> {
    raw(query).map(split).find_map(|(n, value)| {
        if decode(n) == name {
            Some(decode(value))
        } else {
            None
        }
    })
}

/// Iterates over names and values, decoded, in order.
///
/// ```
/// let form: Vec<_> = edgedeploy_guest::query::pairs("q=a%26b&&go").collect();
/// assert_eq!(form, [("q".into(), "a&b".into()), ("go".into(), "".into())]);
/// ```
#[inline]
pub fn pairs(query: &str) -> Pairs<'_> {
    Pairs { rest: query }
}

/// Names and values of a query: see [`pairs`].
#[derive(Clone, Debug)]
pub struct Pairs<'q> {
    rest: &'q str,
}

impl<'q> Iterator for Pairs<'q> {
    type Item = (Cow<'q, str>, Cow<'q, str>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        while !self.rest.is_empty() {
            let (pair, rest) = self.rest.split_once('&').unwrap_or((self.rest, ""));
            self.rest = rest;
            if !pair.is_empty() {
                let (name, value) = split(pair);
                return Some((decode(name), decode(value)));
            }
        }
        None
    }
}

#[inline]
fn raw(query: &str) -> impl Iterator<Item = &str> {
    query.split('&').filter(|pair| !pair.is_empty())
}

#[inline]
fn split(pair: &str) -> (&str, &str) {
    pair.split_once('=').unwrap_or((pair, ""))
}

#[inline]
fn decode(text: &str) -> Cow<'_, str> {
    if !text.contains('+') {
        return percent::decode_lossy(text);
    }
    let spaced: Vec<u8> = text
        .bytes()
        .map(|b| if b == b'+' { b' ' } else { b })
        .collect();
    Cow::Owned(percent::lossy(&spaced))
}

/// A query to change. What is not changed keeps its spelling, so that a request
/// that needs no change is the same for the cache and for signatures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query<'q> {
    pairs: Vec<Cow<'q, str>>, // as they are spelled
}

impl<'q> Query<'q> {
    /// Makes an empty query.
    #[inline]
    pub fn new() -> Self {
        Query { pairs: Vec::new() }
    }

    /// Takes a query apart. Empty pairs (`a=1&&b=2`) are left out.
    #[inline]
    pub fn parse(query: &'q str) -> Self {
        Query {
            pairs: raw(query).map(Cow::Borrowed).collect(),
        }
    }

    /// Returns the first value of a name, decoded.
    #[inline]
    pub fn get(&self, name: &str) -> Option<Cow<'_, str>> {
        self.pairs
            .iter()
            .map(|pair| split(pair))
            .find_map(|(n, value)| {
                if decode(n) == name {
                    Some(decode(value))
                } else {
                    None
                }
            })
    }

    /// Adds a value beside those that are there.
    #[inline]
    pub fn add(&mut self, name: &str, value: &str) {
        self.pairs.push(Cow::Owned(coded(name, value)));
    }

    /// Replaces the first value of a name and removes the others; adds it if
    /// there was none.
    #[inline]
    pub fn set(&mut self, name: &str, value: &str) {
        let mut new = Some(coded(name, value));
        self.pairs.retain_mut(|pair| {
            if decode(split(pair).0) != name {
                return true;
            }
            match new.take() {
                Some(new) => {
                    *pair = Cow::Owned(new);
                    true
                }
                None => false,
            }
        });
        self.pairs.extend(new.map(Cow::Owned));
    }

    /// Removes all values of a name; none is fine.
    #[inline]
    pub fn remove(&mut self, name: &str) {
        self.pairs.retain(|pair| decode(split(pair).0) != name);
    }

    /// Removes everything but these names.
    #[inline]
    pub fn keep(&mut self, names: &[&str]) {
        self.pairs
            .retain(|pair| names.contains(&&*decode(split(pair).0)));
    }

    /// Sorts by name. Values of one name keep their order.
    #[inline]
    pub fn sort(&mut self) {
        self.pairs
            .sort_by(|a, b| decode(split(a).0).cmp(&decode(split(b).0)));
    }

    /// Returns the query, without `?`: fit for `set_querystring`.
    #[inline]
    pub fn into_string(self) -> String {
        self.pairs.join("&")
    }
}

#[inline]
fn coded(name: &str, value: &str) -> String {
    let mut out = percent::encode(name);
    out.push('=');
    percent::push(&mut out, value, b"");
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::Dice;
    use std::string::ToString;

    const PARTS: &[&str] = &[
        "a", "b", "=", "&", "+", "%", "%26", "%3D", "%FF", "ü", "a=1", "&a", "\0", "==", "&&",
        "%2B", "?",
    ];

    fn all(query: &str) -> Vec<(String, String)> {
        pairs(query)
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect()
    }

    #[test]
    fn a_query_is_read_as_browsers_read_it() {
        let cases: &[(&str, &[(&str, &str)])] = &[
            ("", &[]),
            ("&&", &[]),
            ("a", &[("a", "")]),
            ("=", &[("", "")]),
            ("=a", &[("", "a")]),
            ("a=b=c", &[("a", "b=c")]),
            ("a+b=c+d", &[("a b", "c d")]),
            ("a%2Bb=%26%3d", &[("a+b", "&=")]),
            (
                "a=%&b=%z1&c=%FF",
                &[("a", "%"), ("b", "%z1"), ("c", "\u{fffd}")],
            ),
            ("a=1&A=2&a=3", &[("a", "1"), ("A", "2"), ("a", "3")]),
            ("?a=1;b=2", &[("?a", "1;b=2")]),
        ];
        for (query, want) in cases {
            let want: Vec<_> = want
                .iter()
                .map(|(n, v)| (n.to_string(), v.to_string()))
                .collect();
            assert_eq!(all(query), want, "{query}");
        }
    }

    #[test]
    fn every_way_to_read_finds_the_same() {
        let mut dice = Dice::new(3);
        for _ in 0..3000 {
            let query = dice.text(PARTS, 12);
            let have = all(&query);
            for name in ["a", "b", "", "ü", "&", "a b", "?"] {
                let want = have
                    .iter()
                    .find(|(n, _)| n == name)
                    .map(|(_, v)| v.as_str());
                assert_eq!(get(&query, name).as_deref(), want, "{query}");
                assert_eq!(Query::parse(&query).get(name).as_deref(), want, "{query}");
            }
            let same = Query::parse(&query).into_string();
            assert_eq!(all(&same), have, "{query}");
        }
    }

    #[test]
    fn changes_are_those_that_were_asked_for() {
        let mut dice = Dice::new(4);
        for _ in 0..3000 {
            let query = dice.text(PARTS, 12);
            let (name, value) = (dice.text(PARTS, 2), dice.text(PARTS, 3));
            let others = |pairs: Vec<(String, String)>| -> Vec<_> {
                pairs.into_iter().filter(|(n, _)| *n != name).collect()
            };
            let mut q = Query::parse(&query);
            q.set(&name, &value);
            let set = q.clone().into_string();
            assert_eq!(
                get(&set, &name).as_deref(),
                Some(value.as_str()),
                "{query} -> {set}"
            );
            assert_eq!(all(&set).len(), others(all(&set)).len() + 1);
            assert_eq!(others(all(&set)), others(all(&query)));
            q.add(&name, "again");
            assert_eq!(
                all(&q.clone().into_string()).last(),
                Some(&(name.clone(), "again".into()))
            );
            q.remove(&name);
            assert_eq!(all(&q.clone().into_string()), others(all(&query)));

            let mut kept = Query::parse(&query);
            kept.keep(&["a", &name]);
            kept.sort();
            let mut want: Vec<_> = all(&query)
                .into_iter()
                .filter(|(n, _)| n == "a" || *n == name)
                .collect();
            want.sort_by(|a, b| a.0.cmp(&b.0));
            assert_eq!(all(&kept.into_string()), want, "{query}");
        }
    }

    #[test]
    fn what_is_not_changed_keeps_its_spelling() {
        let query = "a=%7e&b=x+y&&c=%ZZ&d";
        let mut q = Query::parse(query);
        q.remove("none");
        assert_eq!(q.clone().into_string(), "a=%7e&b=x+y&c=%ZZ&d");
        q.set("b", "x+y");
        assert_eq!(q.into_string(), "a=%7e&b=x%2By&c=%ZZ&d");
        assert_eq!(Query::new().into_string(), "");
    }
}
