package sd

import (
	"crypto/rand"
	"encoding/hex"
	"os"
	"strings"
)

// maxHostInID keeps an ID readable in a table, and its key within any limit.
const maxHostInID = 63

// NewID returns an ID for one run of one process: the service, the host, and
// 64 random bits, as in "addsvc-web1-9f86d081884c7d65". A restarted process
// gets another one, so it can neither inherit nor remove the registration of
// the run before it.
func NewID(service string) string {
	host, err := os.Hostname()
	if err != nil || host == "" {
		host = "unknown"
	}
	return joinID(service, hostInID(host))
}

func joinID(parts ...string) string {
	var random [8]byte
	_, _ = rand.Read(random[:]) // never fails: it ends the process rather than return an error
	return strings.Join(append(parts, hex.EncodeToString(random[:])), "-")
}

// hostInID reduces a host name to what is safe in every registry's keys.
func hostInID(host string) string {
	safe := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-', r == '.':
			return r
		case r >= 'A' && r <= 'Z':
			return r - 'A' + 'a'
		}
		return '-'
	}, host)
	return safe[:min(len(safe), maxHostInID)]
}
