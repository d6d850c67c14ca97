//! JSON, to read: tokens, small bodies, and `config:` (see
//! [`settings`](crate::settings)).
//!
//! ```
//! use edgedeploy_guest::json::{self, Json};
//!
//! let claims = json::parse(r#"{"sub": "ann", "exp": 1700000000, "roles": ["a"]}"#).unwrap();
//! assert_eq!(claims.get("sub").and_then(Json::text), Some("ann"));
//! assert_eq!(claims.get("exp").and_then(Json::whole), Some(1_700_000_000));
//! assert_eq!(claims.get("roles").map(|roles| roles.list().len()), Some(1));
//! ```
//!
//! To write some, put strings together; [`quote`] makes one of any text. For
//! large documents and your own types there is `serde_json`, which works here too.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub enum Json<'t> {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A number, as it is spelled: JSON does not say how large one may be.
    Number(&'t str),
    /// A string, decoded.
    Text(Cow<'t, str>),
    /// `[…]`
    List(Vec<Json<'t>>),
    /// `{…}`, in order.
    Map(Vec<(Cow<'t, str>, Json<'t>)>),
}

impl<'t> Json<'t> {
    /// Returns the value of a key, if this is a map; of several the last, as in
    /// JavaScript.
    #[inline]
    pub fn get(&self, key: &str) -> Option<&Json<'t>> {
        match self {
            Json::Map(all) => all
                .iter()
                .rev()
                .find(|(k, _)| k == key)
                .map(|(_, value)| value),
            _ => None,
        }
    }

    /// Returns the values of a list, none if this is something else.
    #[inline]
    pub fn list(&self) -> &[Json<'t>] {
        match self {
            Json::List(all) => all,
            _ => &[],
        }
    }

    /// Returns the text, if this is one.
    #[inline]
    pub fn text(&self) -> Option<&str> {
        match self {
            Json::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the number, if this is a whole one that fits and is spelled with
    /// digits alone.
    #[inline]
    pub fn whole(&self) -> Option<i64> {
        match self {
            Json::Number(digits) => digits.parse().ok(),
            _ => None,
        }
    }

    /// Returns the number, if this is one.
    #[inline]
    pub fn number(&self) -> Option<f64> {
        match self {
            Json::Number(digits) => digits.parse().ok(),
            _ => None,
        }
    }

    /// Returns whether it is true, if this is `true` or `false`.
    #[inline]
    pub fn bool(&self) -> Option<bool> {
        match self {
            Json::Bool(is) => Some(*is),
            _ => None,
        }
    }

    /// Returns what kind of value this is, in words.
    #[inline]
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Json::Null => "null",
            Json::Bool(_) => "true or false",
            Json::Number(_) => "a number",
            Json::Text(_) => "a text",
            Json::List(_) => "a list",
            Json::Map(_) => "a map",
        }
    }
}

/// Why a text is no JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// Where, in bytes.
    pub at: usize,
    why: &'static str,
}

impl fmt::Display for Malformed {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no JSON at byte {}: {}", self.at, self.why)
    }
}

#[cfg(any(feature = "std", test))]
impl std::error::Error for Malformed {}

/// How many lists and maps may lie in each other. Each takes some of the stack,
/// and a visitor may send any number.
const DEEPEST: usize = 64;

/// Reads a document (RFC 8259), strictly: one value, with white space around it.
#[inline]
pub fn parse(text: &str) -> Result<Json<'_>, Malformed> {
    let mut p = Parser {
        text,
        at: 0,
        depth: 0,
    };
    p.space();
    let value = p.value()?;
    p.space();
    if p.at < text.len() {
        return p.refuse("something follows the value");
    }
    Ok(value)
}

struct Parser<'t> {
    text: &'t str,
    at: usize, // always at a character
    depth: usize,
}

impl<'t> Parser<'t> {
    #[inline]
    fn refuse<T>(&self, why: &'static str) -> Result<T, Malformed> {
        Err(Malformed { at: self.at, why })
    }

