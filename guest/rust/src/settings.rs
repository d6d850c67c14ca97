//! `config:` of edgedeploy.yaml, with types.
//!
//! ```no_run
//! use edgedeploy_guest::settings::{self, Error, Setting, Value};
//!
//! struct Redirect {
//!     from: String,
//!     to: String,
//!     status: u16,
//! }
//!
//! impl Setting for Redirect {
//!     fn read(value: Value<'_>) -> Result<Self, Error> {
//!         let map = value.map(&["from", "to", "status"])?;
//!         Ok(Redirect {
//!             from: map.get("from")?,
//!             to: map.get("to")?,
//!             status: map.get_or("status", 301)?,
//!         })
//!     }
//! }
//!
//! struct Site {
//!     name: String,
//!     share: u8,
//!     redirects: Vec<Redirect>,
//! }
//!
//! fn from_config() -> Result<Site, Error> {
//!     Ok(Site {
//!         name: settings::get("name")?,
//!         share: settings::get_or("share", 0)?,
//!         redirects: settings::get_or("redirects", vec![])?,
//!     })
//! }
//! ```
//!
//! Call it in `init`: an error keeps the module from starting, and the log says
//! what is wrong and where:
//!
//! ```text
//! init: config: redirects[2].status: want a whole number of 0 to 65535, is a text
//! ```
//!
//! Errors name places, numbers and kinds of values. What a text says they leave
//! out, because it may be a secret.
//!
//! Directly under `config:` a text that reads as a number (`"20"`) is one too,
//! because values of `${env:…}` are texts.

use crate::json::{self, Json};
use crate::{config, decimal};
use alloc::borrow::Cow;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// Returns the value of a key of `config:`. A key that is not there is an error,
/// unless an `Option` is asked for.
#[inline]
pub fn get<T: Setting>(key: &str) -> Result<T, Error> {
    of(key, config(key).as_deref())
}

/// The same with a value for a key that is not there.
#[inline]
pub fn get_or<T: Setting>(key: &str, default: T) -> Result<T, Error> {
    Ok(get::<Option<T>>(key)?.unwrap_or(default))
}

#[inline]
fn of<T: Setting>(key: &str, text: Option<&str>) -> Result<T, Error> {
    let place = Place {
        above: None,
        step: Step::Key(key),
    };
    let node = text.map_or(Node::Absent, Node::Top);
    T::read(Value {
        node,
        place: &place,
    })
}

/// Reads a document as if it were the value of a key: for tests of what
/// implements [`Setting`], because natively there is no `config:`.
///
/// ```
/// use edgedeploy_guest::settings;
///
/// let err = settings::parse::<Vec<u8>>("ports", "[80, 443]").unwrap_err();
/// assert_eq!(err.to_string(), "config: ports[1]: want a whole number of 0 to 255, is 443");
/// ```
#[inline]
pub fn parse<T: Setting>(key: &str, document: &str) -> Result<T, Error> {
    of(key, Some(document))
}

/// Refuses the value of a key for a reason of your own.
///
/// ```
/// use edgedeploy_guest::settings;
///
/// let err = settings::invalid("share", "want a percentage, 0 to 100");
/// assert_eq!(err.to_string(), "config: share: want a percentage, 0 to 100");
/// ```
#[cold]
#[inline]
pub fn invalid(key: &str, why: &str) -> Error {
    Place {
        above: None,
        step: Step::Key(key),
    }
    .error(&[why])
}

/// What is wrong with `config:`, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(String);

impl fmt::Display for Error {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(any(feature = "std", test))]
impl std::error::Error for Error {}

/// Where a value stands. Written down only for an error.
struct Place<'p> {
    above: Option<&'p Place<'p>>,
    step: Step<'p>,
}

#[derive(Clone, Copy)]
enum Step<'p> {
    Key(&'p str),
    Index(usize),
}

impl Place<'_> {
    #[cold]
    #[inline]
    fn error(&self, why: &[&str]) -> Error {
        let mut line = String::from("config: ");
        self.write(&mut line);
        line.push_str(": ");
        why.iter().for_each(|part| line.push_str(part));
        Error(line)
    }

    #[cold]
    #[inline]
    fn write(&self, line: &mut String) {
        if let Some(above) = self.above {
            above.write(line);
        }
        match self.step {
            Step::Key(key) => {
                line.push_str(if self.above.is_some() { "." } else { "" });
                line.push_str(key);
            }
            Step::Index(i) => {
                line.push('[');
                decimal::push(line, i as u32);
                line.push(']');
            }
        }
    }
}

/// A value of `config:`, at its place.
#[derive(Clone, Copy)]
pub struct Value<'v> {
    node: Node<'v>,
    place: &'v Place<'v>,
}

