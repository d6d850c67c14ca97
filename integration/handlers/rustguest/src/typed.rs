//! A handler on guest/rust that uses all of it. The request header `x-case` says
//! what is used, and what was found goes to the log, so that a test sees it.

use edgedeploy_guest::{accept, cookie, html, settings};
use edgedeploy_guest::{
    config, handlers, log, now, random, AuthMethod, Body, Headers, Interned, Origin, OriginRequest,
    OriginResponse, Protocol, Request, Response, ViewerRequest, ViewerResponse,
};
use std::cell::Cell;
use std::collections::BTreeMap;

handlers! {
    init: State = State::new,
    viewer_request: viewer_request,
    origin_request: origin_request,
    origin_response: origin_response,
    viewer_response: viewer_response,
}

struct State {
    computed: Interned,
    events: Cell<u32>,
}

impl State {
    fn new() -> Result<State, String> {
        match config("init").as_deref() {
            Some("fail") => return Err(format!("no key {}", 7)),
            Some("panic") => panic!("init gave up"),
            _ => log::info("init"),
        }
        Ok(State {
            computed: Interned::new(&config("word").unwrap_or_default()),
            events: Cell::new(0),
        })
    }
}

fn case(request: Request) -> String {
    request.header("x-case").unwrap_or_default().to_string()
}

fn say(what: &str, value: &str) {
    log::info(&format!("{what}={value}"));
}

fn say_headers(what: &str, headers: Headers) {
    say(what, &headers.len().to_string());
    for (name, value) in headers {
        say(name, value);
    }
}

fn say_request(request: Request) {
    say("method", request.method());
    say("uri", request.uri());
    say("querystring", request.querystring());
    say("client_ip", request.client_ip());
    say("host", request.header("HOST").unwrap_or("absent"));
    say("accept", request.header("accept").unwrap_or("absent"));
    say("b", request.cookie("b").unwrap_or("absent"));
    say("c", request.cookie("c").unwrap_or("absent"));
}

