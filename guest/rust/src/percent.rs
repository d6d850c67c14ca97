//! Percent-coding, as in paths and queries (RFC 3986, 2.1).
//!
//! ```
//! use edgedeploy_guest::percent;
//!
//! assert_eq!(percent::encode("a/b c&d=ü"), "a%2Fb%20c%26d%3D%C3%BC");
//! assert_eq!(percent::encode_path("/docs/a b.html"), "/docs/a%20b.html");
//! assert_eq!(percent::decode("a%20b").unwrap(), "a b");
//! assert!(percent::decode("100%").is_err());
//! ```

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// Encodes everything but letters, digits, `-`, `.`, `_` and `~`: for one value
/// of a query or one segment of a path. (JavaScript's `encodeURIComponent`
/// leaves `!'()*` too.)
#[inline]
pub fn encode(text: &str) -> String {
    encode_but(text, b"")
}

/// Encodes a path: as [`encode`], but slashes stay.
#[inline]
pub fn encode_path(path: &str) -> String {
    encode_but(path, b"/")
}

#[inline]
fn encode_but(text: &str, stays: &[u8]) -> String {
    let mut out = String::with_capacity(text.len());
    push(&mut out, text, stays);
    out
}

/// Appends `text`, encoded but for what always stays and for `stays`, which is ASCII.
#[inline]
pub(crate) fn push(out: &mut String, text: &str, stays: &[u8]) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        let plain =
            matches!(byte, b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~');
        if plain || (byte.is_ascii() && stays.contains(&byte)) {
            out.push(byte.into());
        } else {
            out.push('%');
            out.push(HEX[usize::from(byte >> 4)].into());
            out.push(HEX[usize::from(byte & 15)].into());
        }
    }
}

/// Text that is not percent-coded UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// Where the first byte is that cannot be: of the text if a `%` lacks its
    /// two digits, otherwise of the decoded bytes.
    pub at: usize,
}

impl fmt::Display for Malformed {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no percent-coded UTF-8 at byte {}", self.at)
    }
}

#[cfg(any(feature = "std", test))]
impl std::error::Error for Malformed {}

/// Decodes strictly: a `%` without two digits and bytes that are not UTF-8 are
/// errors. It decodes once; `%2520` becomes `%20`. A `+` stays.
///
/// What was decoded may contain anything, slashes, line breaks and NUL included.
#[inline]
pub fn decode(text: &str) -> Result<Cow<'_, str>, Malformed> {
    if !text.contains('%') {
        return Ok(Cow::Borrowed(text));
    }
    match String::from_utf8(decode_bytes(text)?) {
        Ok(text) => Ok(Cow::Owned(text)),
        Err(err) => Err(Malformed {
            at: err.utf8_error().valid_up_to(),
        }),
    }
}

/// Decodes to bytes, which need not be UTF-8.
#[inline]
pub fn decode_bytes(text: &str) -> Result<Vec<u8>, Malformed> {
    let mut out = Vec::with_capacity(text.len());
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        if byte != b'%' {
            out.push(byte);
            at += 1;
            continue;
        }
        out.push(pair(bytes, at + 1).ok_or(Malformed { at })?);
        at += 3;
    }
    Ok(out)
}

/// Decodes what can be decoded: a `%` without two digits stays, and bytes that
/// are not UTF-8 become U+FFFD. Browsers and `URLSearchParams` do the same.
#[inline]
pub fn decode_lossy(text: &str) -> Cow<'_, str> {
    if text.contains('%') {
        Cow::Owned(lossy(text.as_bytes()))
    } else {
        Cow::Borrowed(text)
    }
}

#[inline]
pub(crate) fn lossy(bytes: &[u8]) -> String {
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match pair(bytes, at + 1) {
            Some(decoded) if byte == b'%' => {
                out.push(decoded);
                at += 3;
            }
            _ => {
                out.push(byte);
                at += 1;
            }
        }
    }
    match String::from_utf8(out) {
        Ok(text) => text,
        Err(err) => String::from_utf8_lossy(err.as_bytes()).into_owned(),
    }
}

/// The byte that two hexadecimal digits give.
#[inline]
fn pair(bytes: &[u8], at: usize) -> Option<u8> {
    Some(digit(*bytes.get(at)?)? << 4 | digit(*bytes.get(at + 1)?)?)
}

#[inline]
pub(crate) fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::Dice;

    const PARTS: &[&str] = &[
        "%", "%2", "%2f", "%FF", "%c3%bc", "ü", "a", "+", "&", "=", "/", " ", "\0", "\r\n", "%%",
        "𝄞",
    ];

    #[test]
    fn what_is_encoded_decodes_to_the_same_and_is_plain() {
        let mut dice = Dice::new(1);
        for _ in 0..2000 {
            let text = dice.text(PARTS, 12);
            for (coded, stays) in [(encode(&text), ""), (encode_path(&text), "/")] {
                assert_eq!(decode(&coded).unwrap(), text);
                assert_eq!(decode_lossy(&coded), text);
                let plain = |b: u8| {
                    b.is_ascii_alphanumeric()
                        || b"-._~%".contains(&b)
                        || stays.as_bytes().contains(&b)
                };
                assert!(coded.bytes().all(plain), "{coded}");
            }
        }
    }

    #[test]
    fn every_byte_has_its_code() {
        for byte in 0..=255u8 {
            for coded in [std::format!("%{byte:02x}"), std::format!("%{byte:02X}")] {
                assert_eq!(decode_bytes(&coded).unwrap(), [byte]);
                assert_eq!(decode(&coded).is_ok(), byte < 128, "{coded}");
            }
        }
    }

    #[test]
    fn what_is_malformed_is_refused_where_it_is() {
        for (text, at) in [
            ("%", 0),
            ("a%", 1),
            ("ab%2", 2),
            ("%2g", 0),
            ("%%20", 0),
            ("%20%", 3),
            ("%+1", 0),
            ("% 1", 0),
            ("%ü", 0),
            ("a%FF", 1),
            ("%C3", 0),
            ("%C0%AF", 0),
            ("%ED%A0%80", 0),
        ] {
            assert_eq!(decode(text), Err(Malformed { at }), "{text}");
        }
    }

    #[test]
    fn what_is_malformed_can_be_read_as_browsers_do() {
        for (text, want) in [
            ("100%", "100%"),
            ("%2", "%2"),
            ("%zz%20", "%zz "),
            ("%%20", "% "),
            ("%FF", "\u{fffd}"),
            ("a%C3b", "a\u{fffd}b"),
            ("%25%32%30", "%20"),
            ("%ü", "%ü"),
        ] {
            assert_eq!(decode_lossy(text), want, "{text}");
        }
    }

    #[test]
    fn both_ways_agree_where_there_is_nothing_wrong() {
        let mut dice = Dice::new(2);
        for _ in 0..2000 {
            let text = dice.text(PARTS, 8);
            if let Ok(strict) = decode(&text) {
                assert_eq!(strict, decode_lossy(&text), "{text}");
            }
        }
    }
}
