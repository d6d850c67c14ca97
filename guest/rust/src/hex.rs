//! Bytes in hexadecimal digits.
//!
//! ```
//! use edgedeploy_guest::hex;
//!
//! assert_eq!(hex::encode(&[0, 0xfe]), "00fe");
//! assert_eq!(hex::decode("00FE"), Some(vec![0, 0xfe]));
//! ```

use crate::percent::digit;
use alloc::string::String;
use alloc::vec::Vec;

/// Encodes, in lower case.
#[inline]
pub fn encode(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        for digit in [byte >> 4, byte & 15] {
            out.push(char::from(
                if digit < 10 { b'0' } else { b'a' - 10 } + digit,
            ));
        }
    }
    out
}

/// Decodes digits in either case; `None` if there is anything else, or an odd
/// number of them.
#[inline]
pub fn decode(text: &str) -> Option<Vec<u8>> {
    if text.len() % 2 != 0 {
        return None;
    }
    let pairs = text.as_bytes().chunks_exact(2);
    pairs
        .map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_decodes_from_either_case() {
        for byte in 0..=255u8 {
            let coded = encode(&[byte, 7]);
            assert_eq!(coded, std::format!("{byte:02x}07"));
            assert_eq!(decode(&coded), Some(std::vec![byte, 7]));
            assert_eq!(decode(&coded.to_uppercase()), Some(std::vec![byte, 7]));
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "a", "0g", "0x", " 0", "0 ", "+1", "0:", "00\n", "ü", "é0", "00a",
        ] {
            assert_eq!(decode(text), None, "{text:?}");
        }
        assert_eq!(decode(""), Some(std::vec![]));
    }
}