    #[inline]
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    #[inline]
    fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    #[inline]
    fn takes(&mut self, byte: u8) -> bool {
        let is = self.peek() == Some(byte);
        self.at += usize::from(is);
        is
    }

    #[inline]
    fn word(&mut self, word: &str, value: Json<'t>) -> Result<Json<'t>, Malformed> {
        if self.text[self.at..].starts_with(word) {
            self.at += word.len();
            return Ok(value);
        }
        self.refuse("no value")
    }

    #[inline]
    fn value(&mut self) -> Result<Json<'t>, Malformed> {
        match self.peek() {
            Some(b'{') => self.nested(Self::map),
            Some(b'[') => self.nested(Self::list),
            Some(b'"') => Ok(Json::Text(self.string()?)),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Json::Bool(true)),
            Some(b'f') => self.word("false", Json::Bool(false)),
            _ => self.word("null", Json::Null),
        }
    }

    #[inline]
    fn nested(
        &mut self,
        read: fn(&mut Self) -> Result<Json<'t>, Malformed>,
    ) -> Result<Json<'t>, Malformed> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return self.refuse("too deep");
        }
        self.at += 1;
        self.space();
        let value = read(self)?;
        self.depth -= 1;
        Ok(value)
    }

    /// Reads on behind a value in a list or map: true if another one comes.
    #[inline]
    fn goes_on(&mut self, end: u8) -> Result<bool, Malformed> {
        self.space();
        if self.takes(end) {
            return Ok(false);
        }
        if !self.takes(b',') {
            return self.refuse("a comma or the end is missing");
        }
        self.space();
        Ok(true)
    }

    #[inline]
    fn list(&mut self) -> Result<Json<'t>, Malformed> {
        let mut all = Vec::new();
        let mut more = !self.takes(b']');
        while more {
            all.push(self.value()?);
            more = self.goes_on(b']')?;
        }
        Ok(Json::List(all))
    }

    #[inline]
    fn map(&mut self) -> Result<Json<'t>, Malformed> {
        let mut all = Vec::new();
        let mut more = !self.takes(b'}');
        while more {
            let key = self.string()?;
            self.space();
            if !self.takes(b':') {
                return self.refuse("a colon is missing");
            }
            self.space();
            all.push((key, self.value()?));
            more = self.goes_on(b'}')?;
        }
        Ok(Json::Map(all))
    }

    #[inline]
    fn digits(&mut self) -> Result<(), Malformed> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        if self.at == start {
            return self.refuse("a digit is missing");
        }
        Ok(())
    }

    #[inline]
    fn number(&mut self) -> Result<Json<'t>, Malformed> {
        let start = self.at;
        self.takes(b'-');
        if !self.takes(b'0') {
            self.digits()?;
        }
        if self.takes(b'.') {
            self.digits()?;
        }
        if self.takes(b'e') || self.takes(b'E') {
            let _ = self.takes(b'+') || self.takes(b'-');
            self.digits()?;
        }
        Ok(Json::Number(&self.text[start..self.at]))
    }

    #[inline]
    fn string(&mut self) -> Result<Cow<'t, str>, Malformed> {
        if !self.takes(b'"') {
            return self.refuse("a string is missing");
        }
        let mut decoded = String::new();
        let mut start = self.at; // of what is not yet in decoded
        loop {
            match self.peek() {
                Some(b'"') => {
                    let rest = &self.text[start..self.at];
                    self.at += 1;
                    if decoded.is_empty() {
                        return Ok(Cow::Borrowed(rest));
                    }
                    decoded.push_str(rest);
                    return Ok(Cow::Owned(decoded));
                }
                Some(b'\\') => {
                    decoded.push_str(&self.text[start..self.at]);
                    self.at += 1;
                    decoded.push(self.escape()?);
                    start = self.at;
                }
                Some(0..=31) | None => return self.refuse("a string has no end"),
                Some(_) => self.at += 1, // parts of a character are no quotes
            }
        }
    }

    #[inline]
    fn escape(&mut self) -> Result<char, Malformed> {
        let c = match self.peek() {
            Some(b'u') => return self.unicode(),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(c @ (b'"' | b'\\' | b'/')) => c.into(),
            _ => return self.refuse("no such escape"),
        };
        self.at += 1;
        Ok(c)
    }

    /// Reads `uXXXX`, or two of them that are one character. A surrogate alone
    /// becomes U+FFFD.
    #[inline]
    fn unicode(&mut self) -> Result<char, Malformed> {
        let high = self.unit()?;
        let after = self.at;
        if (0xd800..0xdc00).contains(&high) && self.takes(b'\\') && self.peek() == Some(b'u') {
            let low = self.unit()?;
            if (0xdc00..0xe000).contains(&low) {
                let c = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
                return Ok(char::from_u32(c).unwrap_or('\u{fffd}'));
            }
        }
        self.at = after;
        Ok(char::from_u32(high).unwrap_or('\u{fffd}'))
    }

    #[inline]
    fn unit(&mut self) -> Result<u32, Malformed> {
        self.at += 1;
        let mut unit = 0;
        for _ in 0..4 {
            match self.peek().and_then(crate::percent::digit) {
                Some(digit) => unit = unit << 4 | u32::from(digit),
                None => return self.refuse("four digits are missing"),
            }
            self.at += 1;
        }
        Ok(unit)
    }
}

