//! Strings that the host knows by number.

use crate::{host, single::Single};

/// A string that the host knows by number, so that it crosses once and not at
/// every event.
///
/// Literals need none: `headers.get("host")` and `headers.set_const(…)` number
/// theirs by themselves at first use. Make one for a name or value that is
/// computed at init, from the configuration for example. Never make one of what
/// visitors send: the host keeps every string it numbers as long as the
/// instance lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interned(u32);

impl Interned {
    /// Numbers a string. The same string has the same number.
    pub fn new(s: &str) -> Interned {
        // SAFETY: pointer and length of a string.
        Interned(unsafe { host::intern(s.as_ptr(), s.len()) })
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for &'static str {}
    impl Sealed for super::Interned {}
}

/// The name of a header: a literal, or an [`Interned`] string. Its case does not
/// matter for reading; a header that is written keeps the spelling.
///
/// Only a `'static` string can be a name, because names are kept by the host.
pub trait Name: sealed::Sealed {
    #[doc(hidden)]
    fn id(self) -> u32;
}

impl Name for &'static str {
    #[inline(always)]
    fn id(self) -> u32 {
        literal(self)
    }
}

impl Name for Interned {
    #[inline(always)]
    fn id(self) -> u32 {
        self.0
    }
}

#[derive(Clone, Copy)]
struct Slot {
    ptr: usize, // 0: free
    len: usize,
    id: u32,
}

const SLOTS: usize = 128;

/// Where a literal is looked for before the host is asked again.
const TRIES: usize = 8;

const FREE: Slot = Slot {
    ptr: 0,
    len: 0,
    id: 0,
};

static LITERALS: Single<[Slot; SLOTS]> = Single::new([FREE; SLOTS]);

/// The number of a `'static` string. Such a string never moves, ends or
/// changes, so its address and length stand for its bytes, and finding it again
/// is one comparison. With more literals than slots the host is asked each
/// time, which is slower and just as right.
#[inline(never)] // one copy of it, instead of one at every header
pub(crate) fn literal(s: &'static str) -> u32 {
    let first = home(s);
    let slot = LITERALS.with(|slots| slots[first]);
    if slot.ptr == s.as_ptr() as usize && slot.len == s.len() {
        return slot.id;
    }
    search(s)
}

#[inline(always)]
fn home(s: &'static str) -> usize {
    let ptr = s.as_ptr() as usize;
    (ptr ^ (ptr >> 7)).wrapping_add(s.len()) % SLOTS
}

#[cold]
#[inline(never)]
fn search(s: &'static str) -> u32 {
    let (ptr, len, first) = (s.as_ptr() as usize, s.len(), home(s));
    let mut free = None;
    for n in 0..TRIES {
        let at = (first + n) % SLOTS;
        let slot = LITERALS.with(|slots| slots[at]);
        if slot.ptr == ptr && slot.len == len {
            return slot.id;
        }
        if slot.ptr == 0 {
            free = Some(at);
            break;
        }
    }
    let Interned(id) = Interned::new(s);
    if let Some(at) = free {
        LITERALS.with(|slots| slots[at] = Slot { ptr, len, id });
    }
    id
}

/// Forgets all numbers: in tests, where a host ends before the module does.
#[cfg(test)]
pub(crate) fn forget() {
    LITERALS.with(|slots| *slots = [FREE; SLOTS]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake;
    use std::{boxed::Box, string::String, vec::Vec};

    #[test]
    fn a_literal_is_interned_once() {
        let session = fake::Session::new();
        let ids: Vec<u32> = (0..5).map(|_| literal("host")).collect();
        assert_eq!(ids, [ids[0]; 5]);
        assert_eq!(session.calls("intern"), 1);
    }

    #[test]
    fn strings_at_one_address_are_told_apart_by_length() {
        let _session = fake::Session::new();
        let long = "x-forwarded-for";
        assert_ne!(literal(&long[..1]), literal(long));
        assert_eq!(literal(&long[..1]), Interned::new("x").0);
    }

    #[test]
    fn more_literals_than_slots_still_have_their_own_numbers() {
        let _session = fake::Session::new();
        let all: Vec<&'static str> = (0..1000)
            .map(|n| {
                let s: String = std::format!("x-name-{n}");
                &*Box::leak(s.into_boxed_str())
            })
            .collect();
        for _ in 0..2 {
            for s in &all {
                assert_eq!(literal(s), Interned::new(s).0, "{}", s);
            }
        }
    }
}
