//! The events of the four triggers.

use crate::headers::{Headers, HeadersMut};
use crate::host::{self, field as f};
use crate::intern::Name;
use crate::origin::{CustomOrigin, EditOrigin, Origin, S3Origin};
use crate::{body, cookie, field, query, response, room, Body};
use alloc::borrow::Cow;
use core::marker::PhantomData;

/// The four triggers, as types. They tell the compiler what an [`Event`] may do.
pub mod trigger {
    use crate::host::{REQUEST, RESPONSE};

    mod sealed {
        pub trait Sealed {}
    }

    /// One of the four.
    pub trait Trigger: sealed::Sealed {
        /// Whose headers its events have: number 0 the request's, 1 the response's.
        #[doc(hidden)]
        const OWN: u32;
    }
    /// A trigger on the way in: its event is a request.
    pub trait OnRequest: Trigger {}
    /// A trigger on the way out: its event is a response.
    pub trait OnResponse: Trigger {}
    /// A trigger between the cache and the origin.
    pub trait AtOrigin: Trigger {}

    macro_rules! triggers {
        ($($name:ident $own:ident: $($kind:ident),+;)*) => {$(
            #[doc = "A type without values: see [`Event`](super::Event)."]
            pub enum $name {}
            impl sealed::Sealed for $name {}
            impl Trigger for $name {
                const OWN: u32 = $own;
            }
            $(impl $kind for $name {})+
        )*};
    }

    triggers! {
        ViewerRequest REQUEST: OnRequest;
        OriginRequest REQUEST: OnRequest, AtOrigin;
        OriginResponse RESPONSE: OnResponse, AtOrigin;
        ViewerResponse RESPONSE: OnResponse;
    }
}

use trigger::{AtOrigin, OnRequest, OnResponse, Trigger};

/// A request on its way from the viewer to the cache. Runs for every request.
pub type ViewerRequest<'e> = Event<'e, trigger::ViewerRequest>;
/// A request on its way from the cache to the origin. Runs on cache misses only.
pub type OriginRequest<'e> = Event<'e, trigger::OriginRequest>;
/// A response on its way from the origin to the cache. Runs for errors too.
pub type OriginResponse<'e> = Event<'e, trigger::OriginResponse>;
/// A response on its way from the cache to the viewer. CloudFront skips it when
/// the origin answered 400 or above.
pub type ViewerResponse<'e> = Event<'e, trigger::ViewerResponse>;

/// One event of CloudFront: a handle on what the host holds.
///
/// It costs nothing to copy, and every method is one call to the host. A `&str`
/// that it returns is as it was when it was asked for, whatever is changed
/// later, and lives as long as the event. Each call delivers anew: keep what you
/// need twice.
///
/// So nothing of it can be kept for the next event; this does not compile:
///
/// ```compile_fail
/// use edgedeploy_guest::{handlers, ViewerRequest};
/// use std::cell::Cell;
///
/// handlers! { init: Cell<&'static str> = || Cell::new(""), viewer_request: keep }
///
/// fn keep(event: ViewerRequest, last: &Cell<&'static str>) {
///     last.set(event.uri())
/// }
/// # fn main() {}
/// ```
///
/// What the event's trigger may not do does not compile either. This does:
///
/// ```no_run
/// fn handler(event: edgedeploy_guest::ViewerRequest) {
///     event.set_uri("/")
/// }
/// ```
///
/// and this does not, because the request is long answered:
///
/// ```compile_fail
/// fn handler(event: edgedeploy_guest::ViewerResponse) {
///     event.set_uri("/")
/// }
/// ```
pub struct Event<'e, T> {
    event: PhantomData<(*const &'e (), T)>,
}

impl<T> Clone for Event<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Event<'_, T> {}

impl<'e, T: Trigger> Event<'e, T> {
    #[inline(always)]
    pub(crate) fn new() -> Self {
        Event { event: PhantomData }
    }

