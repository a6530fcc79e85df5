package kitdebug

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Page shows what the parts of a process are doing. It is an http.Handler for
// the path it is mounted at, and that path with ".json"; the source of the
// figures that package kitprom gives to Prometheus; and safe for concurrent use.
// It holds nothing that would have to be closed.
type Page struct {
	cfg     Config
	process process // what does not change
	html    *template.Template
	policy  string // the page's Content-Security-Policy
	began   time.Time
}

var _ http.Handler = (*Page)(nil)

// New returns a page, or the error of a Config that makes no sense.
func New(cfg Config) (*Page, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	html, policy, err := layout()
	if err != nil {
		return nil, fmt.Errorf("kitdebug: the page's own template: %w", err)
	}
	return &Page{cfg: cfg.filled(), process: processOf(cfg), html: html, policy: policy, began: time.Now()}, nil
}

// ServeHTTP answers GET and HEAD, with JSON for a path that ends in ".json", for
// ?format=json, and for an Accept header that wants it. ?all=1 lists all
// instances; ?refresh=5 has a browser load the page again every five seconds.
func (p *Page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.guarded(http.HandlerFunc(p.serve)).ServeHTTP(w, r)
}

func (p *Page) serve(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		plain(w, http.StatusMethodNotAllowed, "kitdebug: the page is only read: use GET or HEAD, not "+printable(r.Method))
		return
	}
	a, err := askedBy(r)
	if err != nil {
		plain(w, http.StatusBadRequest, err.Error())
		return
	}
	var body []byte
	if a.json {
		body, err = json.MarshalIndent(p.document(a.all), "", "  ")
		body = append(body, '\n')
	} else {
		body, err = p.render(a)
	}
	if err != nil { // nothing is written yet, so it can still be said
		plain(w, http.StatusInternalServerError, "kitdebug: "+err.Error())
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	if a.json {
		h.Set("Content-Type", "application/json")
	}
	h.Set("Content-Security-Policy", p.policy)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) //nolint:gosec // html/template has escaped it. If the reader went away there is nobody to tell
}

func (p *Page) render(a asked) ([]byte, error) {
	var b bytes.Buffer
	err := p.html.Execute(&b, view{document: p.document(a.all), All: a.all, Refresh: a.refresh})
	return b.Bytes(), err
}

// asked is what a request asks for.
type asked struct {
	json, all bool
	refresh   int // in seconds; 0 for never
}

func askedBy(r *http.Request) (a asked, err error) {
	accept := strings.Join(r.Header.Values("Accept"), ",")
	a.json = strings.HasSuffix(r.URL.Path, ".json") ||
		strings.Contains(accept, "application/json") && !strings.Contains(accept, "text/html")
	q := r.URL.Query()
	switch f := q.Get("format"); f {
	case "":
	case "json":
		a.json = true
	case "html":
		a.json = false
	default:
		return a, fmt.Errorf("kitdebug: format=%s: there are json and html", printable(f))
	}
	if s := q.Get("all"); s != "" {
		if a.all, err = strconv.ParseBool(s); err != nil {
			return a, fmt.Errorf("kitdebug: all=%s: want 1 or 0", printable(s))
		}
	}
	if s := q.Get("refresh"); s != "" {
		if a.refresh, err = strconv.Atoi(s); err != nil || a.refresh < 0 || a.refresh > 3600 {
			return a, fmt.Errorf("kitdebug: refresh=%s: want seconds, from 1 to 3600, or 0 for never", printable(s))
		}
	}
	return a, nil
}

func plain(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text+"\n") //nolint:gosec // nosniff: browsers take text for text. If the reader went away there is nobody to tell
}
