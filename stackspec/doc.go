// Package stackspec owns edgedeploy.yaml: its grammar, its keys, the one
// canonical value that a file stands for, the positions of everything in it,
// and its JSON Schema.
//
//	bytes ─readYAML─► node tree ─check against the table of keys─► decode ─► Stack
//	        │              │                  │                       │
//	        └──────────────┴── problems with line, column, excerpt ───┘
//
// One table of keys (keys.go) says which keys there are, what they hold and
// what they mean; the parser, the JSON Schema and the table in docs/spec.md
// all come from it or are held against it.
//
// Equal specs are equal Stacks: the order of keys, comments, quoting, defaults
// that are written out and the optional slash of path patterns make no
// difference, so that == (reflect.DeepEqual) is the whole comparison
// afterwards.
//
// The package never touches files, the network, the clock or the process
// environment (variables come through Options.Lookup), and never prints. The
// value of an environment variable never appears in a Problem.
package stackspec
