package accept_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/edgedeploy/edgedeploy/guest/go/accept"
)

func Example() {
	fmt.Println(accept.MediaType("image/webp,image/*;q=0.5", "image/avif", "image/webp", "image/jpeg"))
	fmt.Println(accept.Language("de-AT, en;q=0.8", "en", "de"))
	fmt.Println(accept.Encoding("br;q=0, gzip", "br", "gzip"))
	// Output:
	// image/webp
	// de
	// gzip
}

func weights(header string) string {
	var all []string
	for value, q := range accept.Weights(header) {
		all = append(all, fmt.Sprintf("%s %d", value, q))
	}
	return strings.Join(all, ", ")
}

func TestWeightsAreThousandthsAndNothingElseIsOne(t *testing.T) {
	for n := range 1001 {
		text := fmt.Sprintf("a;q=%d.%03d", n/1000, n%1000)
		if got := weights(text); got != fmt.Sprintf("a %d", n) {
			t.Errorf("%s is %s", text, got)
		}
	}
	for q, want := range map[string]int{"0": 0, "1": 1000, "0.": 0, "1.": 1000, "0.5": 500, "0.05": 50} {
		if got := weights("a;q=" + q); got != fmt.Sprintf("a %d", want) {
			t.Errorf("q=%s is %s", q, got)
		}
	}
	for _, q := range []string{"", ".5", "2", "1.001", "1.1", "0.0001", "0.5000", "-0", "+1", "NaN", "1e0", "0.x", "00", "01", "٠", "0x1"} {
		if got := weights("a;q=" + q); got != "a 0" {
			t.Errorf("q=%s is %s", q, got)
		}
	}
}

func TestHeadersAreReadItemByItem(t *testing.T) {
	for header, want := range map[string]string{
		"": "", " ,, ": "", "a;q=x, b;Q=0.4 ,c;q": "a 0, b 400, c 0",
		"text/html;level=1;q=0.5, text/html; charset=utf-8": "text/html;level=1 500, text/html; charset=utf-8 1000",
		"q=1": "q=1 1000", "a;q=0.5;q=1": "a 500", ";q=1": "", "a;;q=0.1": "a; 100",
	} {
		if got := weights(header); got != want {
			t.Errorf("%q is %q, want %q", header, got, want)
		}
	}
}

func TestTheMostSpecificItemSaysATypesWeight(t *testing.T) {
	for header, want := range map[string]string{
		"*/*": "text/html", "application/*, text/html;q=0.9": "application/json", "TEXT/HTML;q=0.1": "text/html",
		"text/html;q=0, */*;q=0.1": "application/json", "*/*, text/*;q=0.5, application/json;q=0.6": "image/webp",
		"image/*;q=0.2, image/webp;q=0.9, text/html;q=0.5": "image/webp",
		"text/html;level=1": "", "image/png": "", "*/*;q=0": "", "*": "", "text": "", "": "",
	} {
		if got := accept.MediaType(header, "text/html", "application/json", "image/webp"); got != want {
			t.Errorf("%q gives %q, want %q", header, got, want)
		}
	}
	for header, want := range map[string]bool{
		"image/avif": true, "image/*": false, "IMAGE/AVIF;q=0.1": true, "*/*": false, "image/avif;q=0,*/*": false,
		"image/*,image/avif;q=0": false, "image/avifs": false, "": false,
	} {
		if got := accept.Names(header, "image/avif"); got != want {
			t.Errorf("%q names image/avif: %v", header, got)
		}
	}
}

func TestALanguageIsWhatTheBrowserLikesBestOfWhatThereIs(t *testing.T) {
	for header, want := range map[string]string{
		"": "", "fr, de": "fr", "en;q=0.3, de;q=0.7, fr;q=0.5": "de", "de;q=0.9,fr": "fr", "de-AT,en;q=0.5": "de",
		"pt-br;q=0.9, fr;q=0.8": "pt-BR", "pt-PT, fr;q=0.1": "fr", "de-Latn-AT": "de", "de;q=0, fr;q=0.1": "fr",
		"de-AT, de;q=0, fr;q=0.1": "fr", "de;q=0": "", "*": "", "de;q=2, fr;q=x, en;level=1;q=1": "",
		" DE ; Q=0.4 , fr ; q=0.2 ": "de", ",,;-,-,": "", "-": "",
	} {
		if got := accept.Language(header, "en", "de", "pt-BR", "fr"); got != want {
			t.Errorf("%q gives %q, want %q", header, got, want)
		}
	}
}

func TestACodingHasToBeAskedFor(t *testing.T) {
	for header, want := range map[string]string{
		"": "", "gzip, deflate, br": "br", "gzip;q=1.0, br;q=0.5": "gzip", "BR;q=0, gzip": "gzip", "*": "br",
		"br;q=0, *;q=0.5": "gzip", "identity, gzip;q=0.5": "", "identity;q=0.5, gzip": "gzip", "deflate": "", "*;q=0": "",
	} {
		if got := accept.Encoding(header, "br", "gzip"); got != want {
			t.Errorf("%q gives %q, want %q", header, got, want)
		}
	}
}

func FuzzWhatIsChosenWasOfferedAndIsNotRefused(f *testing.F) {
	for _, header := range []string{"de-AT, de;q=0", "*/*;q=0.1,image/webp", "br;q=1.0, gzip;q=0,*"} {
		f.Add(header)
	}
	offers := []string{"en", "de-AT", "de", "image/webp", "br", "gzip"}
	f.Fuzz(func(t *testing.T, header string) {
		for _, choice := range []string{accept.Language(header, offers...), accept.MediaType(header, offers...), accept.Encoding(header, offers...)} {
			if choice == "" {
				continue
			}
			said, wanted := false, false
			for value, q := range accept.Weights(header) {
				if strings.EqualFold(value, choice) {
					said, wanted = true, wanted || q > 0
				}
			}
			if said && !wanted {
				t.Errorf("%q gives %s", header, choice)
			}
		}
	})
}
