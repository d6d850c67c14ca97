package bundle

// bytesExports are the functions that a module of the bytes interface must
// export, or may (?). docs/abi-bytes.md says what they mean. It imports
// nothing but WASI.
func bytesExports() map[string]string {
	return map[string]string{
		allocName:      "(i32) -> i32",
		handleName:     "(i32, i32) -> i32",
		"edge_config?": "(i32, i32) -> ()",
		"edge_body?":   "(i32, i32) -> ()",
		"edge_wants?":  "(i32) -> i32",
		"_initialize?": "() -> ()",
	}
}
