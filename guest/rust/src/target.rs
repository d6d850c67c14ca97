//! The targets of redirects that come from a request, such as the page to
//! return to after a login.
//!
//! A target that is used as it came sends people to any site, from a link that
//! begins with your name (an *open redirect*). These accept what browsers read
//! as a place of yours, and nothing else.
//!
//! ```
//! use edgedeploy_guest::target;
//!
//! assert_eq!(target::local("/account?tab=2"), Some("/account?tab=2"));
//! assert_eq!(target::local("//evil.example"), None);
//! assert_eq!(target::local("/\t/evil.example"), None);
//!
//! let hosts = ["shop.example.com"];
//! assert!(target::on_hosts("https://shop.example.com/a", &hosts).is_some());
//! assert!(target::on_hosts("https://shop.example.com@evil.example/", &hosts).is_none());
//!
//! // Where the request was going, to come back to.
//! assert_eq!(target::of_request("//evil.example/a", "b=1"), "/evil.example/a?b=1");
//! ```

use crate::percent;
use alloc::string::String;

/// Returns the target if it is a path of the same site, with a query and fragment
/// or without: it begins with one slash, and has no backslash, space, control
/// character or anything beyond ASCII.
#[inline]
pub fn local(target: &str) -> Option<&str> {
    let mut bytes = target.bytes();
    let first = bytes.next() == Some(b'/');
    let second = bytes.next() != Some(b'/');
    if first && second && target.bytes().all(is_plain) {
        Some(target)
    } else {
        None
    }
}

/// Returns the target if it is [`local`], or an address with `https://` whose host
/// is one of these, without a port, user or password.
#[inline]
pub fn on_hosts<'t>(target: &'t str, hosts: &[&str]) -> Option<&'t str> {
    let rest = match target.get(..8) {
        Some(scheme) if scheme.eq_ignore_ascii_case("https://") => &target[8..],
        _ => return local(target),
    };
    let end = rest.find(&['/', '?', '#'][..]).unwrap_or(rest.len());
    let ours = hosts
        .iter()
        .any(|host| !host.is_empty() && host.eq_ignore_ascii_case(&rest[..end]));
    if ours && target.bytes().all(is_plain) {
        Some(target)
    } else {
        None
    }
}

#[inline]
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_graphic() && byte != b'\\'
}

/// Returns path and query of a request as a target that is [`local`]: slashes
/// and backslashes at the beginning become one slash, and what is neither
/// allowed nor percent-coded is percent-coded.
#[inline]
pub fn of_request(uri: &str, querystring: &str) -> String {
    const STAYS: &[u8] = b"%/:@!$&'()*+,;=?";
    let mut out = String::with_capacity(uri.len() + querystring.len() + 2);
    out.push('/');
    percent::push(
        &mut out,
        uri.trim_start_matches(|c: char| matches!(c, '/' | '\\') || c <= ' '),
        &STAYS[..STAYS.len() - 1],
    );
    if !querystring.is_empty() {
        out.push('?');
        percent::push(&mut out, querystring, STAYS);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::Dice;

    #[test]
    fn a_local_target_is_a_path() {
        for target in [
            "/",
            "/a",
            "/a//b",
            "/a?b=//c",
            "/#",
            "/?",
            "/a%0d%0ab",
            "/@b",
            "/:80",
            "/a?u=https://b/",
        ] {
            assert_eq!(local(target), Some(target));
            assert_eq!(on_hosts(target, &[]), Some(target));
        }
    }

    const ELSEWHERE: &[&str] = &[
        "",
        "a",
        "?a",
        "#",
        ".",
        "..",
        "//",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "\\/evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "/\r\nSet-Cookie: a=1",
        " /a",
        "/a b",
        "\t//evil.example",
        "/\0",
        "/ü",
        "/\u{7f}",
        "http://evil.example",
        "https:evil.example",
        "https:/evil.example",
        "https:///evil.example",
        "https:\\\\evil.example",
        "https://",
        "https:///",
        "https://evil.example",
        "https://shop.example.com.evil.example",
        "https://evilshop.example.com",
        "https://shop.example.com@evil.example",
        "https://shop.example.com:443@evil.example",
        "https://user@shop.example.com",
        "https://shop.example.com:8443/",
        "https://shop.example.com\\@evil.example",
        "https://evil.example#@shop.example.com",
        "https://evil.example?shop.example.com",
        "https://shop.example.com\t.evil.example",
        "https://shop.example.com/\n",
        "https://shop.example.com./",
        "http://shop.example.com/",
        "javascript:alert(1)",
        "data:text/html,a",
        "//shop.example.com/",
        "https://shop.example.c\u{131}m/",
        "ht\ntps://evil.example",
    ];

    #[test]
    fn what_may_lead_elsewhere_is_none() {
        for target in ELSEWHERE {
            assert_eq!(local(target), None, "{target:?}");
            assert_eq!(
                on_hosts(target, &["shop.example.com", ""]),
                None,
                "{target:?}"
            );
        }
    }

    #[test]
    fn a_host_that_is_listed_is_ours() {
        for target in [
            "https://shop.example.com",
            "HTTPS://SHOP.example.com/a?b#c",
            "https://shop.example.com?a=@evil.example",
        ] {
            assert_eq!(
                on_hosts(target, &["x.example", "Shop.example.com"]),
                Some(target)
            );
            assert_eq!(local(target), None);
        }
    }

    #[test]
    fn what_a_request_asked_for_is_local_whatever_it_was() {
        for (uri, query, want) in [
            ("/a/b", "", "/a/b"),
            ("/", "a=1&b=%20", "/?a=1&b=%20"),
            ("//evil.example/a", "", "/evil.example/a"),
            ("/\\evil.example/a", "", "/evil.example/a"),
            ("///\\//evil.example/a", "", "/evil.example/a"),
            ("/\t/\u{1} evil.example/a", "", "/evil.example/a"),
            ("/ü", "ü=\"", "/%C3%BC?%C3%BC=%22"),
            ("/a?b", "c", "/a%3Fb?c"),
            ("", "", "/"),
        ] {
            assert_eq!(of_request(uri, query), want, "{uri}");
        }
        let mut dice = Dice::new(14);
        let parts = [
            "/",
            "\\",
            "\t",
            "\r\n",
            "ü",
            "a",
            "%5c",
            "%",
            "?",
            "#",
            ":",
            "@",
            "evil.example",
            " ",
            "\0",
            "https:",
        ];
        for _ in 0..5000 {
            let (uri, query) = (dice.text(&parts, 8), dice.text(&parts, 4));
            let target = of_request(&uri, &query);
            assert_eq!(local(&target), Some(&*target), "{uri:?} {query:?}");
        }
    }
}
