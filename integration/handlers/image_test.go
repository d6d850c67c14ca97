package handlers

import (
	"bytes"
	"encoding/base64"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"net"
	"net/http"
	"net/http/httptest"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle"
)

func imageExample(t *testing.T) bundle.Bundle {
	t.Helper()
	packages(t) // which installs the example's as well
	b := functionsOf(t, "examples/image")["thumbnails"]
	if len(b.Warnings) > 0 {
		t.Errorf("warnings %q", b.Warnings)
	}
	return b
}

func TestTheImageExampleLeavesTheRestToTheOrigin(t *testing.T) {
	t.Parallel()
	checkFixtures(t, imageExample(t), "examples/image/fixtures")
}

// The promise of its README.
func TestTheImageExampleFits(t *testing.T) {
	t.Parallel()
	b := imageExample(t)
	if len(b.Zip) > 645_000 {
		t.Errorf("the zip has %d bytes, want at most 645,000", len(b.Zip))
	}
	for _, f := range b.Files {
		t.Logf("%-28s %8d bytes, %7d zipped", f.Name, f.Size, f.Compressed)
	}
}

// picture is a gradient, so that no encoder finds it too easy; with noise the
// others find it too hard.
func picture(width, height int, noise bool) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	state := uint32(1)
	for y := range height {
		for x := range width {
			state = state*1664525 + 1013904223
			c := color.RGBA{uint8(x * 255 / width), uint8(y * 255 / height), 128, 255}
			if noise {
				c = color.RGBA{uint8(state >> 24), uint8(state >> 16), uint8(state >> 8), 255}
			}
			img.SetRGBA(x, y, c)
		}
	}
	return img
}

// origin serves pictures on this machine, and wants its custom header.
func origin(t *testing.T) *httptest.Server {
	t.Helper()
	files := map[string][]byte{}
	add := func(name string, encode func(*bytes.Buffer) error) {
		var b bytes.Buffer
		if err := encode(&b); err != nil {
			t.Fatal(err)
		}
		files[path.Join("/app/img", name)] = b.Bytes()
	}
	add("a.png", func(b *bytes.Buffer) error { return png.Encode(b, picture(800, 600, false)) })
	add("grüße#.png", func(b *bytes.Buffer) error { return png.Encode(b, picture(800, 600, false)) })
	add("../private/p.png", func(b *bytes.Buffer) error { return png.Encode(b, picture(800, 600, false)) })
	add("a.jpg", func(b *bytes.Buffer) error { return jpeg.Encode(b, picture(800, 600, false), nil) })
	add("misnamed.jpg", func(b *bytes.Buffer) error { return png.Encode(b, picture(640, 10, false)) })
	add("small.png", func(b *bytes.Buffer) error { return png.Encode(b, picture(320, 200, false)) })
	add("noise.png", func(b *bytes.Buffer) error { return png.Encode(b, picture(1300, 700, true)) })
	add("page.jpg", func(b *bytes.Buffer) error { _, err := b.WriteString("<html>"); return err })
	add("cut.png", func(b *bytes.Buffer) error {
		if err := png.Encode(b, picture(800, 600, false)); err != nil {
			return err
		}
		b.Truncate(100)
		return nil
	})
	// They say that they are larger than they are, where nothing was decoded yet.
	files["/app/img/vast.png"] = slices.Concat(files["/app/img/a.png"][:16], []byte{0, 0, 0x30, 0, 0, 0, 0x30, 0}, files["/app/img/a.png"][24:])
	before, after, _ := bytes.Cut(files["/app/img/a.jpg"], []byte{0xff, 0xc0, 0, 17, 8, 600 >> 8, 600 & 0xff, 800 >> 8, 800 & 0xff})
	files["/app/img/vast.jpg"] = slices.Concat(before, []byte{0xff, 0xc0, 0, 17, 8, 0x30, 0, 0x30, 0}, after)
	files["/app/img/huge.jpg"] = append([]byte{0xff, 0xd8, 0xff}, make([]byte, 7_000_000)...)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, ok := files[r.URL.Path]
		switch {
		case r.Header.Get("X-Env") != "prod":
			http.Error(w, "not CloudFront", http.StatusForbidden)
		case strings.HasSuffix(r.URL.Path, "/moved.jpg"):
			http.Redirect(w, r, "/app/img/a.jpg", http.StatusFound)
		case !ok:
			http.NotFound(w, r)
		default:
			if _, err := w.Write(body); err != nil && !strings.HasSuffix(r.URL.Path, "huge.jpg") {
				t.Error(err) // only the huge one is left halfway
			}
		}
	}))
	t.Cleanup(s.Close)
	return s
}

