//! Statuses by name (RFC 9110, 15; RFC 6585; RFC 7725), those that Lambda@Edge
//! can send: 200 to 599.
//!
//! ```no_run
//! use edgedeploy_guest::{status, Response};
//! # let _ =
//! Response::redirect(status::MOVED_PERMANENTLY, "https://example.com/")
//! # ;
//! ```

macro_rules! statuses {
    ($($name:ident = $code:literal;)*) => {$(
        #[doc = concat!("Status ", stringify!($code), ".")]
        pub const $name: u16 = $code;
    )*

        #[cfg(test)]
        const ALL: &[(&str, u16)] = &[$((stringify!($name), $code),)*];
    };
}

statuses! {
    OK = 200;
    CREATED = 201;
    ACCEPTED = 202;
    NO_CONTENT = 204;
    PARTIAL_CONTENT = 206;
    MOVED_PERMANENTLY = 301;
    FOUND = 302;
    SEE_OTHER = 303;
    NOT_MODIFIED = 304;
    TEMPORARY_REDIRECT = 307;
    PERMANENT_REDIRECT = 308;
    BAD_REQUEST = 400;
    UNAUTHORIZED = 401;
    PAYMENT_REQUIRED = 402;
    FORBIDDEN = 403;
    NOT_FOUND = 404;
    METHOD_NOT_ALLOWED = 405;
    NOT_ACCEPTABLE = 406;
    REQUEST_TIMEOUT = 408;
    CONFLICT = 409;
    GONE = 410;
    LENGTH_REQUIRED = 411;
    PRECONDITION_FAILED = 412;
    CONTENT_TOO_LARGE = 413;
    URI_TOO_LONG = 414;
    UNSUPPORTED_MEDIA_TYPE = 415;
    RANGE_NOT_SATISFIABLE = 416;
    MISDIRECTED_REQUEST = 421;
    UNPROCESSABLE_CONTENT = 422;
    TOO_EARLY = 425;
    UPGRADE_REQUIRED = 426;
    TOO_MANY_REQUESTS = 429;
    REQUEST_HEADER_FIELDS_TOO_LARGE = 431;
    UNAVAILABLE_FOR_LEGAL_REASONS = 451;
    INTERNAL_SERVER_ERROR = 500;
    NOT_IMPLEMENTED = 501;
    BAD_GATEWAY = 502;
    SERVICE_UNAVAILABLE = 503;
    GATEWAY_TIMEOUT = 504;
}

#[cfg(test)]
mod tests {
    use super::ALL;

    #[test]
    fn every_name_has_a_status_of_its_own_that_can_be_sent() {
        for pair in ALL.windows(2) {
            assert!(pair[0].1 < pair[1].1, "{pair:?}");
        }
        assert!(ALL.iter().all(|(_, code)| (200..600).contains(code)));
        for (name, code) in [
            ("FOUND", 302),
            ("FORBIDDEN", 403),
            ("UNAVAILABLE_FOR_LEGAL_REASONS", 451),
        ] {
            assert!(ALL.contains(&(name, code)), "{name}");
        }
    }
}