fn viewer_request(event: ViewerRequest, state: &State) -> Result<Option<Response>, String> {
    state.events.set(state.events.get() + 1);
    match case(event.request()).as_str() {
        "read" => {
            say_request(event.request());
            say("method", event.method());
            say("uri", event.uri());
            say("querystring", event.querystring());
            say("client_ip", event.client_ip());
            say("request_id", event.request_id());
            say("distribution_id", event.distribution_id());
            say("distribution_domain", event.distribution_domain());
            say("cookie", event.cookie("a").unwrap_or("absent"));
            let cookies: Vec<&str> = event.headers().get_all("cookie").collect();
            say("cookies", &cookies.join("|"));
            say(
                "has",
                if event.headers().contains("cookie") {
                    "yes"
                } else {
                    "no"
                },
            );
            say(
                "empty",
                if event.headers().is_empty() {
                    "yes"
                } else {
                    "no"
                },
            );
            say_headers("headers", event.request().headers());
        }
        "edit" => {
            let before = event.uri();
            event.set_uri("/b");
            event.set_uri(event.concat(&[event.uri(), before]));
            event.set_querystring("");
            event.headers().set("X-Text", "ü");
            event.headers().set("X-String", &String::from("s"));
            event.headers().set("X-Computed", state.computed);
            event.headers().set(Interned::new("X-Name"), "n");
            event.headers().set_const("X-Const", "c");
            event.headers().append("X-Const", "d");
            event.headers().remove("cookie");
        }
        "many" => {
            // More constants than the crate keeps numbers for, twice.
            for _ in 0..2 {
                for n in 0..300 {
                    let name: &'static str = Box::leak(format!("X-{}", n % 150).into_boxed_str());
                    event.headers().set_const(name, name);
                }
            }
        }
        "long" => {
            // More than the room that an event begins with.
            let all: Vec<&str> = (0..2000)
                .map(|_| event.header("cookie").unwrap_or(""))
                .collect();
            say(
                "same",
                if all.iter().all(|one| *one == all[0]) {
                    "yes"
                } else {
                    "no"
                },
            );
        }
        "too-long" => {
            // Together as long as addresses go, so that a sum of lengths would be 0.
            let part = "x".repeat(1 << 20);
            say("never", event.concat(&vec![part.as_str(); 1 << 12]));
        }
        "body" => say_body(event.body()),
        "set-body" => event.set_body("new ü"),
        "set-body-bytes" => event.set_body_bytes(&[0, 255]),
        "echo" => event.set_body_bytes(event.body().ok_or("no body")?.bytes()),
        "answer" => {
            let answer = Response::new(200)
                .description("Fine")
                .header("X-Text", "t")
                .header("X-Computed", state.computed)
                .header_const("Content-Type", "text/plain")
                .append_header("Set-Cookie", "a=1")
                .append_header("Set-Cookie", "b=2")
                .body("hi ü");
            let headers = answer.headers();
            headers.remove("x-text");
            headers.set("X-Set", "s");
            headers.set_const("X-Set-Const", "c");
            headers.append("X-Set", "t");
            for name in ["x-set", "x-text"] {
                let there = answer.headers().contains(name);
                say(name, if there { "there" } else { "absent" });
            }
            return Ok(Some(answer));
        }
        "answer-bytes" => return Ok(Some(Response::new(200).body_bytes(&[0, 255]))),
        "redirect" => return Ok(Some(Response::redirect(302, "/elsewhere"))),
        "page" => {
            let page = format!(
                "<p>{}",
                html::escape(event.query("q").as_deref().unwrap_or("<?>"))
            );
            return Ok(Some(Response::html(404, &page).no_store()));
        }
        "text" => return Ok(Some(Response::text(404, "none"))),
        "json" => return Ok(Some(Response::json(200, "{}"))),
        "settings" => {
            say("list", &format!("{:?}", settings::get::<Vec<u8>>("list")));
            say(
                "nested",
                &format!(
                    "{:?}",
                    settings::get::<BTreeMap<String, Vec<u8>>>("nested")
                ),
            );
            say("word", &format!("{:?}", settings::get::<u8>("word")));
            say(
                "quoted",
                &format!("{:?}", settings::get::<Option<u8>>("quoted")),
            );
            say("none", &format!("{:?}", settings::get_or("none", false)));
        }
        "unsent" => drop(Response::new(500)),
        "stale" => {
            let first = Response::new(200);
            let _second = Response::new(404);
            return Ok(Some(first));
        }
        "body-after-answer" => {
            let _answer = Response::new(200);
            event.set_body("x");
        }
        "err" => return Err(format!("no user {}", 7)),
        "panic" => panic!("it broke: {}", 7),
        "index" => {
            let few = [1, 2];
            say("never", &few[event.uri().len()].to_string());
        }
        "events" => say("events", &state.events.get().to_string()),
        "environment" => {
            say("word", &config("word").unwrap_or_default());
            say("list", &config("list").unwrap_or_default());
            say("missing", config("missing").as_deref().unwrap_or("absent"));
            say(
                "now",
                if now().as_secs() > 1_700_000_000 {
                    "late"
                } else {
                    "early"
                },
            );
            let mut bytes = [0; 64];
            random(&mut bytes);
            say(
                "random",
                if bytes.iter().any(|b| *b != bytes[0]) {
                    "yes"
                } else {
                    "no"
                },
            );
            log::debug("d");
            log::warn("w");
            log::error("e");
        }
        other => return Err(format!("no case {other}")),
    }
    Ok(None)
}

fn say_body(body: Option<Body>) {
    match body {
        None => say("body", "absent"),
        Some(body) => {
            say("bytes", &body.bytes().len().to_string());
            say("text", body.text().unwrap_or("no UTF-8"));
            say("truncated", if body.truncated() { "yes" } else { "no" });
        }
    }
}

