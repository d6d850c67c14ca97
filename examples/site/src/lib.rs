//! What a static site in several languages needs:
//!
//! - viewer-request: moved pages, from a table; `/` goes to the visitor's language
//! - origin-request: `/en/docs/` and `/en/docs` become `/en/docs/index.html`
//! - viewer-response: security headers
//!
//! All of it is set under `config:` in edgedeploy.yaml.

use edgedeploy_guest::settings::{self, Error, Setting, Value};
use edgedeploy_guest::{accept, handlers, path, status, target};
use edgedeploy_guest::{Interned, OriginRequest, Response, ViewerRequest, ViewerResponse};
use std::collections::BTreeMap;

edgedeploy_guest::allocator!();

handlers! {
    init: Site = Site::from_config,
    viewer_request: arrive,
    origin_request: index_document,
    viewer_response: secure,
}

struct Site {
    languages: Vec<String>,
    moved: BTreeMap<String, Moved>,
    headers: Vec<(Interned, Interned)>,
}

/// Where a page is now.
#[derive(Debug, PartialEq)]
struct Moved {
    to: String,
    status: u16,
}

impl Setting for Moved {
    fn read(value: Value<'_>) -> Result<Self, Error> {
        let map = value.map(&["to", "status"])?;
        let moved = Moved {
            to: map.get("to")?,
            status: map.get_or("status", status::MOVED_PERMANENTLY)?,
        };
        if !matches!(moved.status, 301 | 302 | 307 | 308) {
            return Err(map.error("want a status of 301, 302, 307 or 308"));
        }
        if target::local(&moved.to).is_none() && !moved.to.starts_with("https://") {
            return Err(map.error("want a path, or an address with https://"));
        }
        Ok(moved)
    }
}

impl Site {
    fn from_config() -> Result<Site, Error> {
        let languages: Vec<String> = settings::get("languages")?;
        if languages.is_empty() {
            return Err(settings::invalid("languages", "want at least one"));
        }
        let headers: BTreeMap<String, String> = settings::get_or("headers", BTreeMap::new())?;
        let numbered =
            |(name, value): (&String, &String)| (Interned::new(name), Interned::new(value));
        Ok(Site {
            languages,
            moved: settings::get_or("moved", BTreeMap::new())?,
            headers: headers.iter().map(numbered).collect(),
        })
    }
}

fn arrive(event: ViewerRequest, site: &Site) -> Option<Response> {
    let uri = event.uri();
    if let Some(moved) = site.moved.get(uri) {
        let mark = if event.querystring().is_empty() {
            ""
        } else {
            "?"
        };
        let to = event.concat(&[&moved.to, mark, event.querystring()]);
        return Some(
            Response::redirect(moved.status, to).header_const("Cache-Control", "max-age=3600"),
        );
    }
    if uri != "/" {
        return None;
    }
    let offers: Vec<&str> = site.languages.iter().map(String::as_str).collect();
    let wanted = event.header("accept-language").unwrap_or("");
    let language = accept::language(wanted, &offers).unwrap_or(offers[0]);
    // It differs by visitor, and this answer is not cached by CloudFront anyway.
    let home = event.concat(&["/", language, "/"]);
    Some(
        Response::redirect(status::FOUND, home)
            .no_store()
            .header_const("Vary", "Accept-Language"),
    )
}

fn index_document(event: OriginRequest, _: &Site) {
    if let Some(document) = path::index(event.uri()) {
        event.set_uri(&document);
    }
}

fn secure(event: ViewerResponse, site: &Site) {
    for (name, value) in &site.headers {
        event.headers().set(*name, *value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moved(document: &str) -> Result<BTreeMap<String, Moved>, String> {
        settings::parse("moved", document).map_err(|err| err.to_string())
    }

    #[test]
    fn a_page_moves_to_a_path_or_another_site() {
        let table =
            moved(r#"{"/a": {"to": "/b"}, "/c": {"to": "https://d.example/", "status": 302}}"#);
        let want = |to: &str, status| Moved {
            to: to.into(),
            status,
        };
        assert_eq!(table.unwrap()["/c"], want("https://d.example/", 302));
    }

    #[test]
    fn a_table_that_cannot_work_is_refused() {
        for (document, say) in [
            (r#"{"/a": "/b"}"#, "config: moved./a: want a map, is a text"),
            (r#"{"/a": {}}"#, "config: moved./a.to: is missing"),
            (
                r#"{"/a": {"to": "//b"}}"#,
                "config: moved./a: want a path, or an address with https://",
            ),
            (
                r#"{"/a": {"to": "/b", "status": 200}}"#,
                "config: moved./a: want a status of 301, 302, 307 or 308",
            ),
            (
                r#"{"/a": {"to": "/b", "code": 302}}"#,
                "config: moved./a: there is no key code; want to, status",
            ),
        ] {
            assert_eq!(moved(document), Err(say.into()));
        }
    }
}
