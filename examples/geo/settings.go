package main

import (
	"errors"
	"slices"
	"strings"
)

// settings are what stands under config: in edgedeploy.yaml. There they are
// words in a string and not lists, because encoding/json would triple the time
// that an instance takes to start (README.md).
type settings struct {
	languages []string          // that the site has; the first is for everybody else
	speaks    map[string]string // country → language, for browsers that name none of ours
	regions   map[string]string // country → region
	origins   map[string]string // region → domain name of its origin
	blocked   []string          // countries that get no content
	neutral   []string          // beginnings of paths that have no language
}

// readSettings takes them from configuration and refuses what cannot work.
func readSettings(config func(key string) (string, bool)) (settings, error) {
	list := func(key string) []string {
		words, _ := config(key)
		return strings.Fields(words)
	}
	s := settings{languages: list("languages"), blocked: list("blocked"), neutral: list("neutral")}
	for key, to := range map[string]*map[string]string{"speaks": &s.speaks, "regions": &s.regions, "origins": &s.origins} {
		*to = map[string]string{}
		for _, word := range list(key) {
			name, value, _ := strings.Cut(word, "=")
			if name == "" || value == "" {
				return settings{}, errors.New("config: " + key + ": " + word + "; want words like DE=eu")
			}
			(*to)[name] = value
		}
	}
	return s, s.check()
}

func (s settings) check() error {
	if len(s.languages) == 0 {
		return errors.New("config: languages is missing; it lists what the site has, the fallback first")
	}
	for _, l := range s.languages {
		if l != strings.ToLower(l) || strings.Contains(l, "/") {
			return errors.New("config: languages: " + l + "; want it in lower case, as in the site's paths")
		}
	}
	for country, l := range s.speaks {
		if !slices.Contains(s.languages, l) {
			return errors.New("config: speaks: " + country + "=" + l + ", which is not in languages")
		}
	}
	for country, region := range s.regions {
		if s.origins[region] == "" {
			return errors.New("config: regions: " + country + "=" + region + ", which is not in origins")
		}
	}
	return nil
}

// named reports whether a path names one of the site's languages.
func (s settings) named(uri string) bool {
	first, _, _ := strings.Cut(strings.TrimPrefix(uri, "/"), "/")
	return slices.Contains(s.languages, first)
}

// without reports whether a path has no language at all.
func (s settings) without(uri string) bool {
	return slices.ContainsFunc(s.neutral, func(start string) bool { return strings.HasPrefix(uri, start) })
}
