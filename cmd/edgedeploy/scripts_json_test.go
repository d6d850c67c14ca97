package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/edgedeploy/edgedeploy/internal/screen/render"
)

// exitUndescribed ends a script whose program printed a document that is not as
// its JSON Schema says. No command exits with it.
const exitUndescribed = 97

// checked runs the program, and holds the JSON document that it prints against
// the schema of its command: every script is a test of the schemas, too.
func checked(args []string) int {
	kinds := documentsOf(args)
	if len(kinds) == 0 || saidOutput(args, os.LookupEnv) != "json" {
		return process(scriptDay)
	}
	out, err := os.CreateTemp("", "document")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.Remove(out.Name()) }()
	stdout := os.Stdout
	os.Stdout = out
	code := process(scriptDay)
	os.Stdout = stdout
	if _, err := out.Seek(0, io.SeekStart); err != nil {
		panic(err)
	}
	doc, err := io.ReadAll(out)
	if err != nil {
		panic(err)
	}
	_, _ = stdout.Write(doc)
	if err := holdsTo(doc, kinds, code); err != nil {
		fmt.Fprintf(os.Stderr, "the document of %s, exit code %d: %v\n", strings.Join(args, " "), code, err)
		return exitUndescribed
	}
	return code
}

// documentsOf names the kinds of documents that a command may print; none for
// commands that print something else.
func documentsOf(args []string) []string {
	cmd, _, err := (&app{}).command().Find(args)
	if err != nil {
		return []string{"error"}
	}
	switch name := cmd.Name(); name {
	case "apply", "resume":
		return []string{"result"}
	case "rollback":
		return []string{"result", "plan"}
	case "validate":
		return []string{"validation"}
	case "build":
		return []string{"bundles", "error"}
	case "test":
		return []string{"tests", "error"}
	case "invoke":
		return []string{"invocation", "error"}
	case "unlock":
		return []string{"unlocking", "error"}
	case "plan", "status", "drift", "prune", "destroy", "history", "show", "version":
		return []string{name, "error"}
	}
	return nil
}

// holdsTo holds a document against the schemas of kinds: it has to be one of
// them.
func holdsTo(text []byte, kinds []string, code int) error {
	if bytes.Contains(text, []byte("0001-01-01")) {
		return errors.New("there is a time that is none")
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return fmt.Errorf("it is not JSON: %w", err)
	}
	if code == exitFailed {
		kinds = append(slices.Clone(kinds), "error") // a command line that is not understood is no run
	}
	var first error
	for _, kind := range kinds {
		schema, err := compiled(kind)
		if err != nil {
			return err
		}
		err = schema.Validate(doc)
		if err == nil {
			return nil
		}
		first = cmp.Or(first, err)
	}
	return first
}

func compiled(kind string) (*jsonschema.Schema, error) {
	text, ok := render.DocumentSchema(kind)
	if !ok {
		return nil, fmt.Errorf("there is no schema of %s", kind)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(kind, doc); err != nil {
		return nil, err
	}
	return c.Compile(kind)
}
