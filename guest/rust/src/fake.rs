//! A small host in memory, for the crate's own tests. It keeps what it is told
//! and judges nothing: what a host refuses is tested through packaged modules,
//! with the real one.

use crate::{intern, room};
use std::borrow::ToOwned;
use std::collections::BTreeMap;
use std::string::String;
use std::sync::{Mutex, MutexGuard};
use std::vec::Vec;

pub(crate) const NOW: f64 = 1_700_000_000_123.0;

#[derive(Default)]
struct Host {
    strings: Vec<String>,
    fields: BTreeMap<u32, String>,
    headers: [Vec<(String, String)>; 3],
    body: Option<(u32, Vec<u8>)>,
    config: BTreeMap<String, String>,
    logs: Vec<(u32, String)>,
    calls: BTreeMap<&'static str, u32>,
}

static HOST: Mutex<Option<Host>> = Mutex::new(None);
static ONE: Mutex<()> = Mutex::new(());

/// A test's time with the host. One at a time, because the crate's state is
/// made for one thread.
pub(crate) struct Session(MutexGuard<'static, ()>);

impl Session {
    pub(crate) fn new() -> Session {
        // A test that panicked is over; its lock means nothing more.
        let one = ONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        *HOST.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = Some(Host::default());
        intern::forget();
        room::reset();
        Session(one)
    }

    pub(crate) fn headers(&self, of: u32, all: &[(&str, &str)]) {
        with(|h| {
            h.headers[of as usize] = all
                .iter()
                .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
                .collect()
        })
    }

    pub(crate) fn all(&self, of: u32) -> Vec<(String, String)> {
        with(|h| h.headers[of as usize].clone())
    }

    pub(crate) fn field(&self, field: u32) -> Option<String> {
        with(|h| h.fields.get(&field).cloned())
    }

    pub(crate) fn body(&self) -> Option<(u32, Vec<u8>)> {
        with(|h| h.body.clone())
    }

    pub(crate) fn config(&self, key: &str, value: &str) {
        with(|h| h.config.insert(key.to_owned(), value.to_owned()));
    }

    pub(crate) fn logs(&self) -> Vec<(u32, String)> {
        with(|h| h.logs.clone())
    }

    pub(crate) fn calls(&self, name: &'static str) -> u32 {
        with(|h| h.calls.get(name).copied().unwrap_or(0))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _held_until_here = &self.0;
    }
}

fn with<R>(f: impl FnOnce(&mut Host) -> R) -> R {
    let mut host = HOST.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    f(host
        .as_mut()
        .expect("a test that calls the host has a Session"))
}

unsafe fn read(ptr: *const u8, len: usize) -> String {
    String::from_utf8(core::slice::from_raw_parts(ptr, len).to_vec()).expect("UTF-8")
}

/// Delivers as the real host does: no room is asked for an empty value.
unsafe fn deliver(value: Option<Vec<u8>>) -> i32 {
    match value {
        None => -1,
        Some(bytes) if bytes.is_empty() => 0,
        Some(bytes) => {
            let to = room::buffer(bytes.len());
            core::ptr::copy_nonoverlapping(bytes.as_ptr(), to, bytes.len());
            bytes.len() as i32
        }
    }
}

impl Host {
    fn name(&self, id: u32) -> String {
        self.strings[id as usize].to_lowercase()
    }
}

pub(crate) unsafe fn intern(ptr: *const u8, len: usize) -> u32 {
    let s = read(ptr, len);
    with(|h| {
        *h.calls.entry("intern").or_default() += 1;
        let at = h
            .strings
            .iter()
            .position(|have| *have == s)
            .unwrap_or_else(|| {
                h.strings.push(s);
                h.strings.len() - 1
            });
        at as u32
    })
}

pub(crate) unsafe fn get(field: u32) -> i32 {
    let value = with(|h| h.fields.get(&field).cloned());
    deliver(value.map(String::into_bytes))
}

pub(crate) unsafe fn set(field: u32, ptr: *const u8, len: usize) {
    let value = read(ptr, len);
    with(|h| h.fields.insert(field, value));
}

pub(crate) unsafe fn header(of: u32, name: u32, i: u32) -> i32 {
    let value = with(|h| {
        let name = h.name(name);
        let mut all = h.headers[of as usize].iter().filter(|(n, _)| *n == name);
        all.nth(i as usize).map(|(_, v)| v.clone())
    });
    deliver(value.map(String::into_bytes))
}

pub(crate) unsafe fn header_count(of: u32) -> u32 {
    with(|h| h.headers[of as usize].len() as u32)
}

pub(crate) unsafe fn header_at(of: u32, i: u32) -> i32 {
    let line = with(|h| {
        h.headers[of as usize]
            .get(i as usize)
            .map(|(n, v)| std::format!("{n}: {v}"))
    });
    deliver(line.map(String::into_bytes))
}

pub(crate) unsafe fn set_header(of: u32, name: u32, value: u32) {
    let value = with(|h| h.strings[value as usize].clone());
    put_header(of, name, value.as_ptr(), value.len())
}

pub(crate) unsafe fn put_header(of: u32, name: u32, ptr: *const u8, len: usize) {
    remove_header(of, name);
    append_header(of, name, ptr, len)
}

pub(crate) unsafe fn append_header(of: u32, name: u32, ptr: *const u8, len: usize) {
    let value = read(ptr, len);
    with(|h| {
        let name = h.name(name);
        h.headers[of as usize].push((name, value))
    })
}

pub(crate) unsafe fn remove_header(of: u32, name: u32) {
    with(|h| {
        let name = h.name(name);
        h.headers[of as usize].retain(|(n, _)| *n != name)
    })
}

pub(crate) unsafe fn respond(status: u32) {
    with(|h| {
        h.fields
            .insert(crate::host::field::STATUS, std::format!("{status}"));
        h.headers[1].clear();
        h.body = None;
    })
}

pub(crate) unsafe fn body() -> i32 {
    let body = with(|h| h.body.clone());
    deliver(body.map(|(_, bytes)| bytes))
}

pub(crate) unsafe fn body_truncated() -> u32 {
    1
}

pub(crate) unsafe fn set_body(form: u32, ptr: *const u8, len: usize) {
    let bytes = core::slice::from_raw_parts(ptr, len).to_vec();
    with(|h| h.body = Some((form, bytes)))
}

pub(crate) unsafe fn config(ptr: *const u8, len: usize) -> i32 {
    let key = read(ptr, len);
    let value = with(|h| h.config.get(&key).cloned());
    deliver(value.map(String::into_bytes))
}

pub(crate) unsafe fn log(level: u32, ptr: *const u8, len: usize) {
    let line = read(ptr, len);
    with(|h| h.logs.push((level, line)))
}

pub(crate) unsafe fn now() -> f64 {
    NOW
}

pub(crate) unsafe fn random(ptr: *mut u8, len: usize) {
    for i in 0..len {
        *ptr.add(i) = i as u8 + 1;
    }
}
