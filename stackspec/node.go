package stackspec

// kind is what a piece of YAML is.
type kind int

const (
	null kind = iota
	boolean
	number // anything that some reader of YAML takes for a number
	text
	sequence
	mapping
)

// String names the kind as a message does.
func (k kind) String() string {
	return [...]string{"nothing", "true or false", "a number", "a string", "a list", "a mapping"}[k]
}

// nests reports whether values of the kind hold others.
func (k kind) nests() bool { return k == mapping || k == sequence }

// node is one value of the file.
type node struct {
	kind      kind
	line, col int
	// text is a scalar as the file has it, without its quotes.
	text string
	// value is text after variables were substituted.
	value string
	// secret says that value holds something of the environment: it must not
	// be shown, nor anything made from it.
	secret  bool
	quoted  bool // single, double or block
	entries []*entry
	items   []*node
	owner   *node // the key that it is the value of; nil for the rest
	// unsure says that a mapping has keys that are none.
	unsure bool
	// bad says that a problem with this very value was reported: the
	// decoder leaves it alone.
	bad bool
}

// entry is one key of a mapping with its value.
type entry struct {
	key   *node // its text is the key
	value *node
}

// entry finds a key; nil if there is none.
func (n *node) entry(key string) *entry {
	return n.entryFunc(func(k string) bool { return k == key })
}

func (n *node) entryFunc(match func(string) bool) *entry {
	for _, e := range n.entries {
		if match(e.key.text) {
			return e
		}
	}
	return nil
}

// get gives the value of a key, nil when it is absent or bad. It may be asked
// of a nil node, so that chains of keys need no checks.
func (n *node) get(key string) *node {
	if n == nil || n.bad || n.kind != mapping {
		return nil
	}
	e := n.entry(key)
	if e == nil || e.value.bad {
		return nil
	}
	return e.value
}

// has reports whether a key is there, sound or not. It may be asked of a nil node.
func (n *node) has(key string) bool {
	return n != nil && n.kind == mapping && n.entry(key) != nil
}

// each gives the entries of a mapping whose keys and values are sound; none
// for a nil node.
func (n *node) each() []*entry {
	if n == nil || n.bad || n.kind != mapping {
		return nil
	}
	var sound []*entry
	for _, e := range n.entries {
		if !e.key.bad && !e.value.bad {
			sound = append(sound, e)
		}
	}
	return sound
}
