package pace

import (
	"testing"
	"time"
)

func TestPausesGrowToTheirMost(t *testing.T) {
	t.Parallel()
	b := Backoff{First: 100 * time.Millisecond, Max: 5 * time.Second}
	var last time.Duration
	for waited := time.Duration(0); waited < time.Hour; waited += last {
		pause := b.After(waited, 0.5)
		if pause < last || pause > b.Max || last > 0 && pause < b.Max && pause != last*3/2 {
			t.Fatalf("%v after %v, after %v in all", pause, last, waited)
		}
		last = pause
	}
	if first := b.After(0, 0.5); first != b.First || last != b.Max {
		t.Errorf("from %v to %v", first, last)
	}
}

func TestAPauseThatIsOnlyBoundedStaysAsItIs(t *testing.T) {
	t.Parallel()
	b := Backoff{First: time.Second, Max: 20 * time.Millisecond}
	for waited := range time.Duration(5) {
		if pause := b.After(waited, 0.5); pause != 20*time.Millisecond {
			t.Fatalf("%v after %v", pause, waited)
		}
	}
}

// What takes seconds is seen soon after, and what takes minutes costs few looks.
func TestLooksAreFewAndNotLate(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		Backoff
		takes, late time.Duration
		looks       int
	}{
		"Lambda, at once":          {Backoff{100 * time.Millisecond, 5 * time.Second}, 10 * time.Millisecond, 100 * time.Millisecond, 2},
		"Lambda, two seconds":      {Backoff{100 * time.Millisecond, 5 * time.Second}, 2 * time.Second, time.Second, 8},
		"CloudFront, four minutes": {Backoff{500 * time.Millisecond, 20 * time.Second}, 4 * time.Minute, 20 * time.Second, 22},
	} {
		at, looks := time.Duration(0), 1
		for ; at < tt.takes; looks++ {
			at += tt.After(at, 0.5)
		}
		if late := at - tt.takes; late > tt.late || looks > tt.looks {
			t.Errorf("%s: seen %v late, with %d looks", name, late, looks)
		}
	}
}

func TestChanceMovesAPauseByAFifthAtMost(t *testing.T) {
	t.Parallel()
	b := Backoff{First: time.Second, Max: time.Minute}
	for luck, want := range map[float64]time.Duration{0: 800 * time.Millisecond, 0.5: time.Second, 1: 1200 * time.Millisecond} {
		if got := b.After(0, luck); got != want {
			t.Errorf("luck %v: %v, want %v", luck, got, want)
		}
	}
}
