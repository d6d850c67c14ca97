//! Handlers for Lambda@Edge in Rust, as WebAssembly.
//!
//! ```no_run
//! use edgedeploy_guest::{handlers, Response, ViewerRequest};
//!
//! handlers! { viewer_request: no_www }
//!
//! fn no_www(event: ViewerRequest) -> Option<Response> {
//!     let host = event.header("host")?;
//!     let bare = host.strip_prefix("www.")?;
//!     let to = ["https://", bare, event.uri()].concat();
//!     Some(Response::redirect(301, &to))
//! }
//! # fn main() {}
//! ```
//!
//! Build it as a `cdylib` for `wasm32-unknown-unknown` and name the module in
//! `edgedeploy.yaml`. [`handlers!`] says which function handles which trigger;
//! each trigger has an event type that offers what it may do, and nothing else.
//!
//! The event stays with the host, in JavaScript, and a handler asks for what it
//! needs. So the cost of an event is the number of questions, not its size:
//! see docs/abi-host.md in edgedeploy's repository, which this crate speaks.
//!
//! # What handlers are made of
//!
//! | for | module |
//! |---|---|
//! | query strings, bodies of forms | [`query`] |
//! | percent-coding, base64, hexadecimal digits | [`percent`], [`base64`], [`hex`] |
//! | cookies, and `Set-Cookie` | [`cookie`] |
//! | `Accept`, `Accept-Language`, `Accept-Encoding` | [`accept`] |
//! | Basic and Bearer authentication | [`authorization`] |
//! | SHA-256, HMAC, comparing secrets | [`hmac`], [`constant_time_eq`] |
//! | targets of redirects that come from outside | [`target`] |
//! | index documents, extensions, paths that are not what they seem | [`path`] |
//! | `config:` with types, JSON | [`settings`], [`json`] |
//! | texts in pages | [`html`] |
//! | statuses and methods by name | [`status`], [`method`] |
//!
//! They need no host, so what uses them can be tested natively. A module pays for
//! what it calls: there is no code of them in it otherwise.
//!
//! # Without the standard library
//!
//! The crate itself needs `core` and `alloc`. Without its feature `std` a module
//! needs a panic handler and an allocator; [`panic_handler!`] and [`allocator!`]
//! are those.

#![cfg_attr(not(any(feature = "std", test)), no_std)]
#![warn(missing_docs)]

extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

// What needs no host is #[inline] to the last function. The compiled crate then
// holds no code of it, and modules that do not call it keep their bytes:
// examples/redirect/build.sh --check finds out.

pub mod accept;
pub mod authorization;
pub mod base64;
mod body;
mod constant_time;
pub mod cookie;
mod decimal;
#[cfg(test)]
mod dice;
mod env;
mod event;
#[cfg(test)]
mod fake;
mod field;
mod headers;
pub mod hex;
pub mod hmac;
mod host;
pub mod html;
mod intern;
pub mod json;
pub mod log;
pub mod method;
mod number;
mod origin;
pub mod path;
pub mod percent;
pub mod query;
mod response;
mod room;
#[doc(hidden)]
#[allow(missing_docs)]
pub mod rt;
pub mod settings;
mod single;
#[doc(hidden)]
pub mod small;
pub mod status;
pub mod target;

pub use body::Body;
pub use constant_time::constant_time_eq;
pub use env::{config, now, random};
pub use event::{
    trigger, Event, OriginRequest, OriginResponse, Request, ViewerRequest, ViewerResponse,
};
pub use headers::{Headers, HeadersMut, Iter, ResponseHeaders, Value, Values};
pub use intern::{Interned, Name};
pub use origin::{AuthMethod, CustomOrigin, EditOrigin, Origin, OriginKind, Protocol, S3Origin};
pub use response::Response;
pub use rt::{Init, RequestReply, ResponseReply};

