// Package authhttp carries credentials over HTTP: it reads those of a call in
// the server, and adds them to a request in the client.
//
//	server:  httptransport.ServerBefore(authhttp.Extract(authhttp.ExtractConfig{}))
//	client:  httptransport.ClientBefore(authhttp.Attach(authhttp.AttachConfig{Token: source}))
//
// Both are go-kit's http.RequestFunc. What they read is believed by nobody
// until an auth.Verifier has looked at it.
//
// It deliberately does not read X-Forwarded-Client-Cert and the like: behind a
// proxy that ends TLS, the certificate is the proxy's to verify. And it asks
// for no token: where one comes from, and for how long it is kept, is the
// source's business (golang.org/x/oauth2 has sources).
package authhttp
