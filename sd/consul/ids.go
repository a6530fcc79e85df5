package consul

import (
	"fmt"
	"strings"
)

// idKey is the meta key of an ID that Consul cannot have as it is.
const idKey = "instance-id"

// toServiceID writes every byte of id that does not survive a URL path as ~XX:
// the client concatenates paths, and servers clean and unescape them, some
// twice. IDs that sd.NewID makes, and addresses, stay as they are.
func toServiceID(id string) string {
	dots := strings.Trim(id, ".") == "" // "." and ".." are cleaned away
	var b strings.Builder
	for _, c := range []byte(id) {
		if dots || !plain(c) {
			fmt.Fprintf(&b, "~%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

func plain(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._:@[]+,=", c) >= 0
}
