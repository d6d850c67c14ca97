package pipelines

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/itchyny/gojq"
)

// stubs stand in for what cannot be had here, and refuse all that they are not
// made for.
var stubs = map[string]func(args []string) error{
	"go": goInstall, "rustup": rustup, "gh": gh, "cargo": cargoOnce,
}

// goInstall puts the program of this tree where go install would put it.
func goInstall(args []string) error {
	want := []string{"install", "github.com/edgedeploy/edgedeploy/cmd/edgedeploy@" + os.Getenv("TOOL_VERSION")}
	if !slices.Equal(args, want) || os.Getenv("TOOL_VERSION") == "" || os.Getenv("CGO_ENABLED") != "0" {
		return fmt.Errorf("want %q with CGO_ENABLED=0, got %q", want, args)
	}
	if err := os.MkdirAll(os.Getenv("GOBIN"), 0o755); err != nil {
		return err
	}
	return copyFile(os.Getenv("STUB_PROGRAM"), filepath.Join(os.Getenv("GOBIN"), "edgedeploy"), 0o755)
}

func rustup(args []string) error {
	if want := []string{"target", "add", "wasm32-unknown-unknown"}; !slices.Equal(args, want) {
		return fmt.Errorf("want %q, got %q", want, args)
	}
	return nil
}

// comment is one of a pull or merge request, as both services' APIs give it.
type comment struct {
	ID     int            `json:"id"`
	Body   string         `json:"body"`
	User   map[string]any `json:"user,omitempty"`   // GitHub
	Author map[string]any `json:"author,omitempty"` // GitLab
}

func readComments(file string) ([]comment, error) {
	raw, err := os.ReadFile(file)
	all := []comment{} // none is [] to a client, and not null
	if errors.Is(err, os.ErrNotExist) {
		return all, nil
	}
	err = errors.Join(err, json.Unmarshal(raw, &all))
	return all, err
}

func writeComments(file string, all []comment) error {
	raw, err := json.Marshal(all)
	return errors.Join(err, os.WriteFile(file, raw, 0o600))
}

// commentLimit is how many characters GitHub takes in a comment.
const commentLimit = 65536

// ghCall is a call of gh api.
type ghCall struct{ method, path, jq, body string }

func parseGH(args []string) (ghCall, error) {
	call := ghCall{method: "GET"}
	if len(args) == 0 || args[0] != "api" {
		return call, fmt.Errorf("only api, not %q", args)
	}
	for i := 1; i < len(args); i++ {
		value := func() string { i++; return args[i] }
		switch args[i] {
		case "--paginate", "--silent":
		case "--method":
			call.method = value()
		case "--jq":
			call.jq = value()
		case "-F":
			name, file, ok := strings.Cut(value(), "=@")
			raw, err := os.ReadFile(file)
			if name != "body" || !ok || err != nil {
				return call, fmt.Errorf("want -F body=@FILE: %w", err)
			}
			call.body = string(raw)
		default:
			if strings.HasPrefix(args[i], "-") || call.path != "" {
				return call, fmt.Errorf("argument %q is not known here", args[i])
			}
			call.path = args[i]
		}
	}
	return call, nil
}

// gh is GitHub's API of comments, for the token of a job that may use it.
func gh(args []string) error {
	if !strings.Contains(os.Getenv("GH_TOKEN"), "pull-requests=write") {
		return errors.New("HTTP 403: Resource not accessible by integration")
	}
	call, err := parseGH(args)
	if err != nil {
		return err
	}
	file := os.Getenv("STUB_COMMENTS")
	all, err := readComments(file)
	if err != nil {
		return err
	}
	repo := "repos/" + os.Getenv("GITHUB_REPOSITORY") + "/issues/"
	list := repo + pullRequest + "/comments"
	switch one, isOne := strings.CutPrefix(call.path, repo+"comments/"); {
	case call.method == "GET" && call.path == list:
		return runJQ(call.jq, all)
	case len(call.body) > commentLimit:
		return errors.New("HTTP 422: body is too long")
	case call.method == "POST" && call.path == list:
		all = append(all, comment{ID: 1000 + len(all), Body: call.body, User: map[string]any{"login": "github-actions[bot]"}})
		return writeComments(file, all)
	case call.method == "PATCH" && isOne:
		i := slices.IndexFunc(all, func(c comment) bool { return strconv.Itoa(c.ID) == one })
		if i < 0 || all[i].User["login"] != "github-actions[bot]" {
			return errors.New("HTTP 403")
		}
		all[i].Body = call.body
		return writeComments(file, all)
	}
	return fmt.Errorf("HTTP 404: %s %s", call.method, call.path)
}

// runJQ prints as gh --jq does, which is the same code.
func runJQ(expression string, in any) error {
	query, err := gojq.Parse(expression)
	if err != nil {
		return err
	}
	raw, err := json.Marshal(in)
	if err != nil {
		return err
	}
	var plain any
	if err := json.Unmarshal(raw, &plain); err != nil {
		return err
	}
	for results := query.Run(plain); ; {
		v, ok := results.Next()
		if !ok {
			return nil
		}
		if err, is := v.(error); is {
			return err
		}
		fmt.Println(v)
	}
}

func copyFile(from, to string, mode os.FileMode) error {
	raw, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return os.WriteFile(to, raw, mode)
}

func copyTree(from, to string) error { return os.CopyFS(to, os.DirFS(from)) }