/// Says which function handles which trigger, and exports what the host calls.
/// Once per module.
///
/// The triggers are `viewer_request`, `origin_request`, `origin_response` and
/// `viewer_response`; name those that you handle. An event of another one is an
/// error in the log and fails, because somebody associated the function with a
/// trigger that it was not written for.
///
/// A handler takes its event ([`ViewerRequest`], [`OriginRequest`],
/// [`OriginResponse`] or [`ViewerResponse`]) and returns what [`RequestReply`] or
/// [`ResponseReply`] list.
///
/// ```compile_fail
/// # use edgedeploy_guest::{handlers, ViewerRequest};
/// handlers! { viewer_request: one, viewer_request: two } // named twice
/// # fn one(_: ViewerRequest) {}
/// # fn two(_: ViewerRequest) {}
/// # fn main() {}
/// ```
///
/// With `init: TYPE = FUNCTION` the function runs once per instance, before the
/// first event, and every handler gets a reference to what it made as its second
/// argument. It may return a `Result` of it. There is no event yet: it can read
/// [`config`], make [`Interned`] strings, log, and ask for [`now`] and [`random`].
/// State lives as long as the instance, which Lambda ends as it likes: it is a
/// cache.
///
/// ```no_run
/// use edgedeploy_guest::{config, handlers, OriginRequest, ViewerResponse};
///
/// handlers! {
///     init: Site = Site::from_config,
///     origin_request: index,
///     viewer_response: secure,
/// }
///
/// struct Site {
///     index: String,
/// }
///
/// impl Site {
///     fn from_config() -> Result<Site, &'static str> {
///         let index = config("index").ok_or("config: index is missing")?;
///         Ok(Site { index })
///     }
/// }
///
/// fn index(event: OriginRequest, site: &Site) {
///     let uri = event.uri();
///     if uri.ends_with('/') {
///         event.set_uri(&[uri, &site.index].concat());
///     }
/// }
///
/// fn secure(event: ViewerResponse, _: &Site) {
///     event.headers().set_const("X-Content-Type-Options", "nosniff");
/// }
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! handlers {
    (init: $state:ty = $init:expr, $($trigger:ident: $handler:expr),+ $(,)?) => {
        const _: () = {
            static STATE: $crate::rt::State<$state> = $crate::rt::State::new();
            $crate::__exports! {
                { STATE.set(($init)()) }
                $($trigger |event| ($handler)(event, STATE.get()),)+
            }
        };
    };
    (init: $init:path, $($rest:tt)*) => {
        compile_error!("init needs the type of what it makes: init: TYPE = FUNCTION");
    };
    ($($trigger:ident: $handler:expr),+ $(,)?) => {
        const _: () = {
            $crate::__exports! { {} $($trigger |event| ($handler)(event),)+ }
        };
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __exports {
    ({ $($init:tt)* } $($trigger:ident |$event:ident| $call:expr,)+) => {
        #[no_mangle]
        extern "C" fn edge_abi_1() {}

        #[no_mangle]
        extern "C" fn edge_buffer(len: usize) -> *mut u8 {
            $crate::rt::buffer(len)
        }

        #[no_mangle]
        extern "C" fn edge_init() {
            $crate::rt::start();
            $($init)*
        }

        // A trigger that is named twice does not compile: one handler would never run.
        #[allow(dead_code, non_camel_case_types)]
        enum Named { $($trigger,)+ }

        #[no_mangle]
        extern "C" fn edge_handle(event: u32) -> i32 {
            match event {
                $($crate::rt::code::$trigger => $crate::rt::$trigger(|$event| $call),)+
                other => $crate::rt::unhandled(other),
            }
        }
    };
}

/// Writes panics to the log, in a module without the standard library. The
/// feature `std` does it by itself.
#[macro_export]
macro_rules! panic_handler {
    () => {
        #[cfg(all(target_arch = "wasm32", not(test)))]
        #[panic_handler]
        fn edge_panic(info: &core::panic::PanicInfo) -> ! {
            $crate::rt::panicked(info);
            $crate::rt::abort()
        }
    };
}

/// A small allocator: about 4 KB less than the standard library's, with or
/// without that. It rounds sizes up to powers of two and never joins free
/// blocks, which suits handlers: they do the same at every event.
#[macro_export]
macro_rules! allocator {
    () => {
        #[cfg(target_arch = "wasm32")]
        #[global_allocator]
        static EDGE_ALLOCATOR: $crate::small::SmallAllocator = $crate::small::SmallAllocator::new();
    };
}
