package sd

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of what an Instance may carry. Registries have narrower ones of
// their own (etcd's values end at 4 KiB, Consul's IDs exclude "/").
const (
	MaxWeight = 1_000_000 // so that no sum of weights overflows

	maxID       = 512
	maxAddr     = 261 // 253 of a host name, brackets, colon, 65535
	maxName     = 253
	maxInstance = 64 << 10 // all strings together
)

// ErrInvalid is wrapped by every error about an instance that cannot be used.
var ErrInvalid = errors.New("invalid instance")

// Validate says why in cannot be registered or called, and what would mend
// it; nil if it can. The address must be host:port with a port from 1 to
// 65535 and a host that others can dial.
func (in Instance) Validate() error {
	if err := in.usable(); err != nil {
		return fmt.Errorf("%w %s: %w", ErrInvalid, in.label(), err)
	}
	if in.Weight < 0 || in.Weight > MaxWeight {
		return fmt.Errorf("%w %s: weight %d is outside 0 to %d", ErrInvalid, in.label(), in.Weight, MaxWeight)
	}
	if in.State > Critical {
		return fmt.Errorf("%w %s: unknown state %s", ErrInvalid, in.label(), in.State)
	}
	return nil
}

// label names the instance in an error, without what could be a password.
func (in *Instance) label() string {
	if in.ID == "" && strings.ContainsRune(in.Addr, '@') {
		return quote("?")
	}
	return quote(in.key())
}

// usable checks what cannot be repaired by the one who reads it.
func (in *Instance) usable() error {
	if err := validAddr(in.Addr); err != nil {
		return err
	}
	if size := in.size(); size > maxInstance {
		return fmt.Errorf("its fields take %d bytes: at most %d are read; shorten Tags or Meta", size, maxInstance)
	}
	if len(in.ID) > maxID {
		return fmt.Errorf("the ID has %d bytes: at most %d are read", len(in.ID), maxID)
	}
	for _, field := range [...]struct{ name, value string }{{"ID", in.ID}, {"Zone", in.Zone}, {"Version", in.Version}} {
		if !printable(field.value) {
			return fmt.Errorf("%s %s has control characters or is not UTF-8", field.name, quote(field.value))
		}
	}
	return in.usableLabels()
}

func (in *Instance) usableLabels() error {
	for _, tag := range in.Tags {
		if !printable(tag) {
			return fmt.Errorf("tag %s has control characters or is not UTF-8", quote(tag))
		}
	}
	for key, value := range in.Meta {
		if badPair(key, value) == nil {
			continue
		}
		for _, key := range slices.Sorted(maps.Keys(in.Meta)) { // so that the same pair is named each time
			if err := badPair(key, in.Meta[key]); err != nil {
				return err
			}
		}
	}
	return nil
}

func badPair(key, value string) error {
	if key == "" || !printable(key) {
		return fmt.Errorf("meta key %s is empty, has control characters or is not UTF-8", quote(key))
	}
	if !utf8.ValidString(value) {
		return fmt.Errorf("meta %s: the value is not UTF-8; encode it (base64)", quote(key))
	}
	return nil
}

func (in *Instance) size() int {
	n := len(in.ID) + len(in.Addr) + len(in.Zone) + len(in.Version)
	for _, tag := range in.Tags {
		n += len(tag)
	}
	for key, value := range in.Meta {
		n += len(key) + len(value)
	}
	return n
}

// validAddr accepts host:port where host is a DNS name or an IP address that
// means the same to everybody who reads it.
func validAddr(addr string) error {
	if addr == "" {
		return errors.New("no address: set Addr to the host:port that clients dial")
	}
	if len(addr) > maxAddr {
		return fmt.Errorf("address %s has %d bytes: at most %d are read", quote(addr), len(addr), maxAddr)
	}
	if strings.ContainsRune(addr, '@') { // half of it may be a password
		return errors.New(`the address contains an "@": it is host:port, without user and password`)
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("address %s is not host:port (an IPv6 host needs brackets, as in [::1]:80; a scheme has no place here)", quote(addr))
	}
	if err := validPort(port); err != nil {
		return fmt.Errorf("address %s: %w", quote(addr), err)
	}
	if err := validHost(host); err != nil {
		return fmt.Errorf("address %s: %w", quote(addr), err)
	}
	return nil
}

func validPort(port string) error {
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 || port[0] == '0' {
		return fmt.Errorf("port %s is not a number from 1 to 65535", quote(port))
	}
	return nil
}

func validHost(host string) error {
	if ip, err := netip.ParseAddr(host); err == nil {
		return validIP(ip)
	}
	if strings.ContainsRune(host, ':') {
		return fmt.Errorf("host %s is no IPv6 address", quote(host))
	}
	return validName(host)
}

func validIP(ip netip.Addr) error {
	plain := ip.Unmap() // ::ffff:0.0.0.0 is 0.0.0.0 in disguise
	switch {
	case ip.Zone() != "":
		return fmt.Errorf("%s has a zone, which means something else on every host", quote(ip.String()))
	case plain.IsUnspecified():
		return fmt.Errorf("%s is where a server listens, not where it is reached: advertise its own address", ip)
	case plain.IsMulticast():
		return fmt.Errorf("%s is a multicast address", ip)
	}
	return nil
}

// validName is lenient about what DNS may hold (underscores) and strict about
// what could smuggle a scheme, a path, credentials or a line into a URL or log.
func validName(host string) error {
	if host == "" {
		return errors.New("no host: name one that clients can dial")
	}
	if len(host) > maxName {
		return fmt.Errorf("host has %d bytes: DNS allows %d", len(host), maxName)
	}
	label := ""
	for label = range strings.SplitSeq(strings.TrimSuffix(host, "."), ".") {
		if label == "" || label[0] == '-' || label[len(label)-1] == '-' {
			return fmt.Errorf("host %s has a label that is empty or starts or ends with a hyphen", quote(host))
		}
		for _, c := range []byte(label) {
			if !nameByte(c) {
				return fmt.Errorf("host %s: %q cannot be part of a host name (write international names in punycode)", quote(host), c)
			}
		}
	}
	if strings.Trim(label, "0123456789") == "" {
		return fmt.Errorf("host %s is neither an IP address nor a name: a name does not end in a number", quote(host))
	}
	return nil
}

func nameByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_'
}

func printable(s string) bool {
	if !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if unicode.IsControl(r) {
			return false
		}
	}
	return true
}

// quote makes s safe for an error that ends up in a log, and short enough.
func quote(s string) string {
	short := clip(s)
	if len(short) < len(s) {
		return strconv.QuoteToASCII(short) + "..."
	}
	return strconv.QuoteToASCII(s)
}

// clip cuts s to what fits a line; for loggers, which escape by themselves.
func clip(s string) string { return s[:min(len(s), 128)] }
