package kittls

import (
	"crypto/x509"
	"net/url"
	"slices"
	"strings"
)

const (
	spiffe = "spiffe://"
	dns    = "dns:"
	cn     = "cn:"
)

// namesOf is every name that a certificate has, as users are shown them: also
// those that nobody can be known by, so that an error tells what is there.
func namesOf(cert *x509.Certificate) (names []string) {
	for _, u := range cert.URIs {
		name := u.String()
		if !strings.HasPrefix(name, spiffe) { // there are URIs that begin with dns:
			name = "uri:" + name
		}
		names = append(names, name)
	}
	for _, name := range cert.DNSNames {
		names = append(names, dns+strings.ToLower(name))
	}
	for _, ip := range cert.IPAddresses {
		names = append(names, "ip:"+ip.String())
	}
	for _, address := range cert.EmailAddresses {
		names = append(names, "email:"+address)
	}
	if len(names) == 0 && cert.Subject.CommonName != "" {
		names = []string{cn + cert.Subject.CommonName}
	}
	return names
}

// isOneOf reports whether cert has a name that want has.
func isOneOf(cert *x509.Certificate, want []string) bool {
	id, names := idOf(cert), namesOf(cert)
	return slices.ContainsFunc(want, func(w string) bool {
		switch above, below := strings.CutSuffix(w, "*"); {
		case kindOf(w) != spiffe:
			return slices.Contains(names, w)
		case below: // above ends in a slash: see checkName
			return strings.HasPrefix(id, above)
		default:
			return id == w
		}
	})
}

// idOf is the SPIFFE ID of an X.509-SVID; empty if cert is none.
func idOf(cert *x509.Certificate) string {
	const authority = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	if len(cert.URIs) != 1 || cert.IsCA || cert.KeyUsage&authority != 0 || cert.KeyUsage&x509.KeyUsageDigitalSignature == 0 {
		return ""
	}
	if id := cert.URIs[0]; checkID(id.String()) == "" && id.Path != "" {
		return id.String()
	}
	return ""
}

// kindOf is the beginning of a name; empty if it is of no kind.
func kindOf(name string) string {
	for _, kind := range []string{spiffe, dns, cn} {
		if strings.HasPrefix(name, kind) {
			return kind
		}
	}
	return ""
}

const wanted = "want dns:name in lower case, spiffe://domain/path, spiffe://domain/path/* for all below, or cn:common name"

// checkName returns what is wrong with a name that somebody configured. Package
// middleware/auth/mtls takes the same ones.
func checkName(name string) (mend string) {
	kind := kindOf(name)
	rest := strings.TrimPrefix(name, kind)
	switch {
	case kind == spiffe:
		if mend := checkID(strings.TrimSuffix(name, "/*")); mend != "" {
			return mend + "; " + wanted
		}
		return ""
	case strings.Contains(name, "*"):
		return "a * stands only at the end of a SPIFFE ID, after a slash: a name with one is no single service's"
	case kind == "" && isDNS(name):
		return "write dns:" + name + "; " + wanted
	case rest == "" || kind == "" || kind == dns && strings.ToLower(rest) != rest:
		return wanted
	}
	return ""
}

func isDNS(name string) bool {
	u, err := url.Parse("//" + name)
	return err == nil && name != "" && u.Host == name && u.Port() == "" && strings.ToLower(name) == name
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