#[derive(Clone, Copy)]
enum Node<'v> {
    /// There is no such key.
    Absent,
    /// As the host delivers it: texts as they are, everything else as JSON.
    Top(&'v str),
    Inner(&'v Json<'v>),
}

impl<'v> Value<'v> {
    /// Refuses the value: `why` says what is wanted.
    #[cold]
    #[inline]
    pub fn error(self, why: &str) -> Error {
        self.place.error(&[why])
    }

    /// Refuses a value that is something else. (It parses nothing, so that a
    /// module that asks for texts alone has no parser.)
    #[cold]
    #[inline]
    fn want(self, what: &str, is: &str) -> Error {
        self.place.error(&["want ", what, ", is ", is])
    }

    #[cold]
    #[inline]
    fn missing(self) -> Error {
        self.place.error(&["is missing"])
    }

    /// Reads the value as JSON; where there is nothing to read it is not `what`
    /// is wanted.
    #[inline]
    fn json<R>(self, what: &str, read: impl FnOnce(&Json<'_>) -> Option<R>) -> Result<R, Error> {
        let parsed;
        let value = match self.node {
            Node::Absent => return Err(self.missing()),
            Node::Inner(value) => value,
            Node::Top(text) => {
                parsed = json::parse(text).map_err(|_| self.want(what, "a text"))?;
                &parsed
            }
        };
        read(value).ok_or_else(|| self.want(what, kind(value)))
    }

    /// Reads a value inside of this one.
    #[inline]
    fn below<T: Setting>(self, step: Step<'_>, value: &Json<'_>) -> Result<T, Error> {
        let place = Place {
            above: Some(self.place),
            step,
        };
        T::read(Value {
            node: Node::Inner(value),
            place: &place,
        })
    }

    /// Returns the value as a map which has no other keys than these: a key that
    /// is misspelled is an error and not a default.
    #[inline]
    pub fn map(self, keys: &[&str]) -> Result<Map<'v>, Error> {
        const WHAT: &str = "a map";
        let owned = match self.node {
            Node::Absent => return Err(self.missing()),
            Node::Inner(_) => None,
            Node::Top(text) => Some(json::parse(text).map_err(|_| self.want(WHAT, "a text"))?),
        };
        let map = Map { value: self, owned };
        let all = match map.json() {
            Some(Json::Map(all)) => all,
            Some(other) => return Err(self.want(WHAT, kind(other))),
            None => return Err(self.missing()),
        };
        match all.iter().find(|(key, _)| !keys.contains(&&**key)) {
            Some((key, _)) => {
                Err(self
                    .place
                    .error(&["there is no key ", key, "; want ", &keys.join(", ")]))
            }
            None => Ok(map),
        }
    }
}

/// The number, or what kind of value it is.
#[inline]
fn kind<'v>(value: &Json<'v>) -> &'v str {
    match value {
        Json::Number(digits) => digits,
        other => other.kind(),
    }
}

/// A map of `config:`: see [`Value::map`].
pub struct Map<'v> {
    value: Value<'v>,
    owned: Option<Json<'v>>,
}

impl Map<'_> {
    #[inline]
    fn json(&self) -> Option<&Json<'_>> {
        match (&self.owned, self.value.node) {
            (Some(owned), _) => Some(owned),
            (None, Node::Inner(value)) => Some(value),
            _ => None,
        }
    }

    /// Returns the value of a key: see [`get`].
    #[inline]
    pub fn get<T: Setting>(&self, key: &str) -> Result<T, Error> {
        match self.json().and_then(|map| map.get(key)) {
            Some(value) => self.value.below(Step::Key(key), value),
            None => {
                let place = Place {
                    above: Some(self.value.place),
                    step: Step::Key(key),
                };
                T::read(Value {
                    node: Node::Absent,
                    place: &place,
                })
            }
        }
    }

    /// The same with a value for a key that is not there.
    #[inline]
    pub fn get_or<T: Setting>(&self, key: &str, default: T) -> Result<T, Error> {
        Ok(self.get::<Option<T>>(key)?.unwrap_or(default))
    }

    /// Refuses the map for a reason of your own.
    #[cold]
    #[inline]
    pub fn error(&self, why: &str) -> Error {
        self.value.error(why)
    }
}

