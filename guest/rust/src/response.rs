//! Responses that a handler gives instead of an origin.

use crate::headers::{ResponseHeaders, Value};
use crate::intern::Name;
use crate::{body, field, host, single::Single};
use core::marker::PhantomData;

/// An answer at a request trigger, instead of the cache's or the origin's.
///
/// It is built at the host as you write it down, so that nothing is copied; an
/// event has one. Returning it from the handler sends it; a response that is
/// not returned is dropped. Building on, or returning, a response after another
/// one was begun is a bug and panics.
///
/// Limits of CloudFront: 40 KB with headers at viewer-request, 1 MB at
/// origin-request.
///
/// ```no_run
/// # use edgedeploy_guest::Response;
/// Response::new(403)
///     .header("Content-Type", "text/plain")
///     .body("not for you")
/// # ;
/// ```
///
/// Nothing of the event is lent by it, because it may be kept longer; this does
/// not compile:
///
/// ```compile_fail
/// # use edgedeploy_guest::Response;
/// fn kept(response: &'static Response) -> Option<&'static str> {
///     response.headers().get("Location")
/// }
/// ```
#[must_use = "a response that the handler does not return is not sent"]
pub struct Response {
    serial: u32,
    event: PhantomData<*const ()>, // belongs to this thread
}

/// What the host is building.
struct Building {
    serial: u32, // of the response, or of the event before it has one
    begun: bool,
}

static BUILDING: Single<Building> = Single::new(Building {
    serial: 0,
    begun: false,
});

/// Makes every response of the event before a stale one.
#[inline(always)]
pub(crate) fn begin_event() {
    next(false);
}

#[inline(always)]
fn next(begun: bool) -> u32 {
    BUILDING.with(|building| {
        building.serial = building.serial.wrapping_add(1);
        building.begun = begun;
        building.serial
    })
}

/// Refuses to change the request's body once a response was begun: the host
/// would take it for the response's.
pub(crate) fn not_begun() {
    if BUILDING.with(|building| building.begun) {
        panic!("the request's body cannot be changed once a response was begun")
    }
}

impl Response {
    /// Begins a response with a status from 200 to 599. CloudFront adds the
    /// reason phrase that HTTP has for it, unless you give your own.
    #[inline(always)]
    pub fn new(status: u16) -> Response {
        // SAFETY: a host call without memory.
        unsafe { host::respond(u32::from(status)) };
        Response {
            serial: next(true),
            event: PhantomData,
        }
    }

    /// A redirect: `status` is 301, 302, 303, 307 or 308.
    #[inline(always)]
    pub fn redirect(status: u16, location: &str) -> Response {
        Response::new(status).header("Location", location)
    }

    /// Sets the reason phrase.
    #[inline(always)]
    pub fn description(self, words: &str) -> Response {
        self.check();
        field::set(host::field::STATUS_DESCRIPTION, words);
        self
    }

    /// Replaces all values of a header by one.
    #[inline(always)]
    pub fn header(self, name: impl Name, value: impl Value) -> Response {
        self.headers().set(name, value);
        self
    }

    /// The same with a constant, which crosses to the host once and not at
    /// every event.
    #[inline(always)]
    pub fn header_const(self, name: impl Name, value: &'static str) -> Response {
        self.headers().set_const(name, value);
        self
    }

    /// Adds a value beside those that are there: for `Set-Cookie`.
    #[inline(always)]
    pub fn append_header(self, name: impl Name, value: &str) -> Response {
        self.headers().append(name, value);
        self
    }

    /// Sets the body, as text. Give a `Content-Type` too.
    #[inline(always)]
    pub fn body(self, text: &str) -> Response {
        self.check();
        body::set_text(text);
        self
    }

    /// Sets the body, as bytes; CloudFront gets them as base64.
    #[inline(always)]
    pub fn body_bytes(self, bytes: &[u8]) -> Response {
        self.check();
        body::set_bytes(bytes);
        self
    }

    /// The headers so far, to change.
    #[inline(always)]
    pub fn headers(&self) -> ResponseHeaders<'_> {
        self.check();
        ResponseHeaders::new()
    }

    #[inline(always)]
    pub(crate) fn check(&self) {
        if self.serial != BUILDING.with(|building| building.serial) {
            stale();
        }
    }
}

