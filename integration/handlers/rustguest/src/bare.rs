//! A handler on guest/rust without the standard library, at one trigger only.
//! The request header `x-case` says what it does.

#![no_std]
// Rust 1.68 has it without asking; Debian's 1.63 needs RUSTC_BOOTSTRAP for it.
#![feature(default_alloc_error_handler)]

extern crate alloc;

use alloc::{string::String, vec::Vec};
use edgedeploy_guest::{handlers, log, Response, ViewerRequest};

edgedeploy_guest::panic_handler!();
edgedeploy_guest::allocator!();

handlers! { viewer_request: handle }

fn handle(event: ViewerRequest) -> Option<Response> {
    match event.header("x-case")? {
        "panic" => {
            let none: Option<u32> = None;
            none.expect("nothing there");
        }
        // More than the first memory holds, in blocks of many sizes.
        "allocate" => {
            let mut kept = Vec::new();
            for n in 0..2000 {
                let mut s = String::new();
                for _ in 0..n {
                    s.push('ü');
                }
                kept.push(s);
            }
            let right = kept
                .iter()
                .enumerate()
                .all(|(n, s)| s.chars().count() == n && s.chars().all(|c| c == 'ü'));
            log::info(if right { "right" } else { "wrong" });
        }
        _ => return Some(Response::new(404)),
    }
    None
}