fn say_origin(origin: Option<Origin>) {
    let origin = match origin {
        None => return say("origin", "absent"),
        Some(origin) => origin,
    };
    say("kind", &format!("{:?}", origin.kind()));
    say("domain", origin.domain());
    say("path", origin.path());
    say("protocol", &format!("{:?}", origin.protocol()));
    say("port", &format!("{:?}", origin.port()));
    say("read_timeout", &format!("{:?}", origin.read_timeout()));
    say(
        "keepalive_timeout",
        &format!("{:?}", origin.keepalive_timeout()),
    );
    say(
        "ssl_protocols",
        &origin.ssl_protocols().collect::<Vec<_>>().join("|"),
    );
    say("region", &format!("{:?}", origin.region()));
    say("auth_method", &format!("{:?}", origin.auth_method()));
    say_headers("headers", origin.headers());
}

fn origin_request(event: OriginRequest, _: &State) -> Option<Response> {
    match case(event.request()).as_str() {
        "read" => say_request(event.request()),
        "edit" => event.set_uri("/c"),
        "origin" => say_origin(event.origin()),
        "edit-origin" => {
            event.edit_origin().set_domain("other.example.com");
            event.edit_origin().set_path("");
            event.edit_origin().headers().set("X-Env", "test");
            event.headers().set("Host", "other.example.com");
        }
        "send-to" => event.send_to("other.example.com"),
        "custom" => {
            let origin = event.custom_origin();
            origin.set_domain("custom.example.com");
            origin.set_protocol(Protocol::Http);
            origin.set_port(8080);
            origin.set_read_timeout(10);
            origin.set_keepalive_timeout(3);
            origin.set_ssl_protocols(&["TLSv1.1", "TLSv1.2"]);
            origin.headers().append("X-Env", "more");
        }
        "https" => event.custom_origin().set_protocol(Protocol::Https),
        "s3" => {
            let origin = event.s3_origin();
            origin.set_domain("b.s3.eu-west-1.amazonaws.com");
            origin.set_region("eu-west-1");
            origin.set_auth_method(AuthMethod::OriginAccessIdentity);
        }
        "s3-none" => event.s3_origin().set_auth_method(AuthMethod::None),
        _ => return Some(Response::new(404)),
    }
    None
}

fn origin_response(event: OriginResponse, _: &State) {
    match case(event.request()).as_str() {
        "read" => {
            say_request(event.request());
            say("status", &event.status().to_string());
            say(
                "description",
                event.status_description().unwrap_or("absent"),
            );
            say("server", event.header("Server").unwrap_or("absent"));
            say_headers("headers", *event.headers());
            say_origin(event.origin());
        }
        "status" => {
            event.set_status(418);
            event.set_status_description("I'm a teapot");
        }
        "body" => event.set_body("sorry ü"),
        "body-bytes" => event.set_body_bytes(&[0, 255]),
        "headers" => {
            event.headers().set_const("X-A", "1");
            event.headers().append("Set-Cookie", "s=3");
            event.headers().remove("server");
        }
        _ => log::error("no such case"),
    }
}

fn viewer_response(event: ViewerResponse, state: &State) -> Result<(), &'static str> {
    match case(event.request()).as_str() {
        "read" => {
            say_request(event.request());
            say("status", &event.status().to_string());
            say(
                "description",
                event.status_description().unwrap_or("absent"),
            );
            say_headers("headers", *event.headers());
        }
        "headers" => event.headers().set("X-Computed", state.computed),
        "cookie" => {
            let given = cookie::SetCookie::new("b", "3").max_age(60).line();
            event
                .headers()
                .append("Set-Cookie", &given.map_err(|_| "no cookie")?);
            say(
                "language",
                accept::language("de-AT", &["en", "de"]).unwrap_or("absent"),
            );
        }
        _ => return Err("no such case"),
    }
    Ok(())
}
