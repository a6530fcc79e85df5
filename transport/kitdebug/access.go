package kitdebug

import (
	"net"
	"net/http"
	"strings"
)

// guarded is h for those who may see it. That somebody mounted the page on a
// server for everybody by mistake is found out here, and told.
func (p *Page) guarded(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		own := w.Header()
		own.Set("Cache-Control", "no-store")
		own.Set("X-Content-Type-Options", "nosniff")
		own.Set("Referrer-Policy", "no-referrer")
		own.Set("X-Frame-Options", "DENY")
		own.Set("Cross-Origin-Resource-Policy", "same-origin")
		if why := p.stranger(r); why != "" {
			plain(w, http.StatusForbidden, "kitdebug: this answers callers on its own machine alone, and "+why+
				". Come through ssh -L or kubectl port-forward, or have the program set kitdebug.Config.Public.")
			return
		}
		h.ServeHTTP(w, r)
	})
}

// stranger says why a request is not from this machine; empty if it is.
//
// The address alone does not tell: a proxy on this machine hands on what comes
// from elsewhere, and a web site can have a name that leads here, by which its
// visitors' browsers would read the page for it (DNS rebinding). Such a site
// cannot make the Host header an address, or localhost. A proxy can, and one that
// adds no header, as nginx by default, is not found out: Listen is for that.
func (p *Page) stranger(r *http.Request) string {
	if p.cfg.Public {
		return ""
	}
	if !isLoopback(r.RemoteAddr) {
		return "this request came from " + printable(hostOf(r.RemoteAddr))
	}
	for _, header := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip", "Via"} {
		if len(r.Header[header]) > 0 { // also an empty one, beside which a proxy may put its own
			return "this request came through a proxy, since it has the header " + header
		}
	}
	if host := hostOf(r.Host); !strings.EqualFold(host, "localhost") && net.ParseIP(host) == nil {
		return "this request asked for the host " + printable(host) + ", where only an address or localhost is certain to be meant"
	}
	return ""
}

func isLoopback(addr string) bool {
	host, _, _ := strings.Cut(hostOf(addr), "%") // a zone
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// hostOf is an address without its port and brackets.
func hostOf(addr string) string {
	if host, _, err := net.SplitHostPort(addr); err == nil {
		return host
	}
	return strings.TrimSuffix(strings.TrimPrefix(addr, "["), "]")
}
