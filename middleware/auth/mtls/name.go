package mtls

import (
	"crypto/x509"
	"fmt"
	"strings"

	"github.com/kitgen/kitgen/middleware/auth"
)

// namesOf returns what a certificate may call itself, at least one name, by the
// rule in the package's documentation.
func namesOf(cert *x509.Certificate) (names []string, err error) {
	switch {
	case len(cert.URIs) > 1: // the X.509-SVID standard, section 2: exactly one
		return nil, &auth.Error{Reason: "the client certificate has more than one URI"}
	case len(cert.URIs) == 1:
		id := cert.URIs[0].String()
		if mend := checkID(id); mend != "" {
			return nil, &auth.Error{Reason: "the URI of the client certificate is no SPIFFE ID"}
		}
		return []string{id}, nil
	case len(cert.DNSNames) > 0:
		for _, name := range cert.DNSNames {
			names = append(names, dns+strings.ToLower(name))
		}
		return names, nil
	case len(cert.IPAddresses)+len(cert.EmailAddresses) == 0 && cert.Subject.CommonName != "":
		return []string{cn + cert.Subject.CommonName}, nil
	}
	return nil, &auth.Error{Reason: "the client certificate has no name: want a SPIFFE ID, a DNS name or a common name"}
}

// checkID returns what is wrong with a SPIFFE ID, by section 2 of its standard.
func checkID(id string) (mend string) {
	rest, ok := strings.CutPrefix(id, spiffe)
	domain, path, slash := strings.Cut(rest, "/")
	switch {
	case !ok:
		return "it does not begin with " + spiffe
	case len(id) > 2048 || len(domain) > 255:
		return "it is longer than the standard has it"
	case domain == "" || !only(domain, false):
		return "its trust domain is not made of a-z, 0-9, '.', '-' and '_'"
	case !slash:
		return ""
	}
	for segment := range strings.SplitSeq(path, "/") {
		if segment == "" || segment == "." || segment == ".." || !only(segment, true) {
			return "its path is not made of segments of A-Z, a-z, 0-9, '.', '-' and '_'"
		}
	}
	return ""
}

func only(s string, upper bool) bool {
	return !strings.ContainsFunc(s, func(r rune) bool {
		switch {
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9', r == '.', r == '-', r == '_':
			return false
		case 'A' <= r && r <= 'Z':
			return !upper
		}
		return true
	})
}

// Validate returns an error that names the first entry that makes no sense.
func (c Config) Validate() error {
	for i, a := range c.Allow {
		if mend := checkEntry(a); mend != "" {
			return fmt.Errorf("mtls: Config.Allow[%d] is %q: %s", i, a, mend)
		}
	}
	return nil
}

func checkEntry(a string) (mend string) {
	id, isID := strings.CutPrefix(a, spiffe)
	below := strings.HasSuffix(id, "/*")
	switch {
	case isID:
		if mend := checkID(strings.TrimSuffix(a, "/*")); mend != "" {
			return mend + `; want spiffe://domain/path, or spiffe://domain/path/* for all below`
		}
		return ""
	case below || strings.Contains(a, "*"):
		return "want a * only at the end of a SPIFFE ID, after a slash"
	case strings.HasPrefix(a, dns) && len(a) > len(dns) && strings.ToLower(a) == a:
		return ""
	case strings.HasPrefix(a, cn) && len(a) > len(cn):
		return ""
	}
	return "want spiffe://domain/path, spiffe://domain/path/* for all below, dns:name in lower case, or cn:common name"
}
