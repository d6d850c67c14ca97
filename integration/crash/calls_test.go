package crash

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// unreached are the operations that no run of these scenes calls, with why.
var unreached = map[string]string{
	"lambda GetPolicy": "drift asks it, which changes nothing",
}

// covered is what the suite has tried.
type covered struct {
	mu      sync.Mutex
	points  map[string]map[string]int // by operation and way
	late    map[string]int            // writes that AWS took after the second run
	advised map[string]int
	cases   int // that were gone through
}

func (c *covered) finished() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cases++
}

func (c *covered) add(how way, st strike) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.points[st.operation] == nil {
		c.points[st.operation] = map[string]int{}
	}
	c.points[st.operation][how.name]++
}

func (c *covered) landed(operation string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.late == nil {
		c.late = map[string]int{}
	}
	c.late[operation]++
}

func (c *covered) advice(args []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.advised == nil {
		c.advised = map[string]int{}
	}
	c.advised[strings.Join(args, " ")]++
}

// report prints what was covered, and fails if an operation that the program
// can call was never struck in one of the ways.
func (c *covered) report(t *testing.T) {
	t.Helper()
	total := 0
	for _, operation := range slices.Sorted(maps.Keys(c.points)) {
		ways := c.points[operation]
		line := ""
		for _, how := range slices.Sorted(maps.Keys(ways)) {
			line += "  " + how + ": " + strconv.Itoa(ways[how])
			total += ways[how]
		}
		t.Logf("%-40s%s", operation, line)
	}
	t.Logf("%d kinds of runs, %d points; advice that was followed: %v; late writes that changed something: %v",
		len(scenes()), total, c.advised, c.late)
	if c.cases < len(scenes())*len(ways()) {
		t.Logf("of %d cases %d ended: whether an operation was left out is not looked at", len(scenes())*len(ways()), c.cases)
		return
	}
	for _, operation := range operations(t) {
		why, excepted := unreached[operation]
		for _, how := range ways() {
			struck := c.points[operation][how.name] > 0
			if !struck && !excepted && !(how.late && reads(operation)) {
				t.Errorf("%s was never %s", operation, how.name)
			}
			if struck && excepted {
				t.Errorf("%s was %s, and is said not to be called: %s", operation, how.name, why)
			}
		}
	}
}

// reads reports whether an operation changes nothing: then it cannot be late.
func reads(operation string) bool {
	_, verb, _ := strings.Cut(operation, " ")
	return strings.HasPrefix(verb, "Get") || strings.HasPrefix(verb, "List") || verb == "Download"
}

// operations are all that the program can call: the inputs of the SDK that the
// sources of awscloud make, and downloads.
func operations(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../../internal/aws/awscloud/*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("no sources of awscloud: %v", err)
	}
	found := map[string]bool{"code Download": true}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			lit, ok := n.(*ast.CompositeLit)
			if !ok {
				return true
			}
			if sel, ok := lit.Type.(*ast.SelectorExpr); ok {
				service, _ := sel.X.(*ast.Ident)
				operation, input := strings.CutSuffix(sel.Sel.Name, "Input")
				if input && service != nil && slices.Contains([]string{"lambda", "cloudfront", "sts", "iam"}, service.Name) {
					found[service.Name+" "+operation] = true
				}
			}
			return true
		})
	}
	return slices.Sorted(maps.Keys(found))
}
