package nearest

import "strings"

// Word gives the known word that an unknown one was probably meant to be: the one
// with the fewest letters exchanged, if those are few for its length, or else the
// only one that begins like it. Upper and lower case do not matter. It is "" if
// there is none, and for an empty word.
func Word(unknown string, known []string) string {
	lower := strings.ToLower(unknown)
	best, distance := "", min(len(lower), 1+max(1, (len(lower)+1)/3))
	for _, k := range known {
		if d := edits(lower, strings.ToLower(k)); d < distance || best == "" && lower != "" && lower == strings.ToLower(k) {
			best, distance = k, d
		}
	}
	if best != "" {
		return best
	}
	return beginning(lower, known)
}

// Typo gives the known word that an unknown one is but for one letter too many, too
// few or wrong, or two that are swapped; "" if there is none. It is for words that
// may well be meant as they are.
func Typo(unknown string, known []string) string {
	const few = 4
	if len(unknown) < few {
		return ""
	}
	for _, k := range known {
		if edits(strings.ToLower(unknown), strings.ToLower(k)) == 1 {
			return k
		}
	}
	return ""
}

// beginning gives the only known word that begins with a text of three letters or
// more; "" if there is none or are several.
func beginning(lower string, known []string) string {
	const few = 3
	if len(lower) < few {
		return ""
	}
	only := ""
	for _, k := range known {
		if !strings.HasPrefix(strings.ToLower(k), lower) {
			continue
		}
		if only != "" {
			return ""
		}
		only = k
	}
	return only
}

// edits counts the letters to insert, remove, replace or swap with their neighbour
// to make b of a (optimal string alignment). Long words are not compared: they are
// as far apart as they are long.
func edits(a, b string) int {
	const long = 100
	if len(a) > long || len(b) > long {
		return max(len(a), len(b))
	}
	before, row := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		next := make([]int, len(b)+1)
		next[0] = i + 1
		for j := range len(b) {
			cost := row[j]
			if a[i] != b[j] {
				cost++
			}
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				cost = min(cost, before[j-1]+1)
			}
			next[j+1] = min(cost, next[j]+1, row[j+1]+1)
		}
		before, row = row, next
	}
	return row[len(b)]
}
