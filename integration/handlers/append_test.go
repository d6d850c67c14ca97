package handlers

import (
	"encoding/json"
	"os/exec"
	"slices"
	"testing"

	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle"
	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle/wasm"
)

// A thousand values of one header and then ten thousand: ten times the work, and
// not a hundred times, which is what copying the list each time would be.
func TestAppendingValuesToOneHeaderTakesTimeInProportion(t *testing.T) {
	t.Parallel()
	imports := slices.DeleteFunc(everyImport(t), func(i wasm.Import) bool {
		return i.Module != "edge" || i.Name != "append_header" && i.Name != "intern"
	})
	onEachNode(t, func(t *testing.T, node string) {
		for _, mode := range []string{"fail", "continue"} {
			dir := unpack(t, buildModule(t, importing(bundle.Host, imports, nil), mode).Zip)
			out, err := exec.CommandContext(t.Context(), node, "testdata/append.cjs", dir).Output()
			if err != nil {
				t.Fatal(err, string(out))
			}
			var took struct{ Few, Many float64 }
			if err := json.Unmarshal(out, &took); err != nil {
				t.Fatal(err)
			}
			t.Logf("%s: 1,000 values in %.2f ms, 10,000 in %.2f ms", mode, took.Few, took.Many)
			if took.Many > 35*took.Few {
				t.Errorf("%s: 1,000 values take %.2f ms, and 10,000 take %.2f", mode, took.Few, took.Many)
			}
		}
	})
}
