package render

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestBytesAsPeopleWriteThem(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{
		0: "0 bytes", 1: "1 byte", 2: "2 bytes", 1023: "1023 bytes", 1024: "1 KB", 1536: "1.5 KB", 6656: "6.5 KB",
		10 * 1024: "10 KB", 10189: "10 KB", 10188: "9.9 KB", 217_088: "212 KB", 1_048_575: "1 MB", 1 << 20: "1 MB", 52_428_800: "50 MB",
		80_530_636_800: "75 GB", 1 << 50: "1024 TB",
	} {
		if got := Bytes(n); got != want {
			t.Errorf("%d: got %q, want %q", n, got, want)
		}
	}
}

func TestThousandsAreApart(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 50_000: "50,000", 1_048_576: "1,048,576"} {
		if got := thousands(n); got != want {
			t.Errorf("%d: got %q, want %q", n, got, want)
		}
	}
}

func TestAgoUsesOneUnitRoundedDown(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		0: "just now", 4 * time.Second: "just now", -4 * time.Second: "just now", 5 * time.Second: "5 s ago", 59 * time.Second: "59 s ago",
		time.Minute: "1 min ago", 119 * time.Second: "1 min ago", 3 * time.Hour: "3 h ago", 47 * time.Hour: "1 d ago",
		45 * 24 * time.Hour: "1 mo ago", 400 * 24 * time.Hour: "1 y ago", -2 * time.Minute: "in 2 min",
	} {
		if got := Ago(at, at.Add(d)); got != want {
			t.Errorf("%v: got %q, want %q", d, got, want)
		}
	}
	if got := Ago(time.Time{}, at); got != "never" {
		t.Errorf("no time: got %q", got)
	}
}

func TestPaddingCountsColumnsNotBytes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{"abc": 3, "é": 1, "e\u0301": 1, "日本": 4, "→…": 2, "🚀": 2, "한국": 4} {
		if got := cells(text); got != want {
			t.Errorf("%q takes %d columns, want %d", text, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		text, width := Clean(rapid.String().Draw(t, "text")), rapid.IntRange(0, 40).Draw(t, "width")
		if want := max(width, cells(text)); cells(pad(text, width)) != want || cells(padLeft(text, width)) != want {
			t.Fatalf("%q padded to %d takes %d and %d", text, width, cells(pad(text, width)), cells(padLeft(text, width)))
		}
	})
}
