//! A handler that does what it is told: every value of the request header
//! `x-do` is one command, and what a command found goes to the log. So a test
//! can use and misuse each host function at each trigger. It speaks to the host
//! by itself, in edge.rs: guest/rust makes most of the misuse impossible.

mod edge;

use edge::{Field, Interned, Level, Of};

/// The host again, for calls that edge.rs makes impossible.
mod raw {
    #[link(wasm_import_module = "edge")]
    extern "C" {
        pub fn get(field: u32) -> i32;
        pub fn set(field: u32, ptr: *const u8, len: usize);
        pub fn header(of: u32, name: u32, i: u32) -> i32;
        pub fn log(level: u32, ptr: *const u8, len: usize);
        pub fn set_body(form: u32, ptr: *const u8, len: usize);
    }
}

static mut COMMANDS: Option<Interned> = None;
static mut EVENTS: u32 = 0;

#[no_mangle]
pub extern "C" fn edge_init() {
    if let Some(what) = edge::config("init") {
        if what == "trap" {
            trap();
        }
        if what == "event" {
            edge::get(Field::Uri);
        }
        edge::log(Level::Info, "init");
    }
    unsafe { COMMANDS = Some(edge::intern("x-do")) }
}

#[no_mangle]
pub extern "C" fn edge_handle(event: u32) -> i32 {
    unsafe { EVENTS += 1 };
    let name = unsafe { COMMANDS.unwrap() };
    // Read all first: commands may change the headers.
    let mut commands = Vec::new();
    while let Some(c) = edge::header(Of::Request, name, commands.len() as u32) {
        commands.push(c);
    }
    let mut result = edge::CONTINUE;
    for c in &commands {
        let mut words = c.splitn(4, ' ');
        let mut word = || words.next().unwrap_or("");
        let (verb, a, b, rest) = (word(), word(), word(), word());
        match verb {
            "return" => result = a.parse().unwrap(),
            "event" => say(&event.to_string()),
            "events" => say(&unsafe { EVENTS }.to_string()),
            _ => run(verb, a, b, rest, tail(c, verb), tail(c, a)),
        }
    }
    result
}

/// Everything after the first occurrence of a word and a space.
fn tail<'a>(c: &'a str, word: &str) -> &'a str {
    match c.find(word) {
        Some(at) => c[at + word.len()..].trim_start_matches(' '),
        None => "",
    }
}

fn run(verb: &str, a: &str, b: &str, rest: &str, after_verb: &str, after_a: &str) {
    match verb {
        "get" => show(edge::get(field(a))),
        "set" => edge::set(field(a), after_a),
        "header" => show(edge::header(of(a), edge::intern(b), number(rest))),
        "count" => say(&edge::header_count(of(a)).to_string()),
        "at" => show(edge::header_at(of(a), number(b))),
        "set-header" => edge::set_header(of(a), edge::intern(b), edge::intern(rest)),
        "put-header" => edge::put_header(of(a), edge::intern(b), rest),
        "break-header" => edge::put_header(of(a), edge::intern(b), "a\r\nset-cookie: b=c"),
        "append-header" => edge::append_header(of(a), edge::intern(b), rest),
        "remove-header" => edge::remove_header(of(a), edge::intern(b)),
        "respond" => edge::respond(number(a)),
        "body" => show(edge::body().map(|b| String::from_utf8(b).unwrap())),
        "body-sum" => show(edge::body().map(|b| sum(&b))),
        "truncated" => say(if edge::body_truncated() { "yes" } else { "no" }),
        "set-text" => edge::set_body_text(after_verb),
        "set-bytes" => edge::set_body_bytes(&hex(a)),
        "echo-text" => edge::set_body_text(&String::from_utf8(edge::body().unwrap()).unwrap()),
        "echo-bytes" => edge::set_body_bytes(&edge::body().unwrap()),
        "config" => show(edge::config(after_verb)),
        "log" => unsafe { raw::log(number(a), after_a.as_ptr(), after_a.len()) },
        "now" => say(&(edge::now() as u64).to_string()),
        "random" => {
            let mut bytes = vec![0; number(a) as usize];
            edge::random(&mut bytes);
            say(&bytes
                .iter()
                .map(|b| char::from(b'a' + b % 16))
                .collect::<String>());
        }
        "random-nowhere" => edge::random(unsafe {
            core::slice::from_raw_parts_mut(0xffff_0000usize as *mut u8, 99)
        }),
        // The host's view of memory must follow when memory grows.
        "grow" => core::mem::forget(Vec::<u8>::with_capacity(number(a) as usize * 65536)),
        "trap" => trap(),
        "overflow" => say(&deep(number("1")).to_string()),
        "raw-get" => say(&unsafe { raw::get(number(a)) }.to_string()),
        "raw-set" => unsafe { raw::set(number(a), b.as_ptr(), b.len()) },
        "raw-header" => say(&unsafe { raw::header(number(a), number(b), 0) }.to_string()),
        "raw-form" => unsafe { raw::set_body(number(a), b.as_ptr(), b.len()) },
        "raw-log-nowhere" => unsafe { raw::log(1, 0xffff_fff0usize as *const u8, 32) },
        _ => say("unknown command"),
    }
}

fn say(s: &str) {
    edge::log(Level::Info, s)
}

fn show(s: Option<String>) {
    match s {
        Some(s) => say(&["=", &s].concat()),
        None => say("absent"),
    }
}

fn trap() -> ! {
    core::arch::wasm32::unreachable()
}

#[inline(never)]
fn deep(n: u32) -> u32 {
    if edge::now() < 0.0 {
        return n;
    }
    deep(n + 1) + deep(n + 2)
}

fn sum(bytes: &[u8]) -> String {
    let mut hash = 0xcbf2_9ce4_8422_2325u64; // FNV-1a
    for b in bytes {
        hash = (hash ^ u64::from(*b)).wrapping_mul(0x100_0000_01b3);
    }
    [bytes.len().to_string(), hash.to_string()].join(" ")
}

fn hex(s: &str) -> Vec<u8> {
    (0..s.len() / 2)
        .map(|i| u8::from_str_radix(&s[2 * i..2 * i + 2], 16).unwrap())
        .collect()
}

fn number(s: &str) -> u32 {
    s.parse().unwrap()
}

fn of(s: &str) -> Of {
    match s {
        "request" => Of::Request,
        "response" => Of::Response,
        _ => Of::Origin,
    }
}

fn field(s: &str) -> Field {
    match s {
        "method" => Field::Method,
        "uri" => Field::Uri,
        "querystring" => Field::Querystring,
        "client-ip" => Field::ClientIp,
        "request-id" => Field::RequestId,
        "distribution-id" => Field::DistributionId,
        "distribution-domain" => Field::DistributionDomain,
        "status" => Field::Status,
        "status-description" => Field::StatusDescription,
        "origin-kind" => Field::OriginKind,
        "origin-domain" => Field::OriginDomain,
        "origin-path" => Field::OriginPath,
        "origin-protocol" => Field::OriginProtocol,
        "origin-port" => Field::OriginPort,
        "origin-read-timeout" => Field::OriginReadTimeout,
        "origin-keepalive-timeout" => Field::OriginKeepaliveTimeout,
        "origin-ssl-protocols" => Field::OriginSslProtocols,
        "origin-region" => Field::OriginRegion,
        "origin-auth-method" => Field::OriginAuthMethod,
        _ => trap(),
    }
}
