//! What [`handlers!`](crate::handlers) expands to. Not for direct use.

use crate::event::{trigger, Event};
#[cfg(feature = "std")]
use crate::number;
use crate::single::Single;
use crate::{log, response, room, Response};
use alloc::string::String;
use core::fmt::{self, Display, Write};

pub use crate::room::buffer;

const CONTINUE: i32 = 0;
const ANSWER: i32 = 1;
const FAILURE: i32 = -1;

// ---- what handlers may return ---------------------------------------------

/// What a handler at a request trigger may return: `()` to let the request go
/// on, a [`Response`] to answer it, an `Option<Response>` for both, or a
/// `Result` of any of these. An `Err` is written to the log, and the handler
/// fails: `on-error` in edgedeploy.yaml decides what visitors get.
pub trait RequestReply {
    #[doc(hidden)]
    fn code(self, trigger: &str) -> i32;
}

/// What a handler at a response trigger may return: `()`, or a `Result` of it
/// whose `Err` is written to the log and fails the handler.
pub trait ResponseReply {
    #[doc(hidden)]
    fn code(self, trigger: &str) -> i32;
}

impl RequestReply for () {
    #[inline(always)]
    fn code(self, _: &str) -> i32 {
        CONTINUE
    }
}

impl RequestReply for Response {
    #[inline(always)]
    fn code(self, _: &str) -> i32 {
        self.check();
        ANSWER
    }
}

impl RequestReply for Option<Response> {
    #[inline(always)]
    fn code(self, trigger: &str) -> i32 {
        match self {
            Some(response) => response.code(trigger),
            None => CONTINUE,
        }
    }
}

impl<R: RequestReply, E: Display> RequestReply for Result<R, E> {
    #[inline(always)]
    fn code(self, trigger: &str) -> i32 {
        match self {
            Ok(reply) => reply.code(trigger),
            Err(err) => failed(trigger, &err),
        }
    }
}

impl ResponseReply for () {
    #[inline(always)]
    fn code(self, _: &str) -> i32 {
        CONTINUE
    }
}

impl<E: Display> ResponseReply for Result<(), E> {
    #[inline(always)]
    fn code(self, trigger: &str) -> i32 {
        match self {
            Ok(()) => CONTINUE,
            Err(err) => failed(trigger, &err),
        }
    }
}

#[cold]
#[inline(never)]
fn failed(what: &str, err: &dyn Display) -> i32 {
    let mut line = String::from(what);
    // Writing to a String does not fail; a Display that does is cut short.
    let _ = write!(line, ": {err}");
    log::error(&line);
    FAILURE
}

// ---- dispatch -------------------------------------------------------------

macro_rules! triggers {
    ($($name:ident = $code:literal, $words:literal, $trigger:ident, $reply:ident;)*) => {
        /// The numbers that `edge_handle` is given.
        #[allow(non_upper_case_globals)]
        pub mod code {
            $(pub const $name: u32 = $code;)*
        }

        $(
            /// Runs one handler. Its event is borrowed for the call, so nothing
            /// of it can be kept.
            #[inline(always)]
            pub fn $name<R: $reply>(handler: impl for<'e> FnOnce(Event<'e, trigger::$trigger>) -> R) -> i32 {
                room::reset();
                response::begin_event();
                handler(Event::new()).code($words)
            }
        )*

        fn words(event: u32) -> Option<&'static str> {
            match event {
                $($code => Some($words),)*
                _ => None,
            }
        }
    };
}

triggers! {
    viewer_request = 0, "viewer-request", ViewerRequest, RequestReply;
    origin_request = 1, "origin-request", OriginRequest, RequestReply;
    origin_response = 2, "origin-response", OriginResponse, ResponseReply;
    viewer_response = 3, "viewer-response", ViewerResponse, ResponseReply;
}

/// An event for which the module has no handler. Somebody associated the
/// function with a trigger that it was not written for: passing traffic on in
/// silence would hide it.
#[cold]
pub fn unhandled(event: u32) -> i32 {
    let mut line = Line::new();
    line.push(words(event).unwrap_or("an event of a trigger that is not known"));
    line.push(": this module has no handler for it; name one in handlers!, or take the function off this trigger");
    log::error(line.text());
    FAILURE
}

// ---- state ----------------------------------------------------------------

/// What `init` made, for the handlers.
pub struct State<S>(Single<Option<S>>);

/// What `init` may return: the state, or a `Result` of it. An `Err` is written
/// to the log, and the module does not start.
pub trait Init<S> {
    #[doc(hidden)]
    fn state(self) -> S;
}

impl<S> Init<S> for S {
    fn state(self) -> S {
        self
    }
}

impl<S, E: Display> Init<S> for Result<S, E> {
    fn state(self) -> S {
        match self {
            Ok(state) => state,
            Err(err) => {
                failed("init", &err);
                abort()
            }
        }
    }
}

impl<S> State<S> {
    #[allow(clippy::new_without_default)]
    pub const fn new() -> Self {
        State(Single::new(None))
    }

    pub fn set(&self, made: impl Init<S>) {
        let state = made.state(); // init calls the host, so not inside of `with`
        self.0.with(|slot| *slot = Some(state))
    }

