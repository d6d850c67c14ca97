//! State of the one thread that a WebAssembly module has.

use core::cell::UnsafeCell;

/// A static that can be changed.
///
/// On WebAssembly there is one thread, and the host calls the module only for
/// `edge_buffer` while the module is inside a call of its own. Natively only
/// the crate's tests get this far, one at a time: see `fake::Session`.
pub(crate) struct Single<T>(UnsafeCell<T>);

// SAFETY: as above; nothing shares it between threads that run at once.
unsafe impl<T> Sync for Single<T> {}

impl<T> Single<T> {
    pub(crate) const fn new(value: T) -> Self {
        Single(UnsafeCell::new(value))
    }

    /// Lends the value. `with` must not call the host: the host calls back into
    /// [`crate::room`], which would lend the same value twice.
    #[inline(always)]
    pub(crate) fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        // SAFETY: one thread, and `f` cannot come back here.
        f(unsafe { &mut *self.0.get() })
    }

    pub(crate) const fn get(&self) -> *mut T {
        self.0.get()
    }
}
