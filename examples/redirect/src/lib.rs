//! One handler for all four triggers of a static site:
//!
//! - viewer-request: `www.example.com` moves to `example.com`, path and query kept
//! - origin-request: `/docs/` and `/docs` become `/docs/index.html`
//! - origin-response, viewer-response: security headers
//!
//! The host names and X-Frame-Options come from `config:` in edgedeploy.yaml.

use edgedeploy_guest::{
    config, handlers, log, HeadersMut, Interned, OriginRequest, OriginResponse, Response,
    ViewerRequest, ViewerResponse,
};

// A third of the bytes of the standard library's.
edgedeploy_guest::allocator!();

handlers! {
    init: Site = Site::from_config,
    viewer_request: redirect,
    origin_request: index_document,
    origin_response: |event: OriginResponse, site: &Site| secure(event.headers(), site),
    viewer_response: |event: ViewerResponse, site: &Site| secure(event.headers(), site),
}

/// What is the same for every event.
struct Site {
    from: String,
    to: String,
    frame_options: Interned,
}

impl Site {
    fn from_config() -> Site {
        let mut from = config("redirect-from").unwrap_or_default();
        let to = config("redirect-to").unwrap_or_default();
        if !from.is_empty() && to.is_empty() {
            // Without a host, the path would be read as one.
            log::error("config: redirect-to is missing, so nothing is redirected");
            from.clear();
        }
        Site {
            from,
            to,
            frame_options: Interned::new(config("frame-options").as_deref().unwrap_or("DENY")),
        }
    }
}

fn redirect(event: ViewerRequest, site: &Site) -> Option<Response> {
    let host = event.header("host")?;
    if site.from.is_empty() || !host.eq_ignore_ascii_case(&site.from) {
        return None;
    }
    let query = event.querystring();
    let mark = if query.is_empty() { "" } else { "?" };
    let to = event.concat(&["https://", &site.to, event.uri(), mark, query]);
    let answer = Response::redirect(301, to)
        .description("Moved Permanently")
        .header_const("Cache-Control", "max-age=3600");
    Some(answer)
}

fn index_document(event: OriginRequest, _: &Site) {
    let uri = event.uri();
    if let Some(rest) = missing(uri) {
        event.set_uri(event.concat(&[uri, rest]));
    }
}

/// What a path needs to name a document: nothing if its last part has a dot.
fn missing(uri: &str) -> Option<&'static str> {
    // What decides comes first from the end: a dot (a file) or a slash.
    match uri.bytes().rev().find(|b| *b == b'.' || *b == b'/') {
        Some(b'/') if uri.ends_with('/') => Some("index.html"),
        Some(b'/') => Some("/index.html"),
        _ => None,
    }
}

fn secure(headers: HeadersMut, site: &Site) {
    headers.set_const(
        "Strict-Transport-Security",
        "max-age=63072000; includeSubDomains",
    );
    headers.set_const("X-Content-Type-Options", "nosniff");
    headers.set_const("Referrer-Policy", "strict-origin-when-cross-origin");
    headers.set("X-Frame-Options", site.frame_options);
}

#[cfg(test)]
mod tests {
    use super::missing;

    #[test]
    fn folders_get_their_index_and_files_stay() {
        for (uri, want) in [
            ("/", Some("index.html")),
            ("/docs/", Some("index.html")),
            ("/docs", Some("/index.html")),
            ("/v1.2/docs", Some("/index.html")),
            ("/v1.2/", Some("index.html")),
            ("/site.css", None),
            ("/.well-known", None),
        ] {
            assert_eq!(missing(uri), want, "{uri}");
        }
    }
}
