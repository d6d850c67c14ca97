//! CloudFront's events and results, as serde reads and writes them. Members
//! that are not here would be lost on the way through a handler that passes a
//! request on, so everything that CloudFront documents is.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What Lambda hands over.
#[derive(Deserialize)]
pub struct Event {
    #[serde(rename = "Records")]
    pub records: Vec<Record>,
}

#[derive(Deserialize)]
pub struct Record {
    pub cf: CloudFront,
}

#[derive(Deserialize)]
pub struct CloudFront {
    pub config: Distribution,
    pub request: Request,
    pub response: Option<Response>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Distribution {
    pub event_type: EventType,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EventType {
    ViewerRequest,
    OriginRequest,
    OriginResponse,
    ViewerResponse,
}

/// The four triggers, each with what it may change.
pub enum Trigger {
    ViewerRequest(Request),
    OriginRequest(Request, Origin),
    OriginResponse(Request, Response),
    ViewerResponse(Request, Response),
}

impl Event {
    /// The one event that CloudFront sends at a time.
    pub fn trigger(mut self) -> Result<Trigger, &'static str> {
        let CloudFront { config, mut request, response } = self.records.pop().ok_or("an event without a record")?.cf;
        let response = response.ok_or("a response event without a response");
        Ok(match config.event_type {
            EventType::ViewerRequest => Trigger::ViewerRequest(request),
            EventType::OriginRequest => {
                let origin = request.origin.take().ok_or("an origin event without an origin")?;
                Trigger::OriginRequest(request, origin)
            }
            EventType::OriginResponse => Trigger::OriginResponse(request, response?),
            EventType::ViewerResponse => Trigger::ViewerResponse(request, response?),
        })
    }
}

/// By lower-case name. serde-wasm-bindgen makes an ES Map of it.
pub type Headers = BTreeMap<String, Vec<Header>>;

#[derive(Deserialize, Serialize)]
pub struct Header {
    /// The name as it is sent; CloudFront writes `Like-This` if it is absent.
    pub key: Option<String>,
    pub value: String,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    pub client_ip: String,
    pub method: String,
    pub uri: String,
    pub querystring: String,
    pub headers: Headers,
    /// At origin triggers.
    pub origin: Option<Origin>,
    /// Where the trigger includes bodies.
    pub body: Option<Body>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Body {
    pub input_truncated: bool,
    pub action: String,
    pub encoding: String,
    pub data: String,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Origin {
    Custom(CustomOrigin),
    S3(S3Origin),
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CustomOrigin {
    pub custom_headers: Headers,
    pub domain_name: String,
    pub keepalive_timeout: u32,
    pub path: String,
    pub port: u16,
    pub protocol: String,
    pub read_timeout: u32,
    pub ssl_protocols: Vec<String>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct S3Origin {
    pub auth_method: String,
    pub custom_headers: Headers,
    pub domain_name: String,
    pub path: String,
    pub region: Option<String>,
}

#[derive(Deserialize, Serialize, Default)]
#[serde(rename_all = "camelCase")]
pub struct Response {
    pub status: String,
    pub status_description: Option<String>,
    pub headers: Headers,
    /// For responses made here; CloudFront does not show an origin's body.
    pub body: Option<String>,
    pub body_encoding: Option<String>,
}

/// Replaces all values of a header.
pub fn set(headers: &mut Headers, name: &str, value: &str) {
    headers.insert(name.to_ascii_lowercase(), vec![Header { key: Some(name.into()), value: value.into() }]);
}

/// The first value of a header.
pub fn get<'a>(headers: &'a Headers, name: &str) -> Option<&'a str> {
    headers.get(name)?.first().map(|h| h.value.as_str())
}
