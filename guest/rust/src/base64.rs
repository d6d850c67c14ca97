//! Base64 and base64url (RFC 4648).
//!
//! ```
//! use edgedeploy_guest::base64;
//!
//! assert_eq!(base64::encode(b"user:pass"), "dXNlcjpwYXNz");
//! assert_eq!(base64::encode_url(&[0xfb, 0xff]), "-_8");
//! assert_eq!(base64::decode("dXNlcjpwYXNz").unwrap(), b"user:pass");
//! assert!(base64::decode("dXNl cjpw").is_none());
//! ```

use alloc::string::String;
use alloc::vec::Vec;

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Encodes with `+`, `/` and padding.
#[inline]
pub fn encode(bytes: &[u8]) -> String {
    let mut out = text(bytes, STANDARD);
    while out.len() % 4 != 0 {
        out.push('=');
    }
    out
}

/// Encodes with `-` and `_`, without padding: as tokens (JWT) do.
#[inline]
pub fn encode_url(bytes: &[u8]) -> String {
    text(bytes, URL)
}

#[inline]
fn text(bytes: &[u8], alphabet: &[u8; 64]) -> String {
    let mut out = String::with_capacity((bytes.len() + 2) / 3 * 4);
    for group in bytes.chunks(3) {
        let byte = |i: usize| u32::from(group.get(i).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for i in 0..=group.len() {
            out.push(alphabet[(bits >> (18 - 6 * i)) as usize & 63].into());
        }
    }
    out
}

/// Decodes what [`encode`] makes; padding may be missing as a whole.
///
/// Every sequence of bytes has one spelling: white space, characters of
/// base64url, padding where none belongs and bits that mean nothing are refused.
#[inline]
pub fn decode(text: &str) -> Option<Vec<u8>> {
    bytes(text, b'+', b'/')
}

/// Decodes what [`encode_url`] makes; padding may be there as a whole.
#[inline]
pub fn decode_url(text: &str) -> Option<Vec<u8>> {
    bytes(text, b'-', b'_')
}

#[inline]
fn bytes(text: &str, c62: u8, c63: u8) -> Option<Vec<u8>> {
    let mut digits = text.as_bytes();
    if digits.len() % 4 == 0 {
        for _ in 0..2 {
            digits = digits.strip_suffix(b"=").unwrap_or(digits);
        }
    }
    let mut out = Vec::with_capacity(digits.len() / 4 * 3 + 2);
    for group in digits.chunks(4) {
        let mut bits = 0u32;
        for &digit in group {
            bits = bits << 6 | u32::from(value(digit, c62, c63)?);
        }
        bits <<= 6 * (4 - group.len());
        let whole = group.len() * 6 / 8;
        if whole == 0 || whole < 3 && bits << (8 + 8 * whole) != 0 {
            return None; // a digit alone, or bits behind the last byte
        }
        out.extend_from_slice(bits.to_be_bytes().get(1..=whole)?);
    }
    Some(out)
}

#[inline]
fn value(digit: u8, c62: u8, c63: u8) -> Option<u8> {
    match digit {
        b'A'..=b'Z' => Some(digit - b'A'),
        b'a'..=b'z' => Some(digit - b'a' + 26),
        b'0'..=b'9' => Some(digit - b'0' + 52),
        _ if digit == c62 => Some(62),
        _ if digit == c63 => Some(63),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::Dice;

    #[test]
    fn the_vectors_of_rfc_4648_hold() {
        for (plain, coded) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(encode(plain.as_bytes()), coded);
            assert_eq!(encode_url(plain.as_bytes()), coded.trim_end_matches('='));
            assert_eq!(decode(coded).unwrap(), plain.as_bytes());
            assert_eq!(decode_url(coded).unwrap(), plain.as_bytes());
            assert_eq!(
                decode(coded.trim_end_matches('=')).unwrap(),
                plain.as_bytes()
            );
        }
    }

    #[test]
    fn what_is_encoded_decodes_to_the_same() {
        let mut dice = Dice::new(5);
        for _ in 0..2000 {
            let plain = dice.bytes(40);
            assert_eq!(decode(&encode(&plain)).unwrap(), plain);
            assert_eq!(decode_url(&encode_url(&plain)).unwrap(), plain);
        }
    }

    #[test]
    fn bytes_have_one_spelling() {
        let mut dice = Dice::new(6);
        let parts = [
            "A", "Q", "g", "z", "9", "+", "/", "-", "_", "=", "==", "ü", " ", "\n", "%",
        ];
        let mut good = 0;
        for _ in 0..20_000 {
            let text = dice.text(&parts, 6);
            if let Some(plain) = decode(&text) {
                good += 1;
                let padded = encode(&plain);
                assert!(
                    text == padded || text == padded.trim_end_matches('='),
                    "{text:?} {padded:?}"
                );
            }
            if let Some(plain) = decode_url(&text) {
                assert_eq!(text.trim_end_matches('='), encode_url(&plain), "{text:?}");
            }
        }
        assert!(good > 100, "{good}");
    }

    #[test]
    fn what_is_none_is_refused() {
        for text in [
            "A", "=", "==", "====", "A===", "AA=", "AA=A", "AAA==", "AAAA=", "AAAA==", "AAAA====",
            "AB==", "AAB=", "AAAAA", "AA\n=", " AAA", "AAA ", "AA==AA==", "AAé=", "AAAA\0",
        ] {
            assert_eq!(decode(text), None, "{text:?}");
            assert_eq!(decode_url(text), None, "{text:?}");
        }
        assert_eq!(decode("-_8"), None);
        assert_eq!(decode_url("+/8"), None);
    }
}
