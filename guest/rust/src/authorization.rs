//! The `Authorization` header (RFC 9110, 11.6.2).
//!
//! ```
//! use edgedeploy_guest::authorization::{basic, bearer};
//!
//! assert_eq!(bearer("Bearer abc.def"), Some("abc.def"));
//! let login = basic("Basic YW5uOnM6MWNyZXQ=").unwrap();
//! assert_eq!((&*login.user, &*login.password), ("ann", "s:1cret"));
//! ```

use crate::{base64, constant_time_eq};
use alloc::string::String;

/// What somebody typed for Basic authentication (RFC 7617).
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    /// The name, without a colon.
    pub user: String,
    /// The password.
    pub password: String,
}

impl Login {
    /// Reports whether this is the user with the password, in a time that does
    /// not tell how much of it is right.
    #[inline]
    pub fn is(&self, user: &str, password: &str) -> bool {
        // Both, whatever the first says.
        constant_time_eq(self.user.as_bytes(), user.as_bytes())
            & constant_time_eq(self.password.as_bytes(), password.as_bytes())
    }
}

/// Reads the header of Basic authentication; `None` if it is another scheme, or
/// not base64 of UTF-8 with a colon in it.
#[inline]
pub fn basic(header: &str) -> Option<Login> {
    let decoded = base64::decode(of(header, "basic")?)?;
    let text = String::from_utf8(decoded).ok()?;
    let (user, password) = text.split_once(':')?;
    Some(Login {
        user: user.into(),
        password: password.into(),
    })
}

/// Returns the token of Bearer authentication (RFC 6750); `None` if it is
/// another scheme, or no token.
#[inline]
pub fn bearer(header: &str) -> Option<&str> {
    of(header, "bearer")
}

/// What follows a scheme, which has no case.
#[inline]
fn of<'h>(header: &'h str, scheme: &str) -> Option<&'h str> {
    let (name, rest) = header.trim().split_once(' ')?;
    let rest = rest.trim();
    if name.eq_ignore_ascii_case(scheme) && !rest.is_empty() && !rest.contains(' ') {
        Some(rest)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::Dice;

    #[test]
    fn a_token_follows_its_scheme() {
        for (header, want) in [
            ("Bearer abc", Some("abc")),
            ("bearer  abc ", Some("abc")),
            ("BEARER a", Some("a")),
            ("Bearer", None),
            ("Bearer ", None),
            ("Bearer a b", None),
            ("Bearera", None),
            ("Basic abc", None),
            ("", None),
        ] {
            assert_eq!(bearer(header), want, "{header:?}");
        }
    }

    #[test]
    fn a_login_is_a_name_and_all_that_follows_the_first_colon() {
        for (header, want) in [
            ("Basic YTpi", Some(("a", "b"))),
            ("basic YTpi", Some(("a", "b"))),
            ("Basic YTpiOmM=", Some(("a", "b:c"))),
            ("Basic Og==", Some(("", ""))),
            ("Basic w7w6w7w", Some(("ü", "ü"))),
            ("Basic YWI=", None),  // no colon
            ("Basic /zo=", None),  // not UTF-8
            ("Basic YTpi=", None), // not base64
            ("Basic YT pi", None),
            ("Basic a:b", None),
            ("Bearer YTpi", None),
        ] {
            let got = basic(header);
            let got = got.as_ref().map(|login| (&*login.user, &*login.password));
            assert_eq!(got, want, "{header:?}");
        }
    }

    #[test]
    fn what_was_typed_is_read() {
        let mut dice = Dice::new(9);
        for _ in 0..1000 {
            let user = dice.text(&["a", "ü", " ", "\0", "="], 5);
            let password = dice.text(&["a", ":", "ü", "\n"], 5);
            let header = [
                "Basic ",
                &base64::encode([&*user, ":", &password].concat().as_bytes()),
            ]
            .concat();
            let login = basic(&header).unwrap();
            assert!(login.user == user && login.password == password);
            assert!(login.is(&user, &password));
            assert!(!login.is(&user, &[&password, "x"].concat()));
            assert!(!login.is("x", &password));
        }
    }
}
