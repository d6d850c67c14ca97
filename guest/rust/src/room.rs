//! Room for what the host delivers.
//!
//! Everything that is delivered during one event stays where it was put until
//! the next event begins, so that a handler gets `&str`s that live as long as
//! the event, and nothing is allocated, copied or freed for each of them. The
//! first [`BASE`] bytes of an event are a static; what goes beyond is allocated.

use crate::single::Single;
use alloc::alloc::{alloc, dealloc, Layout};
use core::mem::{align_of, size_of};

/// Enough for the headers a handler asks for; events have 0.5 to 2 KB in all.
const BASE: usize = 4096;

/// The least that is allocated at once when that is full.
const CHUNK: usize = 16 * 1024;

struct Room {
    at: *mut u8,
    left: usize,
    last: *const u8,
    chunk: *mut Chunk, // the newest of those that were allocated
}

/// What stands before the bytes of a chunk.
struct Chunk {
    before: *mut Chunk,
    size: usize,
}

static BYTES: Single<[u8; BASE]> = Single::new([0; BASE]);
static ROOM: Single<Room> = Single::new(Room {
    at: BYTES.get() as *mut u8,
    left: BASE,
    last: core::ptr::null(),
    chunk: core::ptr::null_mut(),
});

/// Forgets what the event before was given.
#[inline(always)]
pub(crate) fn reset() {
    ROOM.with(|room| {
        room.at = BYTES.get() as *mut u8;
        room.left = BASE;
        if !room.chunk.is_null() {
            room.free();
        }
    })
}

/// What `edge_buffer` does: room for `len` bytes, null if there is none.
#[inline]
pub fn buffer(len: usize) -> *mut u8 {
    ROOM.with(|room| {
        if len > room.left && !room.grow(len) {
            return core::ptr::null_mut();
        }
        let at = room.at;
        // SAFETY: `left` bytes from `at` on belong to BYTES or to the last chunk.
        room.at = unsafe { at.add(len) };
        room.left -= len;
        room.last = at;
        at
    })
}

impl Room {
    #[cold]
    #[inline(never)]
    fn grow(&mut self, len: usize) -> bool {
        if len > isize::MAX as usize {
            return false; // more than a slice may have
        }
        let size = len.max(CHUNK).saturating_add(size_of::<Chunk>());
        let layout = match Layout::from_size_align(size, align_of::<Chunk>()) {
            Ok(layout) => layout,
            Err(_) => return false,
        };
        // SAFETY: the size is not 0, and a chunk begins with its Chunk.
        unsafe {
            let chunk = alloc(layout) as *mut Chunk;
            if chunk.is_null() {
                return false;
            }
            chunk.write(Chunk {
                before: self.chunk,
                size,
            });
            self.chunk = chunk;
            self.at = chunk.add(1) as *mut u8;
            self.left = size - size_of::<Chunk>();
        }
        true
    }

    #[cold]
    #[inline(never)]
    fn free(&mut self) {
        while !self.chunk.is_null() {
            // SAFETY: allocated by `grow` with this very layout, and freed once.
            unsafe {
                let Chunk { before, size } = self.chunk.read();
                let layout = Layout::from_size_align_unchecked(size, align_of::<Chunk>());
                dealloc(self.chunk as *mut u8, layout);
                self.chunk = before;
            }
        }
    }
}

/// Puts strings together in the event's room.
///
/// # Safety
///
/// `'e` ends before the next event begins.
#[inline]
pub(crate) unsafe fn concat<'e>(parts: &[&str]) -> &'e str {
    // A sum that went past the last address would be a small one, and what is
    // written behind it another's. One string may well be in it many times.
    let sum = |sum: usize, part: &&str| sum.checked_add(part.len());
    let len = match parts.iter().try_fold(0, sum) {
        Some(len) => len,
        None => no_memory(),
    };
    let start = buffer(len);
    if start.is_null() {
        no_memory();
    }
    let mut at = start;
    for part in parts {
        core::ptr::copy_nonoverlapping(part.as_ptr(), at, part.len());
        at = at.add(part.len());
    }
    core::str::from_utf8_unchecked(core::slice::from_raw_parts(start, len))
}

#[cold]
#[inline(never)]
fn no_memory() -> ! {
    panic!("no memory is left for a string")
}

/// What a host call delivered; `len` is what it returned.
///
/// # Safety
///
/// `len` comes from a host call that was just made, and `'e` ends before the
/// next event begins.
#[inline(always)]
pub(crate) unsafe fn bytes<'e>(len: i32) -> Option<&'e [u8]> {
    if len < 0 {
        return None; // absent
    }
    if len == 0 {
        return Some(&[]); // the host asks for no room when there is nothing to put
    }
    let last = ROOM.with(|room| room.last);
    Some(core::slice::from_raw_parts(last, len as usize))
}

/// The same as text.
///
/// # Safety
///
/// As for [`bytes`].
#[inline(always)]
pub(crate) unsafe fn text<'e>(len: i32) -> Option<&'e str> {
    match bytes(len) {
        // Every string of the host is UTF-8; that is part of the interface.
        Some(bytes) => Some(core::str::from_utf8_unchecked(bytes)),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake;
    use std::{string::String, vec::Vec};

    fn put(s: &[u8]) -> *mut u8 {
        let to = buffer(s.len());
        unsafe { core::ptr::copy_nonoverlapping(s.as_ptr(), to, s.len()) };
        to
    }

    #[test]
    fn what_was_delivered_stays_until_the_next_event() {
        let _session = fake::Session::new();
        let parts: Vec<Vec<u8>> = (0..200u8)
            .map(|n| std::vec![n; usize::from(n) * 31 % 900])
            .collect();
        let mut given: Vec<&[u8]> = Vec::new();
        for part in &parts {
            put(part);
            given.push(unsafe { bytes(part.len() as i32) }.unwrap());
        }
        for (part, got) in parts.iter().zip(&given) {
            assert_eq!(part, got);
        }
    }

    #[test]
    fn an_event_begins_with_the_same_room() {
        let _session = fake::Session::new();
        reset();
        let first = put(b"one");
        put(&std::vec![1; 100_000]);
        reset();
        assert_eq!(first, put(b"two"));
        assert!(ROOM.with(|room| room.chunk.is_null()));
    }

    #[test]
    fn what_does_not_fit_is_put_elsewhere() {
        let _session = fake::Session::new();
        for over in 0..3 {
            reset();
            let first = buffer(BASE - 1) as usize;
            let next = buffer(1 + over) as usize;
            let follows = next == first + BASE - 1;
            assert_eq!(follows, over == 0, "{over} too many");
        }
    }

    #[test]
    fn strings_are_put_together_in_the_same_room() {
        let _session = fake::Session::new();
        let parts: Vec<String> = (0..500).map(|n| "ü".repeat(n % 90)).collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let joined: Vec<&str> = (0..20).map(|n| unsafe { concat(&parts[n..]) }).collect();
        for (n, got) in joined.iter().enumerate() {
            assert_eq!(*got, parts[n..].concat());
        }
        assert_eq!(unsafe { concat(&[]) }, "");
    }

    #[test]
    fn absent_and_empty_are_told_apart() {
        let _session = fake::Session::new();
        assert_eq!(unsafe { text(-1) }, None);
        assert_eq!(unsafe { text(0) }, Some(""));
    }

    #[test]
    fn more_than_there_can_be_is_null() {
        let _session = fake::Session::new();
        assert!(buffer(usize::MAX / 2).is_null());
        assert!(buffer(usize::MAX - BASE).is_null());
    }
}
