//go:build !wasip1

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/edgedeploy/edgedeploy/guest/go/edgetest"
)

// configuration is the one of edgedeploy.yaml: lines below config:, with values
// that are lists or maps on one line.
func configuration(t *testing.T) map[string]any {
	t.Helper()
	spec, err := os.ReadFile("edgedeploy.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, below, found := strings.Cut(string(spec), "    config:\n")
	if !found {
		t.Fatal("edgedeploy.yaml has no config:")
	}
	all := map[string]any{}
	for line := range strings.Lines(below) {
		key, value, ok := strings.Cut(strings.TrimSpace(line), ": ")
		if !ok {
			break
		}
		words := strings.Split(strings.Trim(value, "[]{}"), ", ")
		if value[0] == '[' {
			all[key] = words
			continue
		}
		pairs := map[string]string{}
		for _, word := range words {
			name, of, _ := strings.Cut(word, ": ")
			pairs[name] = of
		}
		all[key] = pairs
	}
	return all
}

func TestFixturesGiveTheirExpectedResults(t *testing.T) {
	names, err := filepath.Glob("fixtures/*.event.json")
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".event.json"), func(t *testing.T) {
			host := &edgetest.Host{Config: configuration(t)}
			result, err := host.Handle(read(t, name))
			if err != nil {
				t.Fatal(err, host.Logs)
			}
			var got, want struct{ Result any }
			if err := json.Unmarshal(result, &got.Result); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(read(t, strings.TrimSuffix(name, ".event.json")+".expect.json"), &want); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got %s", result)
			}
		})
	}
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestLanguageIsWhatTheBrowserLikesBestOfWhatThereIs(t *testing.T) {
	s := settings{languages: []string{"en", "de", "pt-br", "fr"}, speaks: map[string]string{"AT": "de"}}
	tests := map[string]struct{ accept, country, want string }{
		"nothing at all":                {"", "", "en"},
		"a country alone":               {"", "AT", "de"},
		"a country nobody listed":       {"", "ZZ", "en"},
		"the browser over the country":  {"fr", "AT", "fr"},
		"a language that is not there":  {"nl", "AT", "de"},
		"the first of equals":           {"fr, de", "", "fr"},
		"weights":                       {"en;q=0.3, de;q=0.7, fr;q=0.5", "", "de"},
		"no weight is the highest":      {"de;q=0.9,fr", "", "fr"},
		"a region of a language":        {"de-AT,en;q=0.5", "", "de"},
		"a region that is there":        {"pt-BR;q=0.9, fr;q=0.8", "", "pt-br"},
		"another region of it":          {"pt-PT, fr;q=0.1", "", "fr"},
		"a script and a region":         {"de-Latn-AT", "", "de"},
		"not acceptable":                {"de;q=0, fr;q=0.1", "", "fr"},
		"nothing acceptable":            {"de;q=0", "AT", "de"},
		"anything":                      {"*", "AT", "de"},
		"weights that are none":         {"de;q=2, fr;q=x, en;level=1;q=1", "", "en"},
		"weights in capitals, spaces":   {" DE ; Q=0.4 , fr ; q=0.2 ", "", "de"},
		"a weight that is no number":    {"de;q=NaN", "", "en"},
		"commas and dashes and nothing": {",,;-,-,", "AT", "de"},
	}
	for name, tt := range tests {
		if got := s.language(tt.accept, tt.country); got != tt.want {
			t.Errorf("%s: %q from %q gives %s, want %s", name, tt.accept, tt.country, got, tt.want)
		}
	}
}

func TestSettingsThatCannotWorkAreNamed(t *testing.T) {
	tests := map[string]struct {
		key   string
		value any
		say   string
	}{
		"no language":                {"languages", []string{}, "config: languages is missing"},
		"a language in capitals":     {"languages", []string{"en", "DE"}, "config: languages: DE; want it in lower case"},
		"a language with a slash":    {"languages", []string{"en/us"}, "config: languages: en/us"},
		"a language the site lacks":  {"speaks", map[string]string{"IT": "it"}, "config: speaks: IT=it, which is not in languages"},
		"a region without an origin": {"regions", map[string]string{"JP": "asia"}, "config: regions: JP=asia, which is not in origins"},
		"an origin that is none":     {"origins", map[string]any{"eu": []int{1}}, "config: origins.eu: want a text, is a list"},
		"words instead of a map":     {"regions", "DE=eu", "config: regions: want a map, is a text"},
	}
	event := read(t, "fixtures/origin-request-germany.event.json")
	for name, tt := range tests {
		host := &edgetest.Host{Config: configuration(t)}
		host.Config[tt.key] = tt.value
		if _, err := host.Handle(event); err == nil || len(host.Logs) != 1 || !strings.Contains(host.Logs[0].Text, tt.say) {
			t.Errorf("%s: error %v, logs %q, want %q", name, err, host.Logs, tt.say)
		}
	}
}
