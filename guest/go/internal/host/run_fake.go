//go:build !wasip1

package host

import "fmt"

// Start runs what edge_init runs, on the fake.
func (f *Fake) Start() (err error) {
	defer refusal(&err)
	Use(f)
	start()
	return nil
}

// Run gives the fake an event, the member cf of its record, and runs what
// edge_handle runs. It returns what goes to CloudFront.
func (f *Fake) Run(cf map[string]any) (result map[string]any, err error) {
	defer refusal(&err)
	Use(f)
	event, err := f.Begin(cf)
	if err != nil {
		return nil, err
	}
	defer func() { f.cf, f.answer = nil, nil }() // after a refusal too
	return f.End(handle(event))
}

// refusal turns what a host function panicked with into an error.
func refusal(err *error) {
	switch v := recover().(type) {
	case nil:
	case *Refusal:
		*err = fmt.Errorf("the host refused: %w", v)
	default:
		panic(v) // a bug of this package: handlers' panics were recovered
	}
}
