//! Fields of an event, by number.

use crate::{host, number, room};

#[inline(always)]
pub(crate) fn get<'e>(field: u32) -> Option<&'e str> {
    // SAFETY: a host call that delivers, taken at once; callers tie `'e` to the event.
    unsafe { room::text(host::get(field)) }
}

/// For fields that every event has.
#[inline(always)]
pub(crate) fn text<'e>(field: u32) -> &'e str {
    get(field).unwrap_or("")
}

/// For fields in digits; `None` if absent or no number.
pub(crate) fn number(field: u32) -> Option<u16> {
    get(field).and_then(number::parse)
}

#[inline(always)]
pub(crate) fn set(field: u32, value: &str) {
    // SAFETY: pointer and length of a string.
    unsafe { host::set(field, value.as_ptr(), value.len()) }
}

pub(crate) fn set_number(field: u32, value: u16) {
    number::format(value.into(), |digits| set(field, digits))
}
