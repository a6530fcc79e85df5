package kithttp

import (
	"fmt"
	"net/http"
	"strings"
)

// NoRoute answers the requests that nothing else in mux does, if it is mounted
// there at "/", as NewServer answers errors: with 405 and Allow where the path has
// other methods, else with 404. Both have the code "unimplemented", so that a
// client can tell a method that its server does not have from a thing that a
// method did not find.
func NoRoute(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e := &Error{Status: http.StatusNotFound, Code: "unimplemented", Message: fmt.Sprintf("there is nothing at %s", r.URL.Path)}
		if allowed := allowed(mux, r); len(allowed) > 0 {
			w.Header().Set("Allow", strings.Join(allowed, ", "))
			e.Status, e.Message = http.StatusMethodNotAllowed, fmt.Sprintf("%s takes %s, and not %s", r.URL.Path, strings.Join(allowed, ", "), r.Method)
		}
		EncodeError(r.Context(), e, w)
	})
}

// allowed are the methods that mux has something else for at the path of r.
func allowed(mux *http.ServeMux, r *http.Request) (methods []string) {
	for _, method := range []string{
		http.MethodDelete, http.MethodGet, http.MethodHead, http.MethodPatch, http.MethodPost, http.MethodPut,
	} {
		other := *r
		other.Method = method
		if _, pattern := mux.Handler(&other); pattern != r.Pattern {
			methods = append(methods, method)
		}
	}
	return methods
}