#[cold]
#[inline(never)]
fn stale() -> ! {
    panic!("this response was given up when another one was begun")
}

/// Answers that most handlers give.
impl Response {
    /// A page, in UTF-8. What comes from outside goes through
    /// [`html::escape`](crate::html::escape) first.
    ///
    /// ```no_run
    /// # use edgedeploy_guest::{html, status, Response, ViewerRequest};
    /// # fn f(event: ViewerRequest) -> Response {
    /// let page = event.concat(&["<h1>No ", &html::escape(event.uri()), " here</h1>"]);
    /// Response::html(status::NOT_FOUND, page)
    /// # }
    /// ```
    #[inline]
    pub fn html(status: u16, page: &str) -> Response {
        Response::new(status)
            .header_const("Content-Type", "text/html; charset=utf-8")
            .body(page)
    }

    /// A text, in UTF-8.
    #[inline]
    pub fn text(status: u16, text: &str) -> Response {
        Response::new(status)
            .header_const("Content-Type", "text/plain; charset=utf-8")
            .body(text)
    }

    /// A JSON document.
    #[inline]
    pub fn json(status: u16, document: &str) -> Response {
        Response::new(status)
            .header_const("Content-Type", "application/json")
            .body(document)
    }

    /// Keeps it out of every cache: `Cache-Control: no-store`.
    #[inline]
    pub fn no_store(self) -> Response {
        self.header_const("Cache-Control", "no-store")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake;

    #[test]
    fn a_response_is_built_at_the_host() {
        let session = fake::Session::new();
        let to = std::string::String::from("/b");
        let response = Response::redirect(302, &to)
            .description("Found it")
            .header_const("Cache-Control", "no-store")
            .append_header("Set-Cookie", "a=1")
            .append_header("Set-Cookie", "b=2")
            .body("moved");
        response.check();
        assert_eq!(session.field(host::field::STATUS).as_deref(), Some("302"));
        assert_eq!(
            session.field(host::field::STATUS_DESCRIPTION).as_deref(),
            Some("Found it")
        );
        assert_eq!(
            session.all(host::RESPONSE),
            [
                ("location", "/b"),
                ("cache-control", "no-store"),
                ("set-cookie", "a=1"),
                ("set-cookie", "b=2")
            ]
            .map(|(n, v)| (n.into(), v.into()))
        );
        assert_eq!(session.body(), Some((host::TEXT, b"moved".to_vec())));
        let response = response.body_bytes(&[0, 255]);
        assert_eq!(session.body(), Some((host::BYTES, std::vec![0, 255])));
        drop(response);
    }

    #[test]
    fn a_body_comes_with_its_type() {
        let session = fake::Session::new();
        for (make, kind) in [
            (
                Response::html as fn(u16, &str) -> Response,
                "text/html; charset=utf-8",
            ),
            (Response::text, "text/plain; charset=utf-8"),
            (Response::json, "application/json"),
        ] {
            let response = make(404, "ü").no_store();
            response.check();
            assert_eq!(session.field(host::field::STATUS).as_deref(), Some("404"));
            assert_eq!(session.body(), Some((host::TEXT, "ü".into())));
            assert_eq!(
                session.all(host::RESPONSE),
                [("content-type", kind), ("cache-control", "no-store")]
                    .map(|(n, v)| (n.into(), v.into()))
            );
        }
    }

    #[test]
    #[should_panic(expected = "given up when another one was begun")]
    fn a_response_given_up_cannot_be_built_on() {
        let _session = fake::Session::new();
        let first = Response::new(200);
        let _second = Response::new(404);
        let _ = first.header("x-a", "1");
    }

    #[test]
    #[should_panic(expected = "cannot be changed once a response was begun")]
    fn the_body_of_a_response_is_not_mistaken_for_the_requests() {
        let _session = fake::Session::new();
        begin_event();
        not_begun();
        let _response = Response::new(200);
        not_begun();
    }

    #[test]
    #[should_panic(expected = "given up when another one was begun")]
    fn a_response_of_the_event_before_is_stale() {
        let _session = fake::Session::new();
        let first = Response::new(200);
        begin_event();
        first.check();
    }
}
