// Package typo guesses what was meant by a word that is none of those expected.
package typo

import "strings"

// Nearest is the name that word was probably meant to be, upper and lower case
// aside; empty if there is none.
func Nearest(word string, names []string) string {
	best, least := "", 1+len(word)/4
	for _, name := range names {
		if d := distance(strings.ToLower(word), strings.ToLower(name)); d <= least {
			best, least = name, d-1
		}
	}
	return best
}

// distance is how many letters to add, drop, change or swap with their
// neighbour until a is b.
func distance(a, b string) int {
	var before, last []int // rows for a without its last two letters, and one
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before, last, row = last, row, make([]int, len(b)+1)
		row[0] = i + 1
		for j := range len(b) {
			change := last[j]
			if a[i] != b[j] {
				change++
			}
			row[j+1] = min(change, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
	}
	return row[len(b)]
}