    /// The state. `edge_init` runs before any event, so a module without it was
    /// called by something that is no trampoline.
    #[inline(always)]
    pub fn get(&self) -> &S {
        // SAFETY: set once, before any event, and never changed again.
        match unsafe { &*self.0.get() } {
            Some(state) => state,
            None => uninitialized(),
        }
    }
}

#[cold]
#[inline(never)]
fn uninitialized() -> ! {
    panic!("edge_handle was called before edge_init")
}

// ---- panics ---------------------------------------------------------------

/// The first thing in `edge_init`: from here on a panic reaches the log.
pub fn start() {
    #[cfg(feature = "std")]
    std::panic::set_hook(std::boxed::Box::new(|info| {
        // Not by its Display, which brings 4 KB of formatting into the module.
        let message = match info.payload().downcast_ref::<&str>() {
            Some(message) => *message,
            None => match info.payload().downcast_ref::<String>() {
                Some(message) => message,
                None => "(no message)",
            },
        };
        let mut line = Line::new();
        line.push("panicked at ");
        if let Some(at) = info.location() {
            line.push(at.file());
            line.push(":");
            line.push_number(at.line());
            line.push(":");
            line.push_number(at.column());
            line.push(": ");
        }
        line.push(message);
        log::error(line.text());
    }));
}

/// Writes a panic to the log, without allocating: allocation may be what failed.
pub fn panicked(info: &dyn Display) {
    let mut line = Line::new();
    // A message longer than the line is cut off.
    let _ = write!(line, "{info}");
    log::error(line.text());
}

/// Ends the instance. The host logs the trap and makes a new one.
pub fn abort() -> ! {
    #[cfg(target_arch = "wasm32")]
    core::arch::wasm32::unreachable();
    #[cfg(not(target_arch = "wasm32"))]
    panic!("the handler gave up");
}

/// As much of a message as fits.
struct Line {
    bytes: [u8; 1024],
    len: usize,
}

impl Line {
    fn new() -> Line {
        Line {
            bytes: [0; 1024],
            len: 0,
        }
    }

    fn text(&self) -> &str {
        // SAFETY: `push` adds whole characters only, and no more than there is room.
        unsafe { core::str::from_utf8_unchecked(self.bytes.get_unchecked(..self.len)) }
    }

    fn push(&mut self, s: &str) {
        let mut take = s.len().min(self.bytes.len() - self.len);
        while !s.is_char_boundary(take) {
            take -= 1;
        }
        for (to, from) in self
            .bytes
            .iter_mut()
            .skip(self.len)
            .zip(s.bytes().take(take))
        {
            *to = from;
        }
        self.len += take;
    }

    #[cfg(feature = "std")]
    fn push_number(&mut self, n: u32) {
        number::format(n, |digits| self.push(digits))
    }
}

impl Write for Line {
    fn write_str(&mut self, s: &str) -> fmt::Result {
        self.push(s);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake;
    use std::format;

    #[test]
    fn what_a_handler_returns_becomes_a_result() {
        let session = fake::Session::new();
        assert_eq!(viewer_request(|_| ()), 0);
        assert_eq!(viewer_request(|_| Response::new(200)), 1);
        assert_eq!(origin_request(|_| None::<Response>), 0);
        assert_eq!(
            origin_request(|_| Ok::<_, &str>(Some(Response::new(200)))),
            1
        );
        assert_eq!(origin_response(|_| Ok::<(), &str>(())), 0);
        assert_eq!(session.logs(), []);
        assert_eq!(viewer_response(|_| Err::<(), _>("no such user")), -1);
        assert_eq!(
            viewer_request(|_| Err::<Response, _>(format!("{} of {}", 2, 3))),
            -1
        );
        assert_eq!(
            session.logs(),
            [
                (3, "viewer-response: no such user".into()),
                (3, "viewer-request: 2 of 3".into())
            ]
        );
    }

    #[test]
    fn a_trigger_without_a_handler_is_said_to_be_one() {
        let session = fake::Session::new();
        assert_eq!(unhandled(1), -1);
        assert_eq!(unhandled(4), -1);
        let logs = session.logs();
        assert!(
            logs[0]
                .1
                .starts_with("origin-request: this module has no handler"),
            "{logs:?}"
        );
        assert!(
            logs[1]
                .1
                .starts_with("an event of a trigger that is not known"),
            "{logs:?}"
        );
    }

    #[test]
    fn a_long_message_is_cut_at_a_character() {
        let session = fake::Session::new();
        let long = format!("x{}", "ü".repeat(2000));
        panicked(&long);
        assert_eq!(session.logs()[0].1, format!("x{}", "ü".repeat(511)));
    }

    #[test]
    #[should_panic(expected = "given up when another one was begun")]
    fn a_response_given_up_cannot_be_returned() {
        let _session = fake::Session::new();
        viewer_request(|_| {
            let first = Response::new(200);
            let _second = Response::new(404);
            first
        });
    }

    #[test]
    fn state_comes_from_init() {
        static STATE: State<u32> = State::new();
        STATE.set(Ok::<u32, &str>(7));
        assert_eq!(*STATE.get(), 7);
    }

    #[test]
    fn an_init_that_fails_says_why() {
        let session = fake::Session::new();
        let gave_up = std::panic::catch_unwind(|| State::<u32>::new().set(Err::<u32, _>("no key")));
        assert!(gave_up.is_err());
        assert_eq!(session.logs(), [(3, "init: no key".into())]);
    }
}
