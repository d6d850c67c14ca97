package versions

// Parts are fingerprints of what content is made of. They tell a person what
// differs between two versions and identify nothing: [ContentID] does that. The
// zero value is that of a version of which nothing of the kind was recorded.
//
// A release record has them, and no version's description: a description has
// room for 256 characters (Lambda API model, Description), and the content and
// the configuration take most of it.
//
// Fingerprints are the first twelve hex digits of a SHA-256, "" where there is
// no such part.
type Parts struct {
	Module string `json:"module,omitempty"` // fingerprint of the WebAssembly modules
	Script string `json:"script,omitempty"` // of the scripts and files that a trampoline runs
	Config string `json:"config,omitempty"` // of config:
	Files  string `json:"files,omitempty"`  // of all files of a bundle with an entry of its own
	// OnError is what the trampoline does when the handler fails: fail or continue.
	OnError string `json:"onError,omitempty"`
	// Interface is how the trampoline hands events to the handler: host, bytes or glue.
	Interface string `json:"interface,omitempty"`
}

// Differ names the parts that are not what they were, as the spec calls them.
// It names none where that is not known of one of the two.
func (p Parts) Differ(was Parts) []string {
	if p == (Parts{}) || was == (Parts{}) {
		return nil
	}
	var names []string
	for _, part := range []struct{ name, was, is string }{
		{"module", was.Module, p.Module},
		{"script", was.Script, p.Script},
		{"files", was.Files, p.Files},
		{"config", was.Config, p.Config},
		{"on-error", was.OnError, p.OnError},
		{"interface", was.Interface, p.Interface},
	} {
		if part.was != part.is {
			names = append(names, part.name)
		}
	}
	return names
}