    /// The request, to read: of a response event the one that led to it.
    pub fn request(self) -> Request<'e> {
        Request { event: PhantomData }
    }

    /// The first value of a header: of the request at request triggers, of the
    /// response at response triggers.
    #[inline(always)]
    pub fn header(self, name: impl Name) -> Option<&'e str> {
        self.headers().get(name)
    }

    /// The headers of the request or the response, to read and to change.
    #[inline(always)]
    pub fn headers(self) -> HeadersMut<'e> {
        HeadersMut::new(T::OWN)
    }

    /// Puts strings together, in memory that the event has anyway: nothing is
    /// allocated, and nothing has to be freed.
    ///
    /// ```no_run
    /// # fn f(event: edgedeploy_guest::ViewerRequest) {
    /// let to = event.concat(&["https://example.com", event.uri()]);
    /// # }
    /// ```
    #[inline]
    pub fn concat(self, parts: &[&str]) -> &'e str {
        // SAFETY: `'e` is the event's.
        unsafe { room::concat(parts) }
    }

    /// CloudFront's id of the request, as in its logs (`x-edge-request-id`).
    pub fn request_id(self) -> &'e str {
        field::text(f::REQUEST_ID)
    }

    /// The id of the distribution.
    pub fn distribution_id(self) -> &'e str {
        field::text(f::DISTRIBUTION_ID)
    }

    /// The domain name of the distribution, `d111111abcdef8.cloudfront.net`.
    pub fn distribution_domain(self) -> &'e str {
        field::text(f::DISTRIBUTION_DOMAIN)
    }
}

/// The request of any event, to read. For functions that several triggers share.
#[derive(Clone, Copy)]
pub struct Request<'e> {
    event: PhantomData<*const &'e ()>,
}

impl<'e> Request<'e> {
    /// `GET`, `POST` and so on.
    #[inline(always)]
    pub fn method(self) -> &'e str {
        field::text(f::METHOD)
    }

    /// The path, without the query string.
    #[inline(always)]
    pub fn uri(self) -> &'e str {
        field::text(f::URI)
    }

    /// The query string without `?`, empty if there is none.
    #[inline(always)]
    pub fn querystring(self) -> &'e str {
        field::text(f::QUERYSTRING)
    }

    /// The viewer's IP address, version 4 or 6.
    #[inline(always)]
    pub fn client_ip(self) -> &'e str {
        field::text(f::CLIENT_IP)
    }

    /// The first value of a header.
    #[inline(always)]
    pub fn header(self, name: impl Name) -> Option<&'e str> {
        self.headers().get(name)
    }

    /// The headers.
    #[inline(always)]
    pub fn headers(self) -> Headers<'e> {
        Headers::new(host::REQUEST)
    }

    /// The value of a cookie, as it was sent: nothing is decoded. The first one
    /// if there are several of that name.
    pub fn cookie(self, name: &str) -> Option<&'e str> {
        self.headers()
            .get_all("cookie")
            .find_map(|line| cookie::find(line, name))
    }

    /// The first value of a name in the query, decoded: see [`query`](crate::query).
    #[inline]
    pub fn query(self, name: &str) -> Option<Cow<'e, str>> {
        query::get(self.querystring(), name)
    }
}

/// What both request triggers may do.
impl<'e, T: OnRequest> Event<'e, T> {
    /// `GET`, `POST` and so on.
    #[inline(always)]
    pub fn method(self) -> &'e str {
        self.request().method()
    }

    /// The path, without the query string.
    #[inline(always)]
    pub fn uri(self) -> &'e str {
        self.request().uri()
    }

    /// The query string without `?`, empty if there is none.
    #[inline(always)]
    pub fn querystring(self) -> &'e str {
        self.request().querystring()
    }

    /// The viewer's IP address, version 4 or 6.
    #[inline(always)]
    pub fn client_ip(self) -> &'e str {
        self.request().client_ip()
    }

    /// The value of a cookie: see [`Request::cookie`].
    pub fn cookie(self, name: &str) -> Option<&'e str> {
        self.request().cookie(name)
    }

    /// The first value of a name in the query, decoded: see [`query`](crate::query).
    #[inline]
    pub fn query(self, name: &str) -> Option<Cow<'e, str>> {
        self.request().query(name)
    }

    /// Changes the path. It starts with `/` and has no spaces or control
    /// characters. The cache behavior stays the one that was chosen.
    #[inline(always)]
    pub fn set_uri(self, uri: &str) {
        field::set(f::URI, uri)
    }

    /// Changes the query string: no `?`, spaces, control characters or `#`.
    #[inline(always)]
    pub fn set_querystring(self, querystring: &str) {
        field::set(f::QUERYSTRING, querystring)
    }

    /// The body, `None` where the behavior does not include it
    /// (`include-body: true` in the spec).
    pub fn body(self) -> Option<Body<'e>> {
        Body::of_request()
    }

    /// Replaces the request's body by text. Fails where the behavior does not
    /// include it. Headers that describe the body stay as they are. Once a
    /// [`Response`](crate::Response) was begun the request is over, and this panics.
    pub fn set_body(self, text: &str) {
        response::not_begun();
        body::set_text(text)
    }

    /// Replaces the request's body by bytes.
    pub fn set_body_bytes(self, bytes: &[u8]) {
        response::not_begun();
        body::set_bytes(bytes)
    }
}

