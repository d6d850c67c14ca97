package bundle

import (
	"fmt"
	"regexp"

	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle/wasm"
)

// hostModule is the module name of every import of the host interface.
const hostModule = "edge"

// hostImports are the functions a module may import, version 1 of the
// interface, with their signatures. docs/abi-host.md says what they mean.
func hostImports() map[string]string {
	return map[string]string{
		"intern":         "(i32, i32) -> i32",
		"get":            "(i32) -> i32",
		"set":            "(i32, i32, i32) -> ()",
		"header":         "(i32, i32, i32) -> i32",
		"header_count":   "(i32) -> i32",
		"header_at":      "(i32, i32) -> i32",
		"set_header":     "(i32, i32, i32) -> ()",
		"put_header":     "(i32, i32, i32, i32) -> ()",
		"append_header":  "(i32, i32, i32, i32) -> ()",
		"remove_header":  "(i32, i32) -> ()",
		"respond":        "(i32) -> ()",
		"body":           "() -> i32",
		"body_truncated": "() -> i32",
		"set_body":       "(i32, i32, i32) -> ()",
		"config":         "(i32, i32) -> i32",
		"log":            "(i32, i32, i32) -> ()",
		"now":            "() -> f64",
		"random":         "(i32, i32) -> ()",
	}
}

// hostExports are the functions a module must export, or may (?).
func hostExports() map[string]string {
	return map[string]string{
		hostVersion:    "() -> ()",
		handleName:     "(i32) -> i32",
		"edge_buffer":  "(i32) -> i32",
		"edge_init?":   "() -> ()",
		"_initialize?": "() -> ()",
	}
}

// missingVersion tells a module for another version from one for no version.
func missingVersion(m wasm.Module) string {
	versioned := regexp.MustCompile(`^edge_abi_[0-9]+$`)
	for _, e := range m.Exports {
		if versioned.MatchString(e.Name) {
			return fmt.Sprintf("export %s stands for another version of the interface; this program knows %s", e.Name, hostVersion)
		}
	}
	return fmt.Sprintf("export %s() -> () is missing", hostVersion)
}
