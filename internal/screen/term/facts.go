package term

import (
	"os"

	"golang.org/x/term"
)

// Env is what the environment says about terminals.
type Env struct {
	NoColor    bool // NO_COLOR is set to anything (https://no-color.org)
	ForceColor bool // CLICOLOR_FORCE is set, and not to 0
	Dumb       bool // TERM=dumb: escape codes are shown, not obeyed
	CI         bool // CI is set, and not to false or 0: nobody is watching
}

// ReadEnv reads the environment through lookup, which is os.LookupEnv outside
// of tests.
func ReadEnv(lookup func(string) (string, bool)) Env {
	value := func(name string) string {
		v, _ := lookup(name)
		return v
	}
	return Env{
		NoColor:    value("NO_COLOR") != "",
		ForceColor: value("CLICOLOR_FORCE") != "" && value("CLICOLOR_FORCE") != "0",
		Dumb:       value("TERM") == "dumb",
		CI:         value("CI") != "" && value("CI") != "0" && value("CI") != "false",
	}
}

// Facts are what is known about where output goes.
type Facts struct {
	Terminal bool
	Color    bool
	Repaint  bool // lines may be painted over, which takes escape codes as colour does
	Width    int  // columns; 0 where there is no terminal to tell
}

// Look says what a stream is. NO_COLOR wins over CLICOLOR_FORCE: who cannot
// bear colour is worse off with it than who wants it is without.
func Look(f *os.File, e Env) Facts {
	fd := int(f.Fd())
	facts := Facts{Terminal: term.IsTerminal(fd)}
	if facts.Terminal {
		if width, _, err := term.GetSize(fd); err == nil { // a terminal that will not tell has no width to obey
			facts.Width = width
		}
	}
	facts.Color = !e.NoColor && (e.ForceColor || facts.Terminal && !e.Dumb)
	facts.Repaint = facts.Terminal && !e.Dumb && !e.CI && !e.NoColor
	return facts
}

// Interactive reports whether a person can be asked: both the stream that answers
// come from and the one that questions go to are terminals, and this is no CI
// job. (Some CI systems give their jobs a terminal without a person.)
func Interactive(in, out *os.File, e Env) bool {
	return !e.CI && term.IsTerminal(int(in.Fd())) && term.IsTerminal(int(out.Fd()))
}
