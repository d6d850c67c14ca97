//! A small allocator for one thread.
//!
//! The standard library's allocator is a third of a small handler's bytes. This
//! one hands out blocks of powers of two, each aligned to its own size, and
//! keeps freed ones in a list per size. Blocks are never joined again: a handler
//! does the same at every event and finds the blocks of the event before.

use crate::single::Single;
use core::alloc::{GlobalAlloc, Layout};

/// The smallest block: room for the link of a list of free blocks.
const LEAST: usize = 16;

/// What `allocator!()` puts in the place of the standard library's.
pub struct SmallAllocator(Single<Blocks>);

impl SmallAllocator {
    #[allow(clippy::new_without_default)]
    #[doc(hidden)]
    pub const fn new() -> Self {
        SmallAllocator(Single::new(Blocks::new()))
    }
}

// SAFETY: blocks are as large and as aligned as was asked for, and belong to
// nobody else until they are freed; see the tests.
unsafe impl GlobalAlloc for SmallAllocator {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        match block(layout.size(), layout.align()) {
            Some(size) => self.0.with(|blocks| blocks.take(size, more)) as *mut u8,
            None => core::ptr::null_mut(),
        }
    }

    #[inline]
    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        if let Some(size) = block(layout.size(), layout.align()) {
            self.0.with(|blocks| blocks.give(ptr as usize, size))
        }
    }

    unsafe fn realloc(&self, ptr: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        if block(layout.size(), layout.align()) == block(new_size, layout.align()) {
            return ptr; // it fits into the block that it has
        }
        let new = self.alloc(Layout::from_size_align_unchecked(new_size, layout.align()));
        if !new.is_null() {
            core::ptr::copy_nonoverlapping(ptr, new, layout.size().min(new_size));
            self.dealloc(ptr, layout);
        }
        new
    }
}

/// The size of the block for an allocation, `None` if there is none so large.
#[inline(always)]
fn block(size: usize, align: usize) -> Option<usize> {
    size.max(align).max(LEAST).checked_next_power_of_two()
}

/// Asks for at least `bytes` more memory: its address and size. The address is
/// 0 if there is no more. Asking for none gives what is there already: a module
/// begins with whole pages, and what its data leaves of the last one is often
/// all that a handler needs. Growing costs the first event its time.
#[cfg(target_arch = "wasm32")]
fn more(bytes: usize) -> (usize, usize) {
    const PAGE: usize = 65536;
    extern "C" {
        static __heap_base: u8; // by the linker: where the data ends
    }
    if bytes == 0 {
        // SAFETY: only the address is taken.
        let at = unsafe { core::ptr::addr_of!(__heap_base) } as usize;
        return (at, core::arch::wasm32::memory_size(0) * PAGE - at);
    }
    let pages = bytes / PAGE + usize::from(bytes % PAGE != 0);
    match core::arch::wasm32::memory_grow(0, pages) {
        usize::MAX => (0, 0),
        before => (before * PAGE, pages * PAGE),
    }
}

#[cfg(not(target_arch = "wasm32"))]
fn more(_: usize) -> (usize, usize) {
    (0, 0) // natively the standard library's allocator stays: see allocator!
}

/// Free blocks, and memory that was never given out.
struct Blocks {
    free: [usize; usize::BITS as usize], // first free block of 1 << i bytes, 0: none
    next: usize,
    end: usize,
}

impl Blocks {
    const fn new() -> Self {
        Blocks {
            free: [0; usize::BITS as usize],
            next: 0,
            end: 0,
        }
    }

    #[inline(always)]
    unsafe fn take(&mut self, size: usize, more: impl FnMut(usize) -> (usize, usize)) -> usize {
        let list = size.trailing_zeros() as usize & (usize::BITS as usize - 1);
        let block = self.free[list];
        if block != 0 {
            self.free[list] = *(block as *const usize);
            return block;
        }
        self.fresh(size, more)
    }

    #[inline(always)]
    unsafe fn give(&mut self, block: usize, size: usize) {
        let list = size.trailing_zeros() as usize & (usize::BITS as usize - 1);
        *(block as *mut usize) = self.free[list];
        self.free[list] = block;
    }

    /// Cuts a block from memory that was never given out. What has to be skipped
    /// for its alignment becomes smaller free blocks.
    #[inline(never)]
    unsafe fn fresh(
        &mut self,
        size: usize,
        mut more: impl FnMut(usize) -> (usize, usize),
    ) -> usize {
        if self.end == 0 {
            let (at, len) = more(0);
            self.end = at + len;
            self.next = (at + LEAST - 1) & !(LEAST - 1);
        }
        loop {
            let aligned = match self.next.checked_add(size - 1) {
                Some(last) => last & !(size - 1),
                None => return 0,
            };
            match aligned.checked_add(size) {
                Some(end) if end <= self.end => {
                    self.cut(aligned);
                    self.next = end;
                    return aligned;
                }
                Some(end) => {
                    let (at, len) = more(end - self.end);
                    if at == 0 {
                        return 0;
                    }
                    if at != self.end {
                        // Somebody else grew memory in between.
                        self.cut(self.end & !(LEAST - 1));
                        self.next = (at + LEAST - 1) & !(LEAST - 1);
                    }
                    self.end = at.saturating_add(len); // the last page ends where addresses do
                }
                None => return 0,
            }
        }
    }