/// A type that `config:` can have values of: texts, whole numbers, `f64`, `bool`,
/// lists (`Vec`), maps with any keys (`BTreeMap<String, _>`), `Option`, and your
/// own.
pub trait Setting: Sized {
    /// Reads a value. A key that is not there is a value too, which [`Value::map`]
    /// and the types of this crate but `Option` refuse.
    fn read(value: Value<'_>) -> Result<Self, Error>;
}

/// Directly under `config:` any value is a text: the host does not tell them
/// apart.
impl Setting for String {
    #[inline]
    fn read(value: Value<'_>) -> Result<Self, Error> {
        match value.node {
            Node::Top(text) => Ok(text.into()),
            Node::Inner(Json::Text(text)) => Ok(text.clone().into_owned()),
            Node::Inner(other) => Err(value.want("a text", kind(other))),
            Node::Absent => Err(value.missing()),
        }
    }
}

impl Setting for bool {
    #[inline]
    fn read(value: Value<'_>) -> Result<Self, Error> {
        value.json("true or false", |json| json.bool())
    }
}

impl Setting for f64 {
    #[inline]
    fn read(value: Value<'_>) -> Result<Self, Error> {
        value.json("a number", |json| json.number().filter(|n| n.is_finite()))
    }
}

macro_rules! whole {
    ($($name:ident: $words:literal;)*) => {$(
        impl Setting for $name {
            #[inline]
            fn read(value: Value<'_>) -> Result<Self, Error> {
                value.json(concat!("a whole number of ", $words), |json| match json {
                    Json::Number(digits) => digits.parse().ok(),
                    _ => None,
                })
            }
        }
    )*};
}

whole! {
    u8: "0 to 255";
    u16: "0 to 65535";
    u32: "0 to 4294967295";
    u64: "0 to 18446744073709551615";
    i32: "-2147483648 to 2147483647";
    i64: "-9223372036854775808 to 9223372036854775807";
}

impl<T: Setting> Setting for Option<T> {
    #[inline]
    fn read(value: Value<'_>) -> Result<Self, Error> {
        match value.node {
            Node::Absent | Node::Inner(Json::Null) | Node::Top("null") => Ok(None),
            _ => T::read(value).map(Some),
        }
    }
}

impl<T: Setting> Setting for Vec<T> {
    #[inline]
    fn read(value: Value<'_>) -> Result<Self, Error> {
        let read = |json: &Json<'_>| match json {
            Json::List(all) => Some(
                all.iter()
                    .enumerate()
                    .map(|(i, one)| value.below(Step::Index(i), one))
                    .collect(),
            ),
            _ => None,
        };
        value.json("a list", read)?
    }
}

impl<T: Setting> Setting for BTreeMap<String, T> {
    #[inline]
    fn read(value: Value<'_>) -> Result<Self, Error> {
        let read = |json: &Json<'_>| match json {
            Json::Map(all) => {
                let pair = |(key, one): &(Cow<'_, str>, Json<'_>)| {
                    Ok((key.clone().into_owned(), value.below(Step::Key(key), one)?))
                };
                Some(all.iter().map(pair).collect())
            }
            _ => None,
        };
        value.json("a map", read)?
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake;
    use std::string::ToString;
    use std::{format, vec};

    #[derive(Debug, PartialEq)]
    struct Rule {
        from: String,
        status: u16,
        only: Option<Vec<String>>,
    }

    impl Setting for Rule {
        fn read(value: Value<'_>) -> Result<Self, Error> {
            let map = value.map(&["from", "status", "only"])?;
            let status = map.get_or("status", 301)?;
            if !(300..400).contains(&status) {
                return Err(map.error("a redirect has a status of 3xx"));
            }
            Ok(Rule {
                from: map.get("from")?,
                status,
                only: map.get("only")?,
            })
        }
    }

