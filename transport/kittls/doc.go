// Package kittls makes the *tls.Config of a server or a client from files that
// may be replaced at any time, and has each side say who the other one must be.
//
//	certs, err := kittls.Server(kittls.ServerConfig{
//		Cert: "tls.crt", Key: "tls.key",
//		ClientCA: "ca.crt", Clients: []string{"spiffe://prod.example/web"},
//	})
//	server := kithttp.Server(l, handler, kithttp.Config{TLS: certs.TLS()})
//
//	certs, err := kittls.Client(kittls.ClientConfig{
//		CA: "ca.crt", Cert: "tls.crt", Key: "tls.key",
//		Servers: []string{"dns:addsvc.prod.example"},
//	})
//	factory := kithttp.Factory(newEndpoint, kithttp.ClientConfig{TLS: certs.TLS()})
//
// # Who
//
// A client names the service that must answer, never the address that it dials:
// addresses come from a registry, and whoever can write that could else send
// calls to any process which has a certificate. Names are written as package
// middleware/auth/mtls has them, on both sides and on every wire:
//
//	dns:addsvc.prod.example        a DNS name of the certificate, letter case aside; no wildcards, in either
//	spiffe://prod.example/addsvc   its SPIFFE ID
//	spiffe://prod.example/pay/*    any SPIFFE ID below a path; spiffe://prod.example/* any of the trust domain
//	cn:ops                         its common name, if it has no other name; clients only
//
// A SPIFFE ID counts only in a certificate that is an X.509-SVID: one URI, which
// has a path, and a key that signs and is no CA's (SPIFFE X509-SVID, sections 2,
// 4.3 and 5.2).
//
// # When files change
//
// Files are looked at when there is a handshake, at most once a second, and by
// their content: a second after a change every new connection uses it, and
// those that are open stay. A client that meets a CA which it does not know looks
// for it at once. There is no goroutine, and nothing to close. Files
// that make no sense, such as a certificate whose key is not written yet, leave
// in force what was read before; the logger is told once, and Stats until it is
// mended. To replace a CA, first put the new one beside the old in the
// same file, everywhere; then issue certificates; then take out the old one.
//
// Session tickets do not outlive a CA: a connection that is resumed is verified
// as a new one is, by the CAs of that moment. TLS is 1.3, or 1.2 for those who
// know no better.
//
// The package deliberately has no revocation lists and no OCSP (certificates
// that live for hours need none), no issuing, and no Workload API: spiffe-helper,
// cert-manager or an agent of Vault writes the files.
package kittls
