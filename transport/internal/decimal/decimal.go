// Package decimal reads the whole numbers that headers hold, from whoever sends
// them.
package decimal

import (
	"errors"
	"strconv"
	"strings"
)

// Parse returns the number that text is, the nearest to it that there is if it
// does not fit; false if it is none.
func Parse(text string) (n int64, ok bool) {
	n, err := strconv.ParseInt(text, 10, 64)
	if errors.Is(err, strconv.ErrRange) { // which strconv says without a look at the rest
		return n, strings.Trim(strings.TrimLeft(text, "+-"), "0123456789") == ""
	}
	return n, err == nil
}
