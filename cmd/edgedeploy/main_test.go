package main

import "testing"

func TestWindowsIsToldAtOnce(t *testing.T) {
	t.Parallel()
	for _, goos := range []string{"linux", "darwin"} {
		if err := supported(goos); err != nil {
			t.Errorf("%s: %v", goos, err)
		}
	}
	want := "not supported on Windows: run the program for Linux, in WSL"
	if err := supported("windows"); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
