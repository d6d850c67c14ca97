//! One handler for all four triggers of a static site:
//!
//! - viewer-request: `www.example.com` moves to `example.com`, path and query kept
//! - origin-request: `/docs/` and `/docs` become `/docs/index.html`
//! - origin-response, viewer-response: security headers
//!
//! The host names and X-Frame-Options come from `config:` in edgedeploy.yaml.

mod edge;

use edge::{Event, Field, Interned, Of};

/// What is the same for every event, made once per instance.
struct Site {
    from: String,
    to: String,
    host: Interned,
    location: Interned,
    cache_control: Interned,
    redirect_ttl: Interned,
    security: Vec<(Interned, Interned)>,
}

static mut SITE: Option<Site> = None;

#[no_mangle]
pub extern "C" fn edge_init() {
    let frame_options = edge::config("frame-options").unwrap_or_else(|| "DENY".into());
    let security = [
        (
            "Strict-Transport-Security",
            "max-age=63072000; includeSubDomains",
        ),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "strict-origin-when-cross-origin"),
        ("X-Frame-Options", frame_options.as_str()),
    ];
    let site = Site {
        from: edge::config("redirect-from").unwrap_or_default(),
        to: edge::config("redirect-to").unwrap_or_default(),
        host: edge::intern("Host"),
        location: edge::intern("Location"),
        cache_control: edge::intern("Cache-Control"),
        redirect_ttl: edge::intern("max-age=3600"),
        security: security
            .iter()
            .map(|(n, v)| (edge::intern(n), edge::intern(v)))
            .collect(),
    };
    // SAFETY: a module has one thread, and nothing else runs during edge_init.
    unsafe { SITE = Some(site) }
}

#[no_mangle]
pub extern "C" fn edge_handle(event: u32) -> i32 {
    // SAFETY: edge_init wrote it before the first event; nobody writes it again.
    let site = match unsafe { &*core::ptr::addr_of!(SITE) } {
        Some(site) => site,
        None => return -1,
    };
    match Event::from(event) {
        Event::ViewerRequest => redirect(site),
        Event::OriginRequest => index_document(),
        Event::OriginResponse | Event::ViewerResponse => secure(site),
    }
}

fn redirect(site: &Site) -> i32 {
    let host = edge::header(Of::Request, site.host, 0).unwrap_or_default();
    if site.from.is_empty() || !host.eq_ignore_ascii_case(&site.from) {
        return edge::CONTINUE;
    }
    let mut to = String::from("https://");
    to.push_str(&site.to);
    to.push_str(&edge::get(Field::Uri).unwrap_or_default());
    let query = edge::get(Field::Querystring).unwrap_or_default();
    if !query.is_empty() {
        to.push('?');
        to.push_str(&query);
    }
    edge::respond(301);
    edge::set(Field::StatusDescription, "Moved Permanently");
    edge::put_header(Of::Response, site.location, &to);
    edge::set_header(Of::Response, site.cache_control, site.redirect_ttl);
    edge::ANSWER
}

fn index_document() -> i32 {
    let mut uri = edge::get(Field::Uri).unwrap_or_default();
    // What decides comes first from the end: a dot (a file) or a slash.
    let last = uri.bytes().rev().find(|b| *b == b'.' || *b == b'/');
    if uri.ends_with('/') {
        uri.push_str("index.html");
    } else if last == Some(b'/') {
        uri.push_str("/index.html");
    } else {
        return edge::CONTINUE;
    }
    edge::set(Field::Uri, &uri);
    edge::CONTINUE
}

fn secure(site: &Site) -> i32 {
    for (name, value) in &site.security {
        edge::set_header(Of::Response, *name, *value);
    }
    edge::CONTINUE
}
