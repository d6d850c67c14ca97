//! Numbers in digits, without the formatting machinery of the standard library,
//! which is larger than most handlers.

/// Reads digits, nothing else.
pub(crate) fn parse(digits: &str) -> Option<u16> {
    if digits.is_empty() {
        return None;
    }
    digits.bytes().try_fold(0u16, |n, byte| match byte {
        b'0'..=b'9' => n.checked_mul(10)?.checked_add(u16::from(byte - b'0')),
        _ => None,
    })
}

/// Lends the digits of a number.
pub(crate) fn format<R>(n: u32, f: impl FnOnce(&str) -> R) -> R {
    let mut digits = [0; 10];
    let mut first = digits.len();
    let mut rest = n;
    for place in digits.iter_mut().rev() {
        *place = b'0' + (rest % 10) as u8;
        rest /= 10;
        first -= 1;
        if rest == 0 {
            break;
        }
    }
    // SAFETY: ASCII digits.
    f(unsafe { core::str::from_utf8_unchecked(digits.get(first..).unwrap_or(&[])) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn every_number_reads_as_it_is_written() {
        for n in 0..=u16::MAX {
            format(n.into(), |digits| {
                assert_eq!(digits, n.to_string());
                assert_eq!(parse(digits), Some(n));
            });
        }
        format(u32::MAX, |digits| assert_eq!(digits, u32::MAX.to_string()));
    }

    #[test]
    fn anything_else_is_no_number() {
        for s in ["", "-1", "+1", " 1", "1 ", "65536", "99999999999", "a", "٣"] {
            assert_eq!(parse(s), None, "{s:?}");
        }
    }
}
