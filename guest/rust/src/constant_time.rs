//! Comparing secrets.

/// Compares without telling by the time it takes where the difference is: for
/// signatures, tokens and passwords. How long the two are is told.
///
/// ```
/// use edgedeploy_guest::constant_time_eq;
///
/// assert!(constant_time_eq(b"secret", b"secret"));
/// assert!(!constant_time_eq(b"secret", b"Secret"));
/// ```
#[inline]
pub fn constant_time_eq(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let mut different = 0u8;
    for (a, b) in a.iter().zip(b) {
        // SAFETY: a valid reference. Volatile, so that the compiler cannot see
        // that it might stop at the first difference.
        different |= unsafe { core::ptr::read_volatile(a) } ^ b;
    }
    different == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::Dice;

    #[test]
    fn one_bit_anywhere_is_a_difference() {
        let a: [u8; 32] = core::array::from_fn(|i| i as u8 * 7);
        assert!(constant_time_eq(&a, &a.clone()));
        for i in 0..256 {
            let mut b = a;
            b[i / 8] ^= 1 << (i % 8);
            assert!(!constant_time_eq(&a, &b), "bit {i}");
        }
    }

    #[test]
    fn it_says_what_equality_says() {
        let mut dice = Dice::new(7);
        let mut equal = 0;
        for _ in 0..5000 {
            let (a, b) = (dice.bytes(2), dice.bytes(2));
            equal += u32::from(a == b);
            assert_eq!(constant_time_eq(&a, &b), a == b);
            assert!(constant_time_eq(&a, &a.clone()));
            assert!(!constant_time_eq(&a, &[&a[..], &[0]].concat()));
        }
        assert!(equal > 100, "{equal}");
    }
}