    #[test]
    fn values_of_every_type_come_from_the_host() {
        let session = fake::Session::new();
        for (key, value) in [
            ("text", "grüße"),
            ("digits", "20"),
            ("flag", "true"),
            ("half", "0.5"),
            ("list", "[[1], [], [2, 3]]"),
            ("nothing", "null"),
            ("map", r#"{"DE": "eu", "US": "us"}"#),
            (
                "rules",
                r#"[{"from": "/a", "only": ["GET"]}, {"from": "/b", "status": 302, "only": null}]"#,
            ),
        ] {
            session.config(key, value);
        }
        assert_eq!(get::<String>("text").unwrap(), "grüße");
        assert_eq!(
            (
                get::<u8>("digits").unwrap(),
                get::<String>("digits").unwrap()
            ),
            (20, "20".into())
        );
        assert!(get::<bool>("flag").unwrap());
        assert_eq!(
            (get::<f64>("half").unwrap(), get::<f64>("digits").unwrap()),
            (0.5, 20.0)
        );
        assert_eq!(
            get::<Vec<Vec<i64>>>("list").unwrap(),
            [vec![1], vec![], vec![2, 3]]
        );
        assert_eq!(
            (
                get::<Option<u8>>("nothing").unwrap(),
                get::<Option<u8>>("none").unwrap()
            ),
            (None, None)
        );
        assert_eq!(
            (get_or("none", 7u8).unwrap(), get_or("digits", 7u8).unwrap()),
            (7, 20)
        );
        let map: BTreeMap<String, String> = get("map").unwrap();
        assert_eq!(format!("{map:?}"), r#"{"DE": "eu", "US": "us"}"#);
        assert_eq!(
            get::<Vec<Rule>>("rules").unwrap(),
            [
                Rule {
                    from: "/a".into(),
                    status: 301,
                    only: Some(vec!["GET".into()])
                },
                Rule {
                    from: "/b".into(),
                    status: 302,
                    only: None
                }
            ]
        );
        assert_eq!(
            get::<String>("none").unwrap_err().to_string(),
            "config: none: is missing"
        );
        assert_eq!(
            get::<Rule>("none").unwrap_err().to_string(),
            "config: none: is missing"
        );
        assert_eq!(
            get_or("text", 1u8).unwrap_err().to_string(),
            "config: text: want a whole number of 0 to 255, is a text"
        );
    }

    fn says<T: Setting>(document: &str) -> String {
        match parse::<T>("k", document) {
            Ok(_) => "fine".into(),
            Err(err) => err.to_string(),
        }
    }

    #[test]
    fn errors_say_where_and_what_and_never_a_text() {
        type Nested = BTreeMap<String, Vec<BTreeMap<String, u8>>>;
        for (got, want) in [
            (says::<u8>("256"), "config: k: want a whole number of 0 to 255, is 256"),
            (says::<u8>("-1"), "config: k: want a whole number of 0 to 255, is -1"),
            (says::<u16>("1.5"), "config: k: want a whole number of 0 to 65535, is 1.5"),
            (says::<u32>("1e3"), "config: k: want a whole number of 0 to 4294967295, is 1e3"),
            (says::<u32>(""), "config: k: want a whole number of 0 to 4294967295, is a text"),
            (says::<u32>("s3cret"), "config: k: want a whole number of 0 to 4294967295, is a text"),
            (says::<u64>("+5"), "config: k: want a whole number of 0 to 18446744073709551615, is a text"),
            (says::<i32>("2147483648"), "config: k: want a whole number of -2147483648 to 2147483647, is 2147483648"),
            (says::<i64>("null"), "config: k: want a whole number of -9223372036854775808 to 9223372036854775807, is null"),
            (says::<f64>("1e999"), "config: k: want a number, is 1e999"),
            (says::<f64>("NaN"), "config: k: want a number, is a text"),
            (says::<bool>("yes"), "config: k: want true or false, is a text"),
            (says::<bool>("1"), "config: k: want true or false, is 1"),
            (says::<Vec<u8>>("{}"), "config: k: want a list, is a map"),
            (says::<Vec<u8>>("a b"), "config: k: want a list, is a text"),
            (says::<Vec<String>>(r#"["a", 5]"#), "config: k[1]: want a text, is 5"),
            (says::<Vec<u8>>(r#"[1, "s3cret"]"#), "config: k[1]: want a whole number of 0 to 255, is a text"),
            (says::<Vec<Option<Vec<bool>>>>("[null, [true, null]]"), "config: k[1][1]: want true or false, is null"),
            (says::<Nested>(r#"{"a": [{}, {"b": 1, "c": []}]}"#), "config: k.a[1].c: want a whole number of 0 to 255, is a list"),
            (says::<Rule>("{}"), "config: k.from: is missing"),
            (says::<Rule>("[]"), "config: k: want a map, is a list"),
            (says::<Rule>("s3cret"), "config: k: want a map, is a text"),
            (says::<Rule>(r#"{"from": "a", "stat": 1}"#), "config: k: there is no key stat; want from, status, only"),
            (says::<Rule>(r#"{"from": "a", "status": 200}"#), "config: k: a redirect has a status of 3xx"),
            (says::<Rule>(r#"{"from": true}"#), "config: k.from: want a text, is true or false"),
            (says::<Vec<Rule>>(r#"[{"from": "a"}, {"from": "a", "only": [{}]}]"#), "config: k[1].only[0]: want a text, is a map"),
            (says::<Vec<u8>>(&"[".repeat(100_000)), "config: k: want a list, is a text"),
        ] {
            assert_eq!(got, want);
        }
    }

    #[test]
    fn whole_numbers_end_where_their_type_does() {
        for n in -300..=70_000i64 {
            let digits = n.to_string();
            assert_eq!(parse::<u8>("k", &digits).ok(), u8::try_from(n).ok());
            assert_eq!(parse::<u16>("k", &digits).ok(), u16::try_from(n).ok());
            assert_eq!(parse::<i64>("k", &digits).ok(), Some(n));
        }
        assert_eq!(
            parse::<u64>("k", &u64::MAX.to_string()).ok(),
            Some(u64::MAX)
        );
        assert_eq!(
            parse::<i64>("k", &i64::MIN.to_string()).ok(),
            Some(i64::MIN)
        );
    }
}
