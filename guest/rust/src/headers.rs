//! Headers of a request, of a response, and those CloudFront adds for an origin.

use crate::intern::{literal, Interned, Name};
use crate::{host, room};
use core::marker::PhantomData;
use core::ops::Deref;

/// Headers, to read.
#[derive(Clone, Copy)]
pub struct Headers<'e> {
    of: u32,
    event: PhantomData<*const &'e ()>,
}

impl<'e> Headers<'e> {
    pub(crate) fn new(of: u32) -> Self {
        Headers {
            of,
            event: PhantomData,
        }
    }

    /// The first value of a header, `None` if there is no such header.
    #[inline(always)]
    pub fn get(self, name: impl Name) -> Option<&'e str> {
        value(self.of, name.id(), 0)
    }

    /// All values of a header, in order: `Cookie` and `Set-Cookie` may come
    /// several times.
    #[inline(always)]
    pub fn get_all(self, name: impl Name) -> Values<'e> {
        Values {
            headers: self,
            name: name.id(),
            next: 0,
        }
    }

    /// Whether there is such a header.
    pub fn contains(self, name: impl Name) -> bool {
        self.get(name).is_some()
    }

    /// How many headers there are, repeated ones counted each time.
    pub fn len(self) -> usize {
        // SAFETY: a host call without memory.
        unsafe { host::header_count(self.of) as usize }
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Every header as name, in lower case, and value; repeated ones each time.
    ///
    /// A change to any header may renumber them: collect what you need before
    /// you change something.
    pub fn iter(self) -> Iter<'e> {
        Iter {
            headers: self,
            next: 0,
        }
    }
}

impl<'e> IntoIterator for Headers<'e> {
    type Item = (&'e str, &'e str);
    type IntoIter = Iter<'e>;

    fn into_iter(self) -> Iter<'e> {
        self.iter()
    }
}

#[inline(always)]
fn value<'e>(of: u32, name: u32, i: u32) -> Option<&'e str> {
    // SAFETY: a host call that delivers, taken at once; `'e` is the event's.
    unsafe { room::text(host::header(of, name, i)) }
}

/// The values of one header: see [`Headers::get_all`].
#[derive(Clone)]
pub struct Values<'e> {
    headers: Headers<'e>,
    name: u32,
    next: u32,
}

impl<'e> Iterator for Values<'e> {
    type Item = &'e str;

    fn next(&mut self) -> Option<&'e str> {
        let got = value(self.headers.of, self.name, self.next);
        self.next += u32::from(got.is_some());
        got
    }
}

/// Every header: see [`Headers::iter`].
#[derive(Clone)]
pub struct Iter<'e> {
    headers: Headers<'e>,
    next: u32,
}

impl<'e> Iterator for Iter<'e> {
    type Item = (&'e str, &'e str);

    fn next(&mut self) -> Option<(&'e str, &'e str)> {
        // SAFETY: a host call that delivers, taken at once; `'e` is the event's.
        let line = unsafe { room::text::<'e>(host::header_at(self.headers.of, self.next)) }?;
        self.next += 1;
        Some(split(line))
    }
}

/// Splits `name: value`. A name has no colon, so the first one ends it.
fn split(line: &str) -> (&str, &str) {
    match line.find(": ") {
        Some(at) => (&line[..at], &line[at + 2..]),
        None => (line, ""),
    }
}

/// Headers, to read and to change.
///
/// CloudFront forbids some headers and makes others read-only, differently at
/// each trigger; it answers 502 when a function breaks those rules.
#[derive(Clone, Copy)]
pub struct HeadersMut<'e>(Headers<'e>);

impl<'e> Deref for HeadersMut<'e> {
    type Target = Headers<'e>;

    fn deref(&self) -> &Headers<'e> {
        &self.0
    }
}

impl<'e> IntoIterator for HeadersMut<'e> {
    type Item = (&'e str, &'e str);
    type IntoIter = Iter<'e>;

    fn into_iter(self) -> Iter<'e> {
        self.0.iter()
    }
}

impl<'e> HeadersMut<'e> {
    pub(crate) fn new(of: u32) -> Self {
        HeadersMut(Headers::new(of))
    }

    /// Replaces all values of a header by one.
    #[inline(always)]
    pub fn set(self, name: impl Name, value: impl Value) {
        value.put(self.0.of, name.id());
    }

    /// Replaces all values of a header by a constant. The same as [`set`] with a
    /// literal, but the value crosses to the host once and not at every event.
    ///
    /// [`set`]: HeadersMut::set
    #[inline(always)]
    pub fn set_const(self, name: impl Name, value: &'static str) {
        // SAFETY: a host call without memory.
        unsafe { host::set_header(self.0.of, name.id(), literal(value)) }
    }

