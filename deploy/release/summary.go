package release

import "time"

// Summary is what a listing of the ledger tells about a release without
// opening its record.
type Summary struct {
	Number   int
	Kind     Kind
	Parent   int
	Brought  Origin
	Returns  int
	Back     int
	Undone   int // of a rollback
	Target   int // of a rollback
	At       time.Time
	Bindings string // BindingsDigest
	Commit   string // twelve digits, with "+" behind when dirty
	From     string // the pipeline's variable that named the commit; "" means git
	Holds    int    // how many rolled-back releases were held with it
	Actor    string // both may be cut short
	Message  string
}

// Summary tells of a release what a listing tells.
func (r Release) Summary() Summary {
	return Summary{
		Number: r.Number, Kind: r.Kind, Parent: r.Parent, Brought: r.Brought, Returns: r.Returns, Back: r.Back,
		Undone: r.Undone, Target: r.Target, At: r.At,
		Bindings: r.BindingsDigest(), Commit: r.Source.Short(), From: r.Source.From, Holds: len(r.Holds),
		Actor: r.Actor, Message: r.Message,
	}
}
