//! SHA-256 (FIPS 180-4) and HMAC-SHA-256 (RFC 2104).
//!
//! ```
//! use edgedeploy_guest::{hex, hmac};
//!
//! let key = hmac::Key::new(b"Jefe");
//! let signature = key.sign(b"what do ya want for nothing?");
//! assert!(hex::encode(&signature).starts_with("5bdcc146bf60754e"));
//! assert!(key.verify(b"what do ya want for nothing?", &signature));
//! assert!(!key.verify(b"something else", &signature));
//! ```

use crate::constant_time_eq;

/// The state of a hash between blocks.
type State = [u32; 8];

const BLOCK: usize = 64;

const START: State = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

#[rustfmt::skip]
const ROUNDS: [u32; 64] = [
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
];

#[inline]
fn compress(state: &mut State, block: &[u8; BLOCK]) {
    let mut w = [0u32; 64];
    for (word, bytes) in w.iter_mut().zip(block.chunks_exact(4)) {
        *word = bytes
            .iter()
            .fold(0, |word, byte| word << 8 | u32::from(*byte));
    }
    for i in 16..64 {
        let a = w[i - 15];
        let b = w[i - 2];
        let s0 = a.rotate_right(7) ^ a.rotate_right(18) ^ (a >> 3);
        let s1 = b.rotate_right(17) ^ b.rotate_right(19) ^ (b >> 10);
        w[i] = w[i - 16]
            .wrapping_add(s0)
            .wrapping_add(w[i - 7])
            .wrapping_add(s1);
    }
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = *state;
    for (word, round) in w.iter().zip(&ROUNDS) {
        let s1 = e.rotate_right(6) ^ e.rotate_right(11) ^ e.rotate_right(25);
        let choice = (e & f) ^ (!e & g);
        let t1 = h
            .wrapping_add(s1)
            .wrapping_add(choice)
            .wrapping_add(*round)
            .wrapping_add(*word);
        let s0 = a.rotate_right(2) ^ a.rotate_right(13) ^ a.rotate_right(22);
        let majority = (a & b) ^ (a & c) ^ (b & c);
        h = g;
        g = f;
        f = e;
        e = d.wrapping_add(t1);
        d = c;
        c = b;
        b = a;
        a = t1.wrapping_add(s0.wrapping_add(majority));
    }
    for (sum, add) in state.iter_mut().zip([a, b, c, d, e, f, g, h]) {
        *sum = sum.wrapping_add(add);
    }
}

/// Hashes `rest` on top of `before` bytes, whole blocks, that led to `state`.
#[inline]
fn finish(mut state: State, before: usize, rest: &[u8]) -> [u8; 32] {
    let mut block = [0; BLOCK];
    let mut blocks = rest.chunks_exact(BLOCK);
    for full in &mut blocks {
        block.copy_from_slice(full);
        compress(&mut state, &block);
    }
    let tail = blocks.remainder();
    block = [0; BLOCK];
    block[..tail.len()].copy_from_slice(tail);
    block[tail.len()] = 0x80;
    if tail.len() + 9 > BLOCK {
        compress(&mut state, &block);
        block = [0; BLOCK];
    }
    let bits = (before as u64 + rest.len() as u64) * 8;
    block[BLOCK - 8..].copy_from_slice(&bits.to_be_bytes());
    compress(&mut state, &block);

    let mut sum = [0; 32];
    for (bytes, word) in sum.chunks_exact_mut(4).zip(state) {
        bytes.copy_from_slice(&word.to_be_bytes());
    }
    sum
}

/// Returns the SHA-256 of a message.
///
/// ```
/// use edgedeploy_guest::{hex, hmac};
///
/// assert!(hex::encode(&hmac::sha256(b"abc")).starts_with("ba7816bf8f01cfea"));
/// ```
#[inline]
pub fn sha256(message: &[u8]) -> [u8; 32] {
    finish(START, 0, message)
}

/// A key, ready to sign: the two blocks that depend on it alone are hashed once.
/// Make it in `init`. HMAC wants at least 32 bytes that nobody can guess.
#[derive(Clone)]
pub struct Key {
    inner: State,
    outer: State,
}

impl Key {
    /// Prepares a key of any length.
    #[inline]
    pub fn new(key: &[u8]) -> Key {
        let mut block = [0; BLOCK];
        if key.len() > BLOCK {
            block[..32].copy_from_slice(&finish(START, 0, key));
        } else {
            block[..key.len()].copy_from_slice(key);
        }
        Key {
            inner: padded(&block, 0x36),
            outer: padded(&block, 0x5c),
        }
    }

    /// Returns the HMAC of a message.
    #[inline]
    pub fn sign(&self, message: &[u8]) -> [u8; 32] {
        finish(self.outer, BLOCK, &finish(self.inner, BLOCK, message))
    }

    /// Reports whether `signature` is the whole HMAC of a message, in a time that
    /// does not tell how much of it is right.
    #[inline]
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        constant_time_eq(&self.sign(message), signature)
    }
}

#[inline]
fn padded(key: &[u8; BLOCK], pad: u8) -> State {
    let mut state = START;
    compress(&mut state, &key.map(|byte| byte ^ pad));
    state
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hex::encode as hex;
    use std::{vec, vec::Vec};

    #[test]
    fn sha256_gives_the_sums_of_fips_180() {
        for (message, sum) in [
            (
                "",
                "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            ),
            (
                "abc",
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            ),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
            ),
        ] {
            assert_eq!(hex(&sha256(message.as_bytes())), sum, "{message:?}");
        }
        assert_eq!(
            hex(&sha256(&[b'a'; 1_000_000])),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
        );
    }

    /// RFC 4231, section 4; case 5 is about truncation, of which we do none.
    #[test]
    fn hmac_gives_the_sums_of_rfc_4231() {
        let counting: Vec<u8> = (1..=25).collect();
        let cases: [(&str, &[u8], &[u8], &str); 6] = [
            ("1", &[0x0b; 20], b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
            ("2", b"Jefe", b"what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
            ("3", &[0xaa; 20], &[0xdd; 50], "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
            ("4", &counting, &[0xcd; 50], "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"),
            (
                "6",
                &[0xaa; 131],
                b"Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            ),
            (
                "7",
                &[0xaa; 131],
                b"This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed before being used by the HMAC algorithm.",
                "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
            ),
        ];
        for (case, key, message, sum) in cases {
            assert_eq!(hex(&Key::new(key).sign(message)), sum, "case {case}");
        }
    }

    /// Around the block's end the padding changes its shape.
    #[test]
    fn every_length_has_its_own_sum() {
        let key = Key::new(b"key");
        let sums: std::collections::BTreeSet<_> =
            (0..300).map(|len| key.sign(&vec![7; len])).collect();
        assert_eq!(sums.len(), 300);
    }

    #[test]
    fn a_signature_is_good_as_a_whole_and_for_its_message_only() {
        let key = Key::new(b"key");
        let signature = key.sign(b"message");
        assert!(key.verify(b"message", &signature));
        assert!(!key.verify(b"messages", &signature));
        assert!(!Key::new(b"kez").verify(b"message", &signature));
        for len in 0..32 {
            assert!(!key.verify(b"message", &signature[..len]), "{len} bytes");
        }
        assert!(!key.verify(b"message", &[&signature[..], &[0]].concat()));
    }
}