    /// Adds a value beside those that are there.
    #[inline(always)]
    pub fn append(self, name: impl Name, value: &str) {
        // SAFETY: pointer and length of a string.
        unsafe { host::append_header(self.0.of, name.id(), value.as_ptr(), value.len()) }
    }

    /// Removes all values of a header; none is fine.
    #[inline(always)]
    pub fn remove(self, name: impl Name) {
        // SAFETY: a host call without memory.
        unsafe { host::remove_header(self.0.of, name.id()) }
    }
}

/// The headers of a [`Response`](crate::Response), to change. What is written
/// there is not read back: a response may outlive its event, and what the host
/// delivers does not.
#[derive(Clone, Copy)]
pub struct ResponseHeaders<'r>(HeadersMut<'r>);

impl ResponseHeaders<'_> {
    pub(crate) fn new() -> Self {
        ResponseHeaders(HeadersMut::new(host::RESPONSE))
    }

    /// Replaces all values of a header by one.
    #[inline(always)]
    pub fn set(self, name: impl Name, value: impl Value) {
        self.0.set(name, value)
    }

    /// Replaces all values of a header by a constant: see [`HeadersMut::set_const`].
    #[inline(always)]
    pub fn set_const(self, name: impl Name, value: &'static str) {
        self.0.set_const(name, value)
    }

    /// Adds a value beside those that are there.
    #[inline(always)]
    pub fn append(self, name: impl Name, value: &str) {
        self.0.append(name, value)
    }

    /// Removes all values of a header; none is fine.
    #[inline(always)]
    pub fn remove(self, name: impl Name) {
        self.0.remove(name)
    }

    /// Whether there is such a header.
    pub fn contains(self, name: impl Name) -> bool {
        self.0.contains(name)
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for &str {}
    impl Sealed for &alloc::string::String {}
    impl Sealed for crate::Interned {}
}

/// The value of a header: a string, or an [`Interned`] one. It must not contain
/// CR, LF or NUL; the host fails the handler if it does.
pub trait Value: sealed::Sealed {
    #[doc(hidden)]
    fn put(self, of: u32, name: u32);
}

impl Value for &str {
    #[inline(always)]
    fn put(self, of: u32, name: u32) {
        // SAFETY: pointer and length of a string.
        unsafe { host::put_header(of, name, self.as_ptr(), self.len()) }
    }
}

impl Value for &alloc::string::String {
    #[inline(always)]
    fn put(self, of: u32, name: u32) {
        self.as_str().put(of, name)
    }
}

impl Value for Interned {
    #[inline(always)]
    fn put(self, of: u32, name: u32) {
        // SAFETY: a host call without memory.
        unsafe { host::set_header(of, name, self.id()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake;
    use std::vec::Vec;

    #[test]
    fn a_value_may_contain_what_separates_it_from_its_name() {
        assert_eq!(split("x-a: b: c"), ("x-a", "b: c"));
        assert_eq!(split("x-a: "), ("x-a", ""));
    }

    #[test]
    fn repeated_headers_come_one_by_one() {
        let session = fake::Session::new();
        session.headers(
            host::REQUEST,
            &[("cookie", "a=1"), ("host", "x"), ("cookie", "b=2")],
        );
        let headers = Headers::new(host::REQUEST);
        assert_eq!(headers.get("Cookie"), Some("a=1"));
        assert_eq!(
            headers.get_all("cookie").collect::<Vec<_>>(),
            ["a=1", "b=2"]
        );
        assert_eq!(headers.get_all("accept").count(), 0);
        assert_eq!(headers.len(), 3);
        assert!(headers.contains("HOST") && !headers.contains("accept"));
        let all: Vec<_> = headers.iter().collect();
        assert_eq!(all, [("cookie", "a=1"), ("host", "x"), ("cookie", "b=2")]);
    }

    #[test]
    fn values_of_every_kind_replace_what_was_there() {
        let session = fake::Session::new();
        session.headers(host::REQUEST, &[("x-a", "1"), ("x-a", "2")]);
        let headers = HeadersMut::new(host::REQUEST);
        headers.set("x-a", "three");
        assert_eq!(headers.get_all("x-a").collect::<Vec<_>>(), ["three"]);
        headers.set("x-a", Interned::new("four"));
        headers.append("x-a", "five");
        assert_eq!(headers.get_all("x-a").collect::<Vec<_>>(), ["four", "five"]);
        headers.set_const(Interned::new("x-a"), "six");
        assert_eq!(headers.get("x-a"), Some("six"));
        headers.set("x-a", &std::string::String::from("seven"));
        assert_eq!(headers.get("x-a"), Some("seven"));
        headers.remove("X-A");
        assert!(headers.is_empty());
    }
}
