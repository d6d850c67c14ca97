// Package starters does what somebody new does: it runs edgedeploy init --lang
// in an empty folder, and then types what that printed under "Next:", letter by
// letter, until the handler is built, tested, and applied to the local AWS.
//
// Two things are not typed: rustup target add, because the target is there, be it
// rustup's or Debian's, and npm install. Nothing is fetched: neither Go nor cargo may use the
// network. Where there is no cargo with that target the Rust starter is skipped,
// and says so, unless EDGEDEPLOY_REQUIRE_CARGO is set: then that is a failure.
// Types of the TypeScript one are checked where integration/packages.sh was run.
//
// It ships nothing and consists of tests.
package starters
