// Package mtls knows callers by the certificate of their TLS connection.
//
//	peers := mtls.New(mtls.Config{Allow: []string{"spiffe://prod.example/billing/*", "dns:web.internal"}})
//	guard := auth.New(auth.Config{Verifiers: []auth.Verifier{peers}})
//
// It takes only a certificate that the handshake has verified, so the server's
// tls.Config needs ClientCAs and ClientAuth, either RequireAndVerifyClientCert
// or VerifyClientCertIfGiven. Which name in it counts, the first that holds
// decides:
//
//	URI SANs, one or more    the SPIFFE ID, if there is just one URI and it is one  spiffe://…
//	DNS SANs, one or more    the first that Allow has; the first, if it is empty     dns:…
//	no SANs, a common name   the common name                                        cn:…
//
// Names of different kinds never stand for one another: a CA that lets its
// clients choose a common name does not thereby hand out SPIFFE IDs. URIs that
// are no SPIFFE ID, and IP or e-mail addresses, are no name.
//
// A connection may outlive its certificate. Its calls do not: the certificate's
// time is looked at with every call. Revocation it deliberately leaves to short
// lives, and to tls.Config.VerifyConnection.
package mtls
