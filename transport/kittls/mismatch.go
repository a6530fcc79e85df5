package kittls

import (
	"fmt"
	"strings"
)

// Mismatch is the error of a handshake with somebody who has a good certificate,
// of somebody else.
type Mismatch struct {
	Want []string // one of these names
	Got  []string // all names of the certificate

	server bool // it is the server that is somebody else
}

// Error names both sides, and where to look.
func (m *Mismatch) Error() string {
	got := quoted(m.Got)
	if len(m.Got) == 0 {
		got = "a certificate without a name"
	}
	if m.server {
		return fmt.Sprintf("tls: another service answered: want %s, got %s; the registry may have a wrong entry for this address, "+
			"or somebody takes the place of the service; nothing was sent", quoted(m.Want), got)
	}
	return fmt.Sprintf("tls: this client may not call: want %s, got %s; add it to ServerConfig.Clients if it may", quoted(m.Want), got)
}

// quoted is for a line of text: a certificate may have thousands of names.
func quoted(names []string) string {
	const most = 8
	var b strings.Builder
	for i, name := range names[:min(len(names), most)] {
		if i > 0 {
			b.WriteString(" or ")
		}
		fmt.Fprintf(&b, "%.256q", name)
	}
	if len(names) > most {
		fmt.Fprintf(&b, " or %d more", len(names)-most)
	}
	return b.String()
}
