package wasm

import "slices"

// Strip returns the module without the custom sections whose name drop
// accepts, and what was left out, in the module's order. All other bytes are
// the same, in the same order: engines ignore custom sections, so the result
// means what b meant. b is not changed; when nothing is dropped the result is
// b itself.
func Strip(b []byte, drop func(name string) bool) ([]byte, []Custom, error) {
	m, err := Parse(b)
	if err != nil {
		return nil, nil, err
	}
	dropped := slices.DeleteFunc(slices.Clone(m.Customs), func(c Custom) bool { return !drop(c.Name) })
	if len(dropped) == 0 {
		return b, nil, nil
	}
	out := make([]byte, 0, len(b))
	from := 0
	for _, c := range dropped {
		out = append(out, b[from:c.Offset]...)
		from = c.Offset + c.Size
	}
	return append(out, b[from:]...), dropped, nil
}