/// Returns a text as a string of JSON, with its quotes. Safe between the tags of
/// a script too: `<` is escaped.
///
/// ```
/// use edgedeploy_guest::json::quote;
///
/// assert_eq!(["{\"error\":", &quote("no \"a\""), "}"].concat(), r#"{"error":"no \"a\""}"#);
/// ```
#[inline]
pub fn quote(text: &str) -> String {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\0'..='\u{1f}' | '<' | '\u{7f}' | '\u{2028}' | '\u{2029}' => {
                out.push_str("\\u");
                for shift in [12, 8, 4, 0] {
                    out.push(HEX[(u32::from(c) >> shift & 15) as usize].into());
                }
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::Dice;
    use std::vec;

    fn text(t: &str) -> Json<'_> {
        Json::Text(t.into())
    }

    #[test]
    fn documents_are_read() {
        for (doc, want) in [
            ("null", Json::Null),
            (" true\n", Json::Bool(true)),
            ("false", Json::Bool(false)),
            ("-0.5e+3", Json::Number("-0.5e+3")),
            ("0", Json::Number("0")),
            ("\"\"", text("")),
            (r#""a\"\\\/\b\f\n\r\t""#, text("a\"\\/\u{8}\u{c}\n\r\t")),
            (r#""\u00fc\uD834\udd1e!""#, text("ü𝄞!")),
            (r#""\ud834""#, text("\u{fffd}")),
            (r#""\ud834\u0061""#, text("\u{fffd}a")),
            (r#""\ud834\n""#, text("\u{fffd}\n")),
            (r#""\udd1e""#, text("\u{fffd}")),
            ("\"grüße\"", text("grüße")),
            ("[]", Json::List(vec![])),
            (
                "[ 1 , [ ] ]",
                Json::List(vec![Json::Number("1"), Json::List(vec![])]),
            ),
            ("{}", Json::Map(vec![])),
            (
                "{\"a\" : {\"b\":1}}",
                Json::Map(vec![(
                    "a".into(),
                    Json::Map(vec![("b".into(), Json::Number("1"))]),
                )]),
            ),
        ] {
            assert_eq!(parse(doc).as_ref(), Ok(&want), "{doc}");
        }
    }

    #[test]
    fn what_is_none_is_refused_where_it_is() {
        for (doc, at) in [
            ("", 0),
            (" ", 1),
            ("nul", 0),
            ("nulll", 4),
            ("1 2", 2),
            ("01", 1),
            ("-", 1),
            ("+1", 0),
            ("1.", 2),
            (".5", 0),
            ("1e", 2),
            ("NaN", 0),
            ("'a'", 0),
            ("\"a", 2),
            ("\"a\nb\"", 2),
            ("\"\\x\"", 2),
            ("\"\\u12g4\"", 5),
            ("\"\\", 2),
            ("\"\\ud834\\u1\"", 10),
            ("[", 1),
            ("[1", 2),
            ("[1,]", 3),
            ("[,1]", 1),
            ("[1 2]", 3),
            ("]", 0),
            ("{", 1),
            ("{a:1}", 1),
            ("{\"a\"}", 4),
            ("{\"a\":}", 5),
            ("{\"a\":1,}", 7),
            ("{\"a\" 1}", 5),
            ("\u{feff}1", 0),
            ("1\0", 1),
            ("/* */1", 0),
            ("ü", 0),
            ("tru\u{fc}", 0),
        ] {
            match parse(doc) {
                Err(err) => assert_eq!(err.at, at, "{doc:?}: {err}"),
                Ok(value) => panic!("{doc:?} is {value:?}"),
            }
        }
    }

    #[test]
    fn a_document_may_be_deep_and_no_deeper() {
        let deep = |n| ["[".repeat(n), "]".repeat(n)].concat();
        assert!(parse(&deep(DEEPEST)).is_ok());
        assert_eq!(
            parse(&deep(DEEPEST + 1)).map_err(|err| err.at),
            Err(DEEPEST)
        );
        assert!(parse(&"{\"a\":".repeat(1_000_000)).is_err());
        let wide = ["[", &"[],".repeat(10_000), "[]]"].concat();
        assert_eq!(parse(&wide).unwrap().list().len(), 10_001);
    }

    #[test]
    fn any_text_can_be_quoted_and_read() {
        let mut dice = Dice::new(15);
        let parts = [
            "\"",
            "\\",
            "\\u0041",
            "\n",
            "\0",
            "ü",
            "𝄞",
            "</script>",
            "\u{2028}",
            "\u{7f}",
            "a",
            "/",
        ];
        for _ in 0..3000 {
            let plain = dice.text(&parts, 8);
            let quoted = quote(&plain);
            assert_eq!(parse(&quoted).unwrap(), text(&plain), "{quoted}");
            assert!(!quoted.contains('<') && !quoted.contains('\n'));
        }
    }

    #[test]
    fn nothing_that_is_read_panics() {
        let mut dice = Dice::new(16);
        let parts = [
            "{", "}", "[", "]", ":", ",", "\"", "\\", "u", "d83", "4", "\"a\"", "ü", "1", "-", "e",
            ".", "true", " ", "null",
        ];
        let mut good = 0;
        for _ in 0..50_000 {
            good += u32::from(parse(&dice.text(&parts, 8)).is_ok());
        }
        assert!(good > 500, "{good}");
    }

    #[test]
    fn values_are_what_they_are_asked_for_or_nothing() {
        let doc = parse(r#"{"a": 1, "n": 1.5, "t": "x", "b": false, "a": 2, "big": 9223372036854775808, "l": [0]}"#).unwrap();
        let of = |key: &str| doc.get(key).unwrap();
        assert_eq!(
            (
                of("a").whole(),
                of("n").whole(),
                of("big").whole(),
                of("t").whole()
            ),
            (Some(2), None, None, None)
        );
        assert_eq!((of("n").number(), of("b").number()), (Some(1.5), None));
        assert_eq!(
            (
                of("t").text(),
                of("a").text(),
                of("b").bool(),
                of("a").bool()
            ),
            (Some("x"), None, Some(false), None)
        );
        assert_eq!((of("l").list().len(), of("t").list().len()), (1, 0));
        assert!(doc.get("z").is_none() && of("l").get("0").is_none());
    }
}
