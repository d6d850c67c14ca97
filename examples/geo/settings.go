package main

import (
	"errors"
	"slices"
	"strings"

	config "github.com/edgedeploy/edgedeploy/guest/go/settings"
)

// settings are what stands under config: in edgedeploy.yaml.
type settings struct {
	languages []string          // that the site has; the first is for everybody else
	speaks    map[string]string // country → language, for browsers that name none of ours
	regions   map[string]string // country → region
	origins   map[string]string // region → domain name of its origin
	blocked   []string          // countries that get no content
	neutral   []string          // beginnings of paths that have no language
}

// readSettings takes them from configuration and refuses what cannot work.
func readSettings(c *config.Reader) (settings, error) {
	s := settings{
		languages: c.Get("languages").Strings(),
		speaks:    c.Get("speaks").StringMap(),
		regions:   c.Get("regions").StringMap(),
		origins:   c.Get("origins").StringMap(),
		blocked:   c.Get("blocked").Strings(),
		neutral:   c.Get("neutral").Strings(),
	}
	if err := c.Err(); err != nil {
		return settings{}, err
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