/// What both response triggers may do.
impl<'e, T: OnResponse> Event<'e, T> {
    /// The status, 0 if the event has none (CloudFront's always have).
    pub fn status(self) -> u16 {
        field::number(f::STATUS).unwrap_or(0)
    }

    /// The reason phrase.
    pub fn status_description(self) -> Option<&'e str> {
        field::get(f::STATUS_DESCRIPTION)
    }
}

/// What only origin-response may do.
impl OriginResponse<'_> {
    /// Changes the status, 200 to 599, and drops the old reason phrase.
    pub fn set_status(self, status: u16) {
        field::set_number(f::STATUS, status)
    }

    /// Changes the reason phrase. After [`set_status`](Self::set_status).
    pub fn set_status_description(self, words: &str) {
        field::set(f::STATUS_DESCRIPTION, words)
    }

    /// Replaces the body by text; an empty one removes it. The origin's body is
    /// not exposed, and passes through if it is not replaced. Headers that
    /// describe the body stay as they are.
    pub fn set_body(self, text: &str) {
        body::set_text(text)
    }

    /// Replaces the body by bytes.
    pub fn set_body_bytes(self, bytes: &[u8]) {
        body::set_bytes(bytes)
    }
}

/// What both origin triggers may do.
impl<'e, T: AtOrigin> Event<'e, T> {
    /// The origin, to read. `None` if CloudFront does not tell it.
    pub fn origin(self) -> Option<Origin<'e>> {
        Origin::of_event()
    }
}

/// What only origin-request may do. Each of these fails if CloudFront did not
/// tell the origin. A new origin usually wants its own `Host` header too:
/// `event.headers().set("Host", …)`.
impl<'e> OriginRequest<'e> {
    /// Sends the request to another host: changes the origin's domain name and
    /// the `Host` header together, because an origin that is asked for another
    /// one's site has no answer. Everything else of the origin stays.
    #[inline]
    pub fn send_to(self, domain: &str) {
        self.edit_origin().set_domain(domain);
        self.headers().set("Host", domain);
    }

    /// The origin, to change what both kinds have.
    pub fn edit_origin(self) -> EditOrigin<'e> {
        EditOrigin::new()
    }

    /// The origin as a custom one. If it was S3 it becomes custom: domain, path
    /// and custom headers stay, the rest is https on port 443, TLSv1.2, a read
    /// timeout of 30 s and a keep-alive timeout of 5 s.
    pub fn custom_origin(self) -> CustomOrigin<'e> {
        CustomOrigin::new()
    }

    /// The origin as S3. If it was custom it becomes S3: domain, path and custom
    /// headers stay, authentication is `none`. The domain is the bucket's
    /// regional one.
    pub fn s3_origin(self) -> S3Origin<'e> {
        S3Origin::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake;

    #[test]
    fn the_query_of_any_event_is_read_decoded() {
        let _session = fake::Session::new();
        let event = ViewerRequest::new();
        assert_eq!(event.query("a"), None);
        event.set_querystring("a=x%20y&a=2&b");
        assert_eq!(event.query("a").as_deref(), Some("x y"));
        assert_eq!(
            ViewerResponse::new().request().query("b").as_deref(),
            Some("")
        );
    }

    #[test]
    fn another_origin_is_asked_for_its_own_site() {
        let session = fake::Session::new();
        session.headers(host::REQUEST, &[("host", "www.example.com")]);
        OriginRequest::new().send_to("eu.example.com");
        assert_eq!(
            session.field(f::ORIGIN_DOMAIN).as_deref(),
            Some("eu.example.com")
        );
        assert_eq!(
            session.all(host::REQUEST),
            [("host".into(), "eu.example.com".into())]
        );
    }
}
