//! The host interface of edgedeploy, version 1, in safe words.
//!
//! The functions that the host offers are declared in `host` below, exactly as
//! docs/abi-host.md lists them; the rest of this file turns them into strings
//! and vectors, and checks nothing. Handlers use guest/rust.

// A handler seldom uses all of it.
#![allow(dead_code)]

mod host {
    #[link(wasm_import_module = "edge")]
    extern "C" {
        pub fn intern(ptr: *const u8, len: usize) -> u32;
        pub fn get(field: u32) -> i32;
        pub fn set(field: u32, ptr: *const u8, len: usize);
        pub fn header(of: u32, name: u32, i: u32) -> i32;
        pub fn header_count(of: u32) -> u32;
        pub fn header_at(of: u32, i: u32) -> i32;
        pub fn set_header(of: u32, name: u32, value: u32);
        pub fn put_header(of: u32, name: u32, ptr: *const u8, len: usize);
        pub fn append_header(of: u32, name: u32, ptr: *const u8, len: usize);
        pub fn remove_header(of: u32, name: u32);
        pub fn respond(status: u32);
        pub fn body() -> i32;
        pub fn body_truncated() -> u32;
        pub fn set_body(form: u32, ptr: *const u8, len: usize);
        pub fn config(ptr: *const u8, len: usize) -> i32;
        pub fn log(level: u32, ptr: *const u8, len: usize);
        pub fn now() -> f64;
        pub fn random(ptr: *mut u8, len: usize);
    }
}

// ---- what the host delivers ----------------------------------------------
// The host asks `edge_buffer` for room and writes there. The vector is handed
// on as it is, so nothing is copied. A module has one thread.

static mut DELIVERED: Vec<u8> = Vec::new();

#[no_mangle]
pub extern "C" fn edge_buffer(len: usize) -> *mut u8 {
    let mut room = Vec::with_capacity(len);
    let ptr: *mut u8 = room.as_mut_ptr();
    // SAFETY: no reference to DELIVERED outlives a call, and there is one thread.
    unsafe { core::ptr::replace(core::ptr::addr_of_mut!(DELIVERED), room) };
    ptr
}

/// Takes what a host call delivered; `len` is what it returned.
fn delivered(len: i32) -> Option<Vec<u8>> {
    if len < 0 {
        return None;
    }
    if len == 0 {
        return Some(Vec::new()); // the host asks for no room when there is nothing to put
    }
    // SAFETY: as above; the host wrote `len` bytes into the room it asked for.
    unsafe {
        let mut bytes = core::ptr::replace(core::ptr::addr_of_mut!(DELIVERED), Vec::new());
        bytes.set_len(len as usize);
        Some(bytes)
    }
}

fn text(len: i32) -> Option<String> {
    // SAFETY: every string of the host is UTF-8; that is part of the interface.
    delivered(len).map(|b| unsafe { String::from_utf8_unchecked(b) })
}

/// Says which version of the interface the module was built for. Never called.
#[no_mangle]
pub extern "C" fn edge_abi_1() {}

// ---- events ---------------------------------------------------------------

#[derive(Clone, Copy, PartialEq)]
pub enum Event {
    ViewerRequest,
    OriginRequest,
    OriginResponse,
    ViewerResponse,
}

impl Event {
    pub fn from(code: u32) -> Event {
        match code {
            0 => Event::ViewerRequest,
            1 => Event::OriginRequest,
            2 => Event::OriginResponse,
            _ => Event::ViewerResponse,
        }
    }
}

/// What `edge_handle` returns.
pub const CONTINUE: i32 = 0;
pub const ANSWER: i32 = 1;

// ---- fields ---------------------------------------------------------------

#[derive(Clone, Copy)]
pub enum Field {
    Method = 0,
    Uri = 1,
    Querystring = 2,
    ClientIp = 3,
    RequestId = 4,
    DistributionId = 5,
    DistributionDomain = 6,
    Status = 7,
    StatusDescription = 8,
    OriginKind = 9,
    OriginDomain = 10,
    OriginPath = 11,
    OriginProtocol = 12,
    OriginPort = 13,
    OriginReadTimeout = 14,
    OriginKeepaliveTimeout = 15,
    OriginSslProtocols = 16,
    OriginRegion = 17,
    OriginAuthMethod = 18,
}

pub fn get(field: Field) -> Option<String> {
    text(unsafe { host::get(field as u32) })
}

pub fn set(field: Field, value: &str) {
    unsafe { host::set(field as u32, value.as_ptr(), value.len()) }
}

// ---- headers --------------------------------------------------------------

/// Whose headers.
#[derive(Clone, Copy)]
pub enum Of {
    Request = 0,
    Response = 1,
    Origin = 2,
}

/// A string that the host knows by number. Make it once, in `edge_init`.
#[derive(Clone, Copy)]
pub struct Interned(u32);

pub fn intern(s: &str) -> Interned {
    Interned(unsafe { host::intern(s.as_ptr(), s.len()) })
}

/// The i-th value of a header.
pub fn header(of: Of, name: Interned, i: u32) -> Option<String> {
    text(unsafe { host::header(of as u32, name.0, i) })
}

/// How many headers there are, repeated ones counted each time.
pub fn header_count(of: Of) -> u32 {
    unsafe { host::header_count(of as u32) }
}

/// The i-th header as `name: value`, the name in lower case.
pub fn header_at(of: Of, i: u32) -> Option<String> {
    text(unsafe { host::header_at(of as u32, i) })
}

/// Replaces all values of a header by one constant.
pub fn set_header(of: Of, name: Interned, value: Interned) {
    unsafe { host::set_header(of as u32, name.0, value.0) }
}

/// Replaces all values of a header by one value.
pub fn put_header(of: Of, name: Interned, value: &str) {
    unsafe { host::put_header(of as u32, name.0, value.as_ptr(), value.len()) }
}

/// Adds a value beside those that are there.
pub fn append_header(of: Of, name: Interned, value: &str) {
    unsafe { host::append_header(of as u32, name.0, value.as_ptr(), value.len()) }
}

pub fn remove_header(of: Of, name: Interned) {
    unsafe { host::remove_header(of as u32, name.0) }
}

// ---- responses and bodies -------------------------------------------------

/// Starts a response of our own; return `ANSWER` to send it.
pub fn respond(status: u32) {
    unsafe { host::respond(status) }
}

/// The request's body, decoded, if the event carries it.
pub fn body() -> Option<Vec<u8>> {
    delivered(unsafe { host::body() })
}

pub fn body_truncated() -> bool {
    unsafe { host::body_truncated() != 0 }
}

pub fn set_body_text(s: &str) {
    unsafe { host::set_body(0, s.as_ptr(), s.len()) }
}

pub fn set_body_bytes(b: &[u8]) {
    unsafe { host::set_body(1, b.as_ptr(), b.len()) }
}

// ---- everything else ------------------------------------------------------

/// A value of `config:` in edgedeploy.yaml.
pub fn config(key: &str) -> Option<String> {
    text(unsafe { host::config(key.as_ptr(), key.len()) })
}

#[derive(Clone, Copy)]
pub enum Level {
    Debug = 0,
    Info = 1,
    Warn = 2,
    Error = 3,
}

pub fn log(level: Level, s: &str) {
    unsafe { host::log(level as u32, s.as_ptr(), s.len()) }
}

/// Milliseconds since 1970.
pub fn now() -> f64 {
    unsafe { host::now() }
}

pub fn random(into: &mut [u8]) {
    unsafe { host::random(into.as_mut_ptr(), into.len()) }
}
