//! The function's log: CloudWatch, in the region nearest to the viewer.

use crate::host;

/// For whoever looks for a bug.
pub fn debug(message: &str) {
    log(0, message)
}

/// What happened.
pub fn info(message: &str) {
    log(1, message)
}

/// What somebody should look at.
pub fn warn(message: &str) {
    log(2, message)
}

/// What went wrong.
pub fn error(message: &str) {
    log(3, message)
}

fn log(level: u32, message: &str) {
    // SAFETY: pointer and length of a string.
    unsafe { host::log(level, message.as_ptr(), message.len()) }
}
