package apidocs

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // for the page
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"strconv"
	"strings"
)

var (
	//go:embed page.html
	pageHTML string
	//go:embed page.css
	pageCSS string
)

// New returns a handler of GET and HEAD that answers with document, which is
// OpenAPI as JSON, at a path that ends in .json, and with a page made of it at any
// other. If document cannot be read, the page is a 500 that says why.
func New(document []byte) http.Handler {
	h := &handler{document: document}
	h.page, h.err = render(document)
	return h
}

type handler struct {
	document, page []byte
	err            error // of page
}

// ServeHTTP implements http.Handler.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("X-Content-Type-Options", "nosniff")
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		header.Set("Allow", "GET, HEAD")
		http.Error(w, "apidocs: this is only read: use GET or HEAD", http.StatusMethodNotAllowed)
	case strings.HasSuffix(r.URL.Path, ".json"):
		send(w, "application/json", h.document)
	case h.err != nil:
		http.Error(w, "apidocs: "+h.err.Error(), http.StatusInternalServerError)
	default:
		header.Set("Content-Security-Policy", policy())
		header.Set("X-Frame-Options", "DENY")
		header.Set("Referrer-Policy", "no-referrer")
		send(w, "text/html; charset=utf-8", h.page)
	}
}

func send(w http.ResponseWriter, contentType string, body []byte) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // if the reader went away there is nobody to tell
}

// policy allows the page its own style, and nothing else.
func policy() string {
	sum := sha256.Sum256([]byte(pageCSS))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}

func render(document []byte) ([]byte, error) {
	var d openAPI
	if err := json.Unmarshal(document, &d); err != nil {
		return nil, fmt.Errorf("the OpenAPI document: %w", err)
	}
	if !strings.HasPrefix(d.OpenAPI, "3.1.") {
		return nil, fmt.Errorf("the OpenAPI document has version %q, want 3.1", d.OpenAPI)
	}
	page, err := template.New("page").Funcs(template.FuncMap{
		"style": func() template.CSS { return template.CSS(pageCSS) }, //nolint:gosec // it is a file of this package
	}).Parse(pageHTML)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = page.Execute(&b, &view{d})
	return b.Bytes(), err
}
