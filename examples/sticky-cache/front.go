package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/go-kit/kit/endpoint"

	"github.com/kitgen/kitgen/lb"
)

// front is what browsers talk to. It keeps nothing: which instance a user is with
// is in the user's cookie.
func front(call endpoint.Endpoint) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		session := lb.NewSession("")
		if cookie, err := r.Cookie("instance"); err == nil {
			session = lb.NewSession(cookie.Value)
		}
		ctx, cancel := context.WithTimeout(r.Context(), 10*time.Second)
		defer cancel()
		user := r.PathValue("user")
		response, err := call(lb.WithSession(lb.WithKey(ctx, user), session), cart{User: user})
		if err != nil {
			http.Error(w, "the cart cannot be shown now", http.StatusBadGateway)
			return
		}
		http.SetCookie(w, &http.Cookie{Name: "instance", Value: session.Instance(), Secure: true, HttpOnly: true, SameSite: http.SameSiteStrictMode})
		fmt.Fprint(w, response.(cart).Cached)
	})
}
