//! What is not part of an event.

use crate::{host, room};
use alloc::string::String;
use core::time::Duration;

/// A value of `config:` in edgedeploy.yaml: strings as they are, everything
/// else as JSON. `None` if there is no such key.
///
/// It is the same at every event: read it once, in `init`.
pub fn config(key: &str) -> Option<String> {
    // SAFETY: pointer and length of a string; what is delivered is copied at once.
    unsafe { room::text(host::config(key.as_ptr(), key.len())) }.map(String::from)
}

/// The time since 1970-01-01 UTC, in whole milliseconds.
pub fn now() -> Duration {
    // SAFETY: a host call without memory.
    Duration::from_millis(unsafe { host::now() } as u64)
}

/// Fills `bytes` with random bytes fit for cryptography.
pub fn random(bytes: &mut [u8]) {
    // SAFETY: pointer and length of a slice.
    unsafe { host::random(bytes.as_mut_ptr(), bytes.len()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake;

    #[test]
    fn configuration_outlives_the_event_it_was_read_in() {
        let session = fake::Session::new();
        session.config("home", "/en/");
        let home = config("home");
        room::reset();
        room::buffer(4);
        assert_eq!(home.as_deref(), Some("/en/"));
        assert_eq!(config("missing"), None);
    }

    #[test]
    fn time_and_chance_come_from_the_host() {
        let _session = fake::Session::new();
        assert_eq!(now(), Duration::from_millis(fake::NOW as u64));
        let mut bytes = [0; 3];
        random(&mut bytes);
        assert_eq!(bytes, [1, 2, 3]);
    }
}
