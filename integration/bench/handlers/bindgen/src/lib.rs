//! The handler of examples/redirect as wasm-bindgen and serde make it: the
//! event becomes a struct, and a struct becomes the result. Its events are those
//! of examples/wasm-bindgen.

#[path = "../../../../../examples/wasm-bindgen/src/event.rs"]
mod event;

use event::{get, set, Event, Headers, Request, Response, Trigger};
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;

#[derive(Deserialize)]
struct Context {
    config: Config,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Config {
    redirect_from: String,
    redirect_to: String,
    frame_options: String,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Answer {
    Request(Request),
    Response(Response),
}

#[wasm_bindgen(start)]
pub fn start() {
    console_error_panic_hook::set_once();
}

#[wasm_bindgen]
pub fn handler(event: JsValue, context: JsValue) -> Result<JsValue, JsValue> {
    let event: Event = serde_wasm_bindgen::from_value(event)?;
    let Context { config } = serde_wasm_bindgen::from_value(context)?;
    let result = match event.trigger()? {
        Trigger::ViewerRequest(request) => redirect(request, &config),
        Trigger::OriginRequest(mut request, origin) => {
            request.origin = Some(origin);
            Answer::Request(index_document(request))
        }
        Trigger::OriginResponse(_, response) | Trigger::ViewerResponse(_, response) => {
            Answer::Response(secure(response, &config))
        }
    };
    Ok(serde_wasm_bindgen::to_value(&result)?)
}

fn redirect(request: Request, config: &Config) -> Answer {
    match get(&request.headers, "host") {
        Some(host) if host.eq_ignore_ascii_case(&config.redirect_from) => {}
        _ => return Answer::Request(request),
    }
    let query = match request.querystring.as_str() {
        "" => String::new(),
        query => format!("?{query}"),
    };
    let mut headers = Headers::new();
    set(&mut headers, "Location", &format!("https://{}{}{query}", config.redirect_to, request.uri));
    set(&mut headers, "Cache-Control", "max-age=3600");
    Answer::Response(Response {
        status: "301".into(),
        status_description: Some("Moved Permanently".into()),
        headers,
        ..Response::default()
    })
}

fn index_document(mut request: Request) -> Request {
    if request.uri.ends_with('/') {
        request.uri.push_str("index.html");
    } else if request.uri.rfind('/') > request.uri.rfind('.') {
        request.uri.push_str("/index.html");
    }
    request
}

fn secure(mut response: Response, config: &Config) -> Response {
    let headers = &mut response.headers;
    set(headers, "Strict-Transport-Security", "max-age=63072000; includeSubDomains");
    set(headers, "X-Content-Type-Options", "nosniff");
    set(headers, "Referrer-Policy", "strict-origin-when-cross-origin");
    set(headers, "X-Frame-Options", &config.frame_options);
    response
}