func TestTheImageExampleMakesThumbnails(t *testing.T) {
	t.Parallel()
	b := imageExample(t)
	host, port, err := net.SplitHostPort(origin(t).Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	number, err := strconv.ParseFloat(port, 64)
	if err != nil {
		t.Fatal(err)
	}
	ask := func(uri string) object {
		e := event("origin-request", "")
		request := subject(e, "request")
		request["uri"], request["method"] = uri, "GET"
		c := at(request, "origin", "custom").(object)
		c["domainName"], c["port"], c["protocol"] = host, number, "http"
		return e
	}
	type made struct {
		Type          string
		Width, Height int
		Passed        string // the uri that goes to the origin instead
	}
	tests := map[string]made{
		"/img/320/a.png":         {Type: "image/png", Width: 320, Height: 240},
		"/img/160/a.jpg":         {Type: "image/jpeg", Width: 160, Height: 120},
		"/img/160/misnamed.jpg":  {Type: "image/png", Width: 160, Height: 3},
		"/img/320/small.png":     {Passed: "/img/small.png"},
		"/img/1280/a.jpg":        {Passed: "/img/a.jpg"},
		"/img/320/page.jpg":      {Passed: "/img/page.jpg"},
		"/img/320/gone.jpg":      {Passed: "/img/gone.jpg"},
		"/img/320/moved.jpg":     {Passed: "/img/moved.jpg"},
		"/img/320/vast.png":      {Passed: "/img/vast.png"}, // 151 megapixels
		"/img/320/vast.jpg":      {Passed: "/img/vast.jpg"},
		"/img/320/huge.jpg":      {Passed: "/img/huge.jpg"},
		"/img/1280/noise.png":    {Passed: "/img/noise.png"}, // more than 1 MB at any width near its own
		"/img/320/forbidden.jpg": {Passed: "/img/forbidden.jpg"},
		// Left as they are: the width must not take the place of a folder.
		"/img/320/../private/p.png":       {Passed: "/img/320/../private/p.png"},
		"/img/320/%2e%2E/private/p.png":   {Passed: "/img/320/%2e%2E/private/p.png"},
		"/img/320/..\\private\\p.png":     {Passed: "/img/320/..\\private\\p.png"},
		"/img/320/./a.png":                {Passed: "/img/320/./a.png"},
		"/img/320//a.png":                 {Passed: "/img//a.png"},
		"/img/320/gr%C3%BC%C3%9Fe%23.png": {Type: "image/png", Width: 320, Height: 240},
	}
	onEachNode(t, func(t *testing.T, node string) {
		var uris []string
		var events []object
		for uri := range tests {
			e := ask(uri)
			if strings.Contains(uri, "forbidden") {
				at(e, "Records", "0", "cf", "request", "origin", "custom").(object)["customHeaders"] = object{}
			}
			uris, events = append(uris, uri), append(events, e)
		}
		s := run(t, node, b, events...)
		if s.Load != "" {
			t.Fatal(s.Load)
		}
		for i, o := range s.Outcomes {
			got := made{}
			got.Passed, _ = o.Result["uri"].(string)
			if body, ok := o.Result["body"].(string); ok {
				data, err := base64.StdEncoding.DecodeString(body)
				if err != nil {
					t.Errorf("%s: %v", uris[i], err)
				}
				img, format, err := image.DecodeConfig(bytes.NewReader(data))
				if err != nil {
					t.Errorf("%s: %v", uris[i], err)
				}
				got.Width, got.Height = img.Width, img.Height
				got.Type, _ = at(o.Result, "headers", "content-type", "0", "value").(string)
				if got.Type != "image/"+format {
					t.Errorf("%s: %s is sent as %s", uris[i], format, got.Type)
				}
			}
			if diff := cmp.Diff(tests[uris[i]], got); diff != "" || o.Error != "" {
				t.Errorf("%s: error %q, logs %v, -want +got\n%s", uris[i], o.Error, o.Logs, diff)
			}
		}
	})
	// What ends in the middle of a picture is a trap in photon, and no reason
	// to fail afterwards.
	onEachNode(t, func(t *testing.T, node string) {
		s := run(t, node, b, ask("/img/320/cut.png"), ask("/img/320/a.png"))
		if s.Outcomes[0].Error == "" || s.Outcomes[1].Result["status"] != "200" {
			t.Errorf("%q, then %v", s.Outcomes[0].Error, s.Outcomes[1])
		}
	})
}
