// Package guest carries the sources of the guest libraries, so that a starter
// (edgedeploy init --lang) can be written whole and built without a network.
//
// It owns nothing of them: rust is embedded as it is, and go.txtar is what the
// module in go holds, because no package can embed files of another module; a
// test holds the two together.
package guest
