//! Digits for the modules that need no host: see the note in lib.rs.

use alloc::string::String;

/// Appends a number.
#[inline]
pub(crate) fn push(out: &mut String, n: u32) {
    let mut unit = 1;
    while n / unit > 9 {
        unit *= 10;
    }
    while unit > 0 {
        out.push(char::from(b'0' + (n / unit % 10) as u8));
        unit /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::push;
    use std::string::{String, ToString};

    #[test]
    fn numbers_are_written_as_the_standard_library_writes_them() {
        for n in (0..20_000).chain([99_999, 100_000, 999_999_999, 1_000_000_000, u32::MAX]) {
            let mut out = String::new();
            push(&mut out, n);
            assert_eq!(out, n.to_string());
        }
    }
}
