//! Where CloudFront gets what is not in its cache.

use crate::field;
use crate::headers::{Headers, HeadersMut};
use crate::host::{self, field as f};
use core::marker::PhantomData;
use core::ops::Deref;

/// The two kinds of origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OriginKind {
    /// A web server.
    Custom,
    /// An S3 bucket.
    S3,
}

/// How CloudFront talks to a custom origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// Plain HTTP.
    Http,
    /// HTTPS.
    Https,
}

/// How CloudFront proves itself to S3. Origin access control (OAC) is not for
/// functions to change, says its documentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthMethod {
    /// Not at all.
    None,
    /// With an origin access identity (OAI); the region is required.
    OriginAccessIdentity,
}

/// An origin, to read. What only the other kind has is `None`.
#[derive(Clone, Copy)]
pub struct Origin<'e> {
    kind: OriginKind,
    event: PhantomData<*const &'e ()>,
}

impl<'e> Origin<'e> {
    pub(crate) fn of_event() -> Option<Self> {
        let kind = match field::get(f::ORIGIN_KIND)? {
            "s3" => OriginKind::S3,
            _ => OriginKind::Custom,
        };
        Some(Origin {
            kind,
            event: PhantomData,
        })
    }

    /// Custom or S3.
    pub fn kind(self) -> OriginKind {
        self.kind
    }

    /// The domain name.
    pub fn domain(self) -> &'e str {
        field::text(f::ORIGIN_DOMAIN)
    }

    /// What CloudFront puts before the path; empty, or starting with `/`.
    pub fn path(self) -> &'e str {
        field::text(f::ORIGIN_PATH)
    }

    /// The headers that CloudFront adds for the origin.
    pub fn headers(self) -> Headers<'e> {
        Headers::new(host::ORIGIN)
    }

    /// Custom: the protocol.
    pub fn protocol(self) -> Option<Protocol> {
        match field::get(f::ORIGIN_PROTOCOL)? {
            "http" => Some(Protocol::Http),
            _ => Some(Protocol::Https),
        }
    }

    /// Custom: the port.
    pub fn port(self) -> Option<u16> {
        field::number(f::ORIGIN_PORT)
    }

    /// Custom: how long CloudFront waits for an answer, in seconds.
    pub fn read_timeout(self) -> Option<u16> {
        field::number(f::ORIGIN_READ_TIMEOUT)
    }

    /// Custom: how long CloudFront keeps a connection, in seconds.
    pub fn keepalive_timeout(self) -> Option<u16> {
        field::number(f::ORIGIN_KEEPALIVE_TIMEOUT)
    }

    /// Custom: the TLS versions, `TLSv1.2` for example. None for S3.
    pub fn ssl_protocols(self) -> impl Iterator<Item = &'e str> {
        field::text(f::ORIGIN_SSL_PROTOCOLS)
            .split(',')
            .filter(|version| !version.is_empty())
    }

    /// S3: the region of the bucket.
    pub fn region(self) -> Option<&'e str> {
        field::get(f::ORIGIN_REGION)
    }

    /// S3: how CloudFront proves itself.
    pub fn auth_method(self) -> Option<AuthMethod> {
        match field::get(f::ORIGIN_AUTH_METHOD)? {
            "none" => Some(AuthMethod::None),
            _ => Some(AuthMethod::OriginAccessIdentity),
        }
    }
}

/// An origin of either kind, to change.
#[derive(Clone, Copy)]
pub struct EditOrigin<'e> {
    event: PhantomData<*const &'e ()>,
}

impl<'e> EditOrigin<'e> {
    pub(crate) fn new() -> Self {
        EditOrigin { event: PhantomData }
    }

    /// Changes the domain name: no port, no path.
    pub fn set_domain(self, domain: &str) {
        field::set(f::ORIGIN_DOMAIN, domain)
    }

    /// Changes what CloudFront puts before the path: empty, or it starts and
    /// does not end with `/`.
    pub fn set_path(self, path: &str) {
        field::set(f::ORIGIN_PATH, path)
    }

    /// The headers that CloudFront adds for the origin. A name must not be in
    /// the request's headers too.
    pub fn headers(self) -> HeadersMut<'e> {
        HeadersMut::new(host::ORIGIN)
    }
}

macro_rules! edits_both {
    ($name:ident, $kind:literal) => {
        impl<'e> Deref for $name<'e> {
            type Target = EditOrigin<'e>;

            fn deref(&self) -> &EditOrigin<'e> {
                &self.0
            }
        }

        impl $name<'_> {
            pub(crate) fn new() -> Self {
                field::set(f::ORIGIN_KIND, $kind);
                $name(EditOrigin::new())
            }
        }
    };
}

/// A custom origin, to change.
#[derive(Clone, Copy)]
pub struct CustomOrigin<'e>(EditOrigin<'e>);

edits_both!(CustomOrigin, "custom");

impl CustomOrigin<'_> {
    /// Changes the protocol. The port stays.
    pub fn set_protocol(self, protocol: Protocol) {
        let word = match protocol {
            Protocol::Http => "http",
            Protocol::Https => "https",
        };
        field::set(f::ORIGIN_PROTOCOL, word)
    }

    /// Changes the port: 80, 443, or 1024 to 65535.
    pub fn set_port(self, port: u16) {
        field::set_number(f::ORIGIN_PORT, port)
    }

    /// Changes how long CloudFront waits for an answer, in seconds. Its
    /// documentation said 4 to 60 in 2023; an account's quota may allow more.
    pub fn set_read_timeout(self, seconds: u16) {
        field::set_number(f::ORIGIN_READ_TIMEOUT, seconds)
    }

    /// Changes how long CloudFront keeps a connection, in seconds: 1 to 60 in
    /// its documentation of 2023.
    pub fn set_keepalive_timeout(self, seconds: u16) {
        field::set_number(f::ORIGIN_KEEPALIVE_TIMEOUT, seconds)
    }

    /// Changes the TLS versions: `&["TLSv1.2"]`.
    pub fn set_ssl_protocols(self, versions: &[&str]) {
        field::set(f::ORIGIN_SSL_PROTOCOLS, &versions.join(","))
    }
}

/// An S3 origin, to change.
#[derive(Clone, Copy)]
pub struct S3Origin<'e>(EditOrigin<'e>);

edits_both!(S3Origin, "s3");

impl S3Origin<'_> {
    /// Changes the region of the bucket. CloudFront requires it with
    /// [`AuthMethod::OriginAccessIdentity`].
    pub fn set_region(self, region: &str) {
        field::set(f::ORIGIN_REGION, region)
    }

    /// Changes how CloudFront proves itself.
    pub fn set_auth_method(self, method: AuthMethod) {
        let word = match method {
            AuthMethod::None => "none",
            AuthMethod::OriginAccessIdentity => "origin-access-identity",
        };
        field::set(f::ORIGIN_AUTH_METHOD, word)
    }
}
