//! Chance for tests.

use std::string::String;
use std::vec::Vec;

/// A small, well-known generator (xorshift64), so that a failure repeats.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Dice {
        Dice(0x9e37_79b9_7f4a_7c15u64.wrapping_mul(seed))
    }

    /// Returns a number below `n`.
    pub(crate) fn roll(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n as u64) as usize
    }

    pub(crate) fn bytes(&mut self, most: usize) -> Vec<u8> {
        (0..self.roll(most + 1))
            .map(|_| self.roll(256) as u8)
            .collect()
    }

    /// Returns a text of these parts.
    pub(crate) fn text(&mut self, parts: &[&str], most: usize) -> String {
        (0..self.roll(most + 1))
            .map(|_| parts[self.roll(parts.len())])
            .collect()
    }
}
