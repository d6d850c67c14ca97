//! Paths of requests.
//!
//! ```
//! use edgedeploy_guest::path;
//!
//! assert_eq!(path::extension("/docs/v1.2/site.CSS"), Some("CSS"));
//! assert_eq!(path::extension("/docs/v1.2/"), None);
//! assert_eq!(path::index("/docs").as_deref(), Some("/docs/index.html"));
//! assert_eq!(path::index("/site.css"), None);
//! assert!(!path::is_plain("/members/%2e%2e/admin"));
//! ```

use alloc::string::String;

/// Returns what follows the last dot of the last segment, `None` without one or
/// where nothing follows. A name that begins with its only dot has none.
#[inline]
pub fn extension(path: &str) -> Option<&str> {
    let (name, extension) = last(path).rsplit_once('.')?;
    if name.is_empty() || extension.is_empty() {
        None
    } else {
        Some(extension)
    }
}

/// Returns the document of a folder: `/docs/` and `/docs` give
/// `/docs/index.html`. `None` if the last segment has a dot, which makes it a file.
#[inline]
pub fn index(path: &str) -> Option<String> {
    let last = last(path);
    if last.contains('.') {
        return None;
    }
    let slash = if last.is_empty() { "" } else { "/" };
    Some([path, slash, "index.html"].concat())
}

#[inline]
fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Reports whether a path can be read in one way only: no segments of dots, no
/// empty ones, no backslash or semicolon, and none of these encoded, once or
/// several times. What decides by a path who may have it should refuse others,
/// because the origin may read them otherwise: `/a/../b` is `/b` for many.
#[inline]
pub fn is_plain(path: &str) -> bool {
    const ODD: [&str; 10] = [
        "//", "/./", "/../", "\\", ";", "%2e", "%2f", "%5c", "%3b", "%25",
    ];
    let path = path.to_ascii_lowercase();
    !ODD.iter().any(|odd| path.contains(odd)) && !path.ends_with("/.") && !path.ends_with("/..")
}

/// Reports whether a path lies below another: `/a` holds `/a` and `/a/b`, not
/// `/ab`. Ask [`is_plain`] too.
///
/// ```
/// use edgedeploy_guest::path;
///
/// assert!(path::is_below("/api/users", "/api"));
/// assert!(!path::is_below("/apis", "/api"));
/// ```
#[inline]
pub fn is_below(path: &str, folder: &str) -> bool {
    match path.strip_prefix(folder.trim_end_matches('/')) {
        Some(rest) => rest.is_empty() || rest.starts_with('/'),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::Dice;

    #[test]
    fn files_have_an_extension_and_folders_an_index() {
        for (path, ext, idx) in [
            ("/", None, Some("/index.html")),
            ("", None, Some("index.html")),
            ("/docs/", None, Some("/docs/index.html")),
            ("/docs", None, Some("/docs/index.html")),
            ("/v1.2/docs", None, Some("/v1.2/docs/index.html")),
            ("/v1.2/", None, Some("/v1.2/index.html")),
            ("/site.css", Some("css"), None),
            ("/a.tar.gz", Some("gz"), None),
            ("/.well-known", None, None),
            ("/a.", None, None),
            ("/ü.ü", Some("ü"), None),
        ] {
            assert_eq!(extension(path), ext, "{path}");
            assert_eq!(index(path).as_deref(), idx, "{path}");
        }
    }

    #[test]
    fn what_origins_may_read_in_two_ways_is_not_plain() {
        for path in [
            "/", "/a/b", "/a..b", "/..a", "/a.", "/...", "/a%20b", "/ü", "/a:b",
        ] {
            assert!(is_plain(path), "{path}");
        }
        for path in [
            "//",
            "/a//b",
            "/.",
            "/..",
            "/./a",
            "/a/../b",
            "/a/..",
            "/a\\b",
            "/%2e%2E/b",
            "/a%2Fb",
            "/a%2fb",
            "/%5c",
            "/%252e",
            "/a;b",
            "/..;/b",
            "/a%3Bb",
        ] {
            assert!(!is_plain(path), "{path}");
        }
    }

    #[test]
    fn a_plain_path_below_a_folder_stays_there_however_it_is_decoded() {
        let mut dice = Dice::new(10);
        let parts = [
            "/", ".", "..", "%2e", "%2F", "%25", "2e", "a", "\\", "%5c", "b", "%",
        ];
        let mut held = 0;
        for _ in 0..20_000 {
            let path = ["/a", &dice.text(&parts, 6)].concat();
            if !is_plain(&path) || !is_below(&path, "/a") {
                continue;
            }
            held += 1;
            let mut read = path.clone();
            for _ in 0..3 {
                read = crate::percent::decode_lossy(&read).replace('\\', "/");
                let mut at = std::vec::Vec::new();
                for segment in read.split('/').filter(|s| !s.is_empty() && *s != ".") {
                    if segment == ".." {
                        at.pop();
                    } else {
                        at.push(segment);
                    }
                }
                assert_eq!(at.first(), Some(&"a"), "{path}");
            }
        }
        assert!(held > 500, "{held}");
    }

    #[test]
    fn a_folder_ends_at_a_slash() {
        for (path, folder, want) in [
            ("/a", "/a", true),
            ("/a/b", "/a/", true),
            ("/a", "/a/", true),
            ("/ab", "/a", false),
            ("/", "/a", false),
            ("/A", "/a", false),
            ("/x", "/", true),
            ("/x", "", true),
            ("x", "/a", false),
        ] {
            assert_eq!(is_below(path, folder), want, "{path} {folder}");
        }
    }
}
