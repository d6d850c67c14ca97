//! Methods by name (RFC 9110, 9; RFC 5789): those that CloudFront passes.
//!
//! ```
//! use edgedeploy_guest::method;
//!
//! assert!(method::is_safe(method::GET));
//! assert!(!method::is_safe(method::POST));
//! ```

/// Asks for something.
pub const GET: &str = "GET";
/// Asks for the headers alone.
pub const HEAD: &str = "HEAD";
/// Sends something to be worked on.
pub const POST: &str = "POST";
/// Puts something there.
pub const PUT: &str = "PUT";
/// Changes a part.
pub const PATCH: &str = "PATCH";
/// Removes something.
pub const DELETE: &str = "DELETE";
/// Asks what can be done; browsers send it before requests to other sites.
pub const OPTIONS: &str = "OPTIONS";

/// Reports whether a method only reads. Methods have a case.
#[inline]
pub fn is_safe(method: &str) -> bool {
    matches!(method, GET | HEAD | OPTIONS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_something_is_not_safe() {
        for (method, want) in [
            (GET, true),
            (HEAD, true),
            (OPTIONS, true),
            (POST, false),
            (PUT, false),
            (PATCH, false),
            (DELETE, false),
            ("get", false),
            ("", false),
            ("TRACE", false),
            ("GET ", false),
        ] {
            assert_eq!(is_safe(method), want, "{method:?}");
        }
    }
}
