//! What the host offers, exactly as docs/abi-host.md lists it.
//!
//! This is the seam of the crate: on WebAssembly these are the imports, in the
//! crate's own tests a small host in memory (`fake`), and anywhere
//! else functions that say where they belong.

macro_rules! interface {
    ($(fn $name:ident($($arg:ident: $ty:ty),*) $(-> $out:ty)?;)*) => {
        #[cfg(target_arch = "wasm32")]
        #[link(wasm_import_module = "edge")]
        extern "C" {
            $(pub(crate) fn $name($($arg: $ty),*) $(-> $out)?;)*
        }

        #[cfg(all(not(target_arch = "wasm32"), test))]
        pub(crate) use crate::fake::{$($name),*};

        // A handler's crate still compiles and tests natively; what it calls
        // of the host says why it cannot work there.
        $(
            #[cfg(all(not(target_arch = "wasm32"), not(test)))]
            pub(crate) unsafe fn $name($(_: $ty),*) $(-> $out)? {
                panic!(concat!("edgedeploy_guest: `", stringify!($name), "` needs the host: it works in a packaged handler, not natively"))
            }
        )*
    };
}

interface! {
    fn intern(ptr: *const u8, len: usize) -> u32;
    fn get(field: u32) -> i32;
    fn set(field: u32, ptr: *const u8, len: usize);
    fn header(of: u32, name: u32, i: u32) -> i32;
    fn header_count(of: u32) -> u32;
    fn header_at(of: u32, i: u32) -> i32;
    fn set_header(of: u32, name: u32, value: u32);
    fn put_header(of: u32, name: u32, ptr: *const u8, len: usize);
    fn append_header(of: u32, name: u32, ptr: *const u8, len: usize);
    fn remove_header(of: u32, name: u32);
    fn respond(status: u32);
    fn body() -> i32;
    fn body_truncated() -> u32;
    fn set_body(form: u32, ptr: *const u8, len: usize);
    fn config(ptr: *const u8, len: usize) -> i32;
    fn log(level: u32, ptr: *const u8, len: usize);
    fn now() -> f64;
    fn random(ptr: *mut u8, len: usize);
}

/// Numbers of the fields.
pub(crate) mod field {
    pub(crate) const METHOD: u32 = 0;
    pub(crate) const URI: u32 = 1;
    pub(crate) const QUERYSTRING: u32 = 2;
    pub(crate) const CLIENT_IP: u32 = 3;
    pub(crate) const REQUEST_ID: u32 = 4;
    pub(crate) const DISTRIBUTION_ID: u32 = 5;
    pub(crate) const DISTRIBUTION_DOMAIN: u32 = 6;
    pub(crate) const STATUS: u32 = 7;
    pub(crate) const STATUS_DESCRIPTION: u32 = 8;
    pub(crate) const ORIGIN_KIND: u32 = 9;
    pub(crate) const ORIGIN_DOMAIN: u32 = 10;
    pub(crate) const ORIGIN_PATH: u32 = 11;
    pub(crate) const ORIGIN_PROTOCOL: u32 = 12;
    pub(crate) const ORIGIN_PORT: u32 = 13;
    pub(crate) const ORIGIN_READ_TIMEOUT: u32 = 14;
    pub(crate) const ORIGIN_KEEPALIVE_TIMEOUT: u32 = 15;
    pub(crate) const ORIGIN_SSL_PROTOCOLS: u32 = 16;
    pub(crate) const ORIGIN_REGION: u32 = 17;
    pub(crate) const ORIGIN_AUTH_METHOD: u32 = 18;
}

/// Whose headers.
pub(crate) const REQUEST: u32 = 0;
pub(crate) const RESPONSE: u32 = 1;
pub(crate) const ORIGIN: u32 = 2;

/// Forms of a body.
pub(crate) const TEXT: u32 = 0;
pub(crate) const BYTES: u32 = 1;
