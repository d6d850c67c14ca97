//! A handler as wasm-bindgen and serde make it, the way that most handlers in
//! Rust are written: the event becomes a struct, a struct becomes the result.
//!
//! | trigger | what it does |
//! |---|---|
//! | viewer-request | answers 301 for another host name of the site |
//! | origin-request | sends what is below a path to another origin |
//! | origin-response | makes a bucket's 403 the 404 that it means, not cached for long |
//! | viewer-response | sets headers for security |

mod event;

use event::{get, set, Event, Origin, Request, Response, Trigger};
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;

/// Lambda's context. Nothing of it is used but the function's config, which
/// edgedeploy puts there.
#[derive(Deserialize)]
struct Context {
    config: Config,
}

/// `config:` in edgedeploy.yaml.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Config {
    redirect_from: String,
    redirect_to: String,
    shop_path: String,
    shop_origin: String,
}

/// Once, when the module is loaded: a panic says in the log where it was.
#[wasm_bindgen(start)]
pub fn start() {
    console_error_panic_hook::set_once();
}

#[wasm_bindgen]
pub fn handler(event: JsValue, context: JsValue) -> Result<JsValue, JsValue> {
    let event: Event = serde_wasm_bindgen::from_value(event)?;
    let Context { config } = serde_wasm_bindgen::from_value(context)?;
    let result = match event.trigger()? {
        Trigger::ViewerRequest(request) => viewer_request(request, &config),
        Trigger::OriginRequest(request, origin) => Answer::Request(origin_request(request, origin, &config)),
        Trigger::OriginResponse(_, response) => Answer::Response(origin_response(response)),
        Trigger::ViewerResponse(request, response) => Answer::Response(viewer_response(&request, response)),
    };
    // A plain to_value: headers become a Map, absent members undefined, and
    // edgedeploy's trampoline makes JSON of both.
    Ok(serde_wasm_bindgen::to_value(&result)?)
}

/// What a request trigger may return.
#[derive(Serialize)]
#[serde(untagged)]
enum Answer {
    Request(Request),
    Response(Response),
}

fn viewer_request(request: Request, config: &Config) -> Answer {
    if get(&request.headers, "host") != Some(config.redirect_from.as_str()) {
        return Answer::Request(request);
    }
    let query = match request.querystring.as_str() {
        "" => String::new(),
        query => format!("?{query}"),
    };
    let mut response = Response { status: "301".into(), ..Response::default() };
    set(&mut response.headers, "Location", &format!("https://{}{}{query}", config.redirect_to, request.uri));
    set(&mut response.headers, "Cache-Control", "max-age=3600");
    Answer::Response(response)
}

fn origin_request(mut request: Request, mut origin: Origin, config: &Config) -> Request {
    if let (Origin::Custom(custom), true) = (&mut origin, request.uri.starts_with(&config.shop_path)) {
        custom.domain_name = config.shop_origin.clone();
        set(&mut custom.custom_headers, "X-Shop", "1");
        // The origin is chosen by its name; CloudFront wants both to agree.
        set(&mut request.headers, "Host", &config.shop_origin);
    }
    request.origin = Some(origin);
    request
}

fn origin_response(mut response: Response) -> Response {
    if response.status == "403" {
        response.status = "404".into();
        response.status_description = Some("Not Found".into());
        set(&mut response.headers, "Cache-Control", "max-age=10");
    }
    response
}

fn viewer_response(request: &Request, mut response: Response) -> Response {
    set(&mut response.headers, "Strict-Transport-Security", "max-age=31536000");
    set(&mut response.headers, "X-Content-Type-Options", "nosniff");
    if request.uri.ends_with(".html") || request.uri.ends_with('/') {
        set(&mut response.headers, "X-Frame-Options", "DENY");
    }
    response
}
