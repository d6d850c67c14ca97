//! Bodies of requests.

use crate::{host, room};
use core::marker::PhantomData;

/// The body of a request, where the behavior includes it (`include-body: true`).
#[derive(Clone, Copy)]
pub struct Body<'e> {
    bytes: &'e [u8],
    event: PhantomData<*const &'e ()>,
}

impl<'e> Body<'e> {
    pub(crate) fn of_request() -> Option<Self> {
        // SAFETY: a host call that delivers, taken at once; `'e` is the event's.
        let bytes = unsafe { room::bytes(host::body()) }?;
        Some(Body {
            bytes,
            event: PhantomData,
        })
    }

    /// The bytes, decoded.
    pub fn bytes(self) -> &'e [u8] {
        self.bytes
    }

    /// The body as text, an error if it is not UTF-8.
    pub fn text(self) -> Result<&'e str, core::str::Utf8Error> {
        core::str::from_utf8(self.bytes)
    }

    /// Whether CloudFront cut the body off at its limit (40 KB at
    /// viewer-request, 1 MB at origin-request).
    pub fn truncated(self) -> bool {
        // SAFETY: a host call without memory.
        unsafe { host::body_truncated() != 0 }
    }
}

pub(crate) fn set_text(text: &str) {
    // SAFETY: pointer and length of a string.
    unsafe { host::set_body(host::TEXT, text.as_ptr(), text.len()) }
}

pub(crate) fn set_bytes(bytes: &[u8]) {
    // SAFETY: pointer and length of a slice.
    unsafe { host::set_body(host::BYTES, bytes.as_ptr(), bytes.len()) }
}