    /// Makes free blocks of everything up to `to`.
    unsafe fn cut(&mut self, to: usize) {
        while self.next < to {
            let mut size = 1 << self.next.trailing_zeros(); // the largest that is aligned here
            while size > to - self.next {
                size >>= 1;
            }
            self.give(self.next, size);
            self.next += size;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::Dice;
    use std::collections::BTreeMap;
    use std::{vec, vec::Vec};

    const PAGE: usize = 65536;

    /// Memory that grows by pages, and sometimes somebody else takes some.
    struct Memory {
        bytes: Vec<u8>,
        used: usize,
    }

    impl Memory {
        fn new(size: usize) -> Memory {
            let bytes = vec![0xee; size + PAGE];
            let used = bytes.as_ptr() as usize % PAGE;
            Memory {
                bytes,
                used: PAGE - used,
            }
        }

        fn more(&mut self, bytes: usize) -> (usize, usize) {
            if bytes == 0 {
                let data = 1001; // what the module's data takes of its page
                let at = self.bytes.as_ptr() as usize + self.used + data;
                self.used += PAGE;
                return (at, PAGE - data);
            }
            let len = (bytes + PAGE - 1) / PAGE * PAGE;
            if self.used + len > self.bytes.len() {
                return (0, 0);
            }
            let at = self.bytes.as_ptr() as usize + self.used;
            self.used += len;
            (at, len)
        }
    }

    #[test]
    fn live_blocks_are_aligned_and_keep_what_was_written() {
        for seed in 1..=20 {
            let mut dice = Dice::new(seed);
            let mut memory = Memory::new(64 << 20);
            let mut blocks = Blocks::new();
            let mut live: BTreeMap<usize, (usize, u8, usize)> = BTreeMap::new();
            for step in 0..4000usize {
                if dice.roll(100) < 55 || live.is_empty() {
                    let asked = 1 << dice.roll(15);
                    let asked = 1 + dice.roll(asked);
                    let align = 1 << dice.roll(9);
                    let size = block(asked, align).unwrap();
                    if dice.roll(200) == 0 {
                        memory.more(1); // somebody else
                    }
                    let at = unsafe { blocks.take(size, |n| memory.more(n)) };
                    assert_ne!(at, 0, "seed {seed}, step {step}");
                    assert_eq!(at % align, 0);
                    if let Some((&before, &(len, _, _))) = live.range(..at).next_back() {
                        assert!(before + len <= at, "seed {seed}, step {step}: overlaps");
                    }
                    if let Some((&after, _)) = live.range(at..).next() {
                        assert!(at + asked <= after, "seed {seed}, step {step}: overlaps");
                    }
                    unsafe { core::ptr::write_bytes(at as *mut u8, step as u8, asked) };
                    live.insert(at, (asked, step as u8, size));
                } else {
                    let at = *live.keys().nth(dice.roll(live.len())).unwrap();
                    let (len, mark, size) = live.remove(&at).unwrap();
                    let bytes = unsafe { core::slice::from_raw_parts(at as *const u8, len) };
                    assert!(bytes.iter().all(|b| *b == mark), "seed {seed}, step {step}");
                    unsafe { blocks.give(at, size) };
                }
            }
        }
    }

    #[test]
    fn the_same_work_again_needs_no_more_memory() {
        let mut memory = Memory::new(16 << 20);
        let mut blocks = Blocks::new();
        let mut after_first = 0;
        for round in 0..50 {
            let held: Vec<(usize, usize)> = (0..200)
                .map(|n| {
                    let size = block(1 + n * 37 % 5000, 8).unwrap();
                    (unsafe { blocks.take(size, |n| memory.more(n)) }, size)
                })
                .collect();
            for (at, size) in held {
                unsafe { blocks.give(at, size) };
            }
            if round == 0 {
                after_first = memory.used;
            }
        }
        assert_eq!(memory.used, after_first);
    }

    #[test]
    fn what_a_module_begins_with_is_used_first() {
        let mut memory = Memory::new(4 * PAGE);
        let mut blocks = Blocks::new();
        let first = unsafe { blocks.take(16, |n| memory.more(n)) };
        let used = memory.used;
        let mut bytes = 16;
        while bytes + 16 <= PAGE - 1001 - 15 {
            let next = unsafe { blocks.take(16, |n| memory.more(n)) };
            assert_eq!(next, first + bytes);
            bytes += 16;
        }
        assert_eq!(memory.used, used);
        unsafe { blocks.take(16, |n| memory.more(n)) };
        unsafe { blocks.take(16, |n| memory.more(n)) };
        assert!(memory.used > used);
    }

    #[test]
    fn no_more_memory_is_no_block() {
        let mut memory = Memory::new(4 * PAGE);
        let mut blocks = Blocks::new();
        assert_eq!(unsafe { blocks.take(1 << 20, |n| memory.more(n)) }, 0);
        assert_ne!(unsafe { blocks.take(64, |n| memory.more(n)) }, 0);
    }

    #[test]
    fn what_cannot_be_a_block_is_refused() {
        assert_eq!(block(usize::MAX / 2 + 2, 1), None);
        assert_eq!(block(0, 1), Some(LEAST));
        assert_eq!(block(17, 1), Some(32));
        assert_eq!(block(17, 4096), Some(4096));
    }
}
