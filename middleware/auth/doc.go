// Package auth finds out who calls, and turns down who may not.
//
//	wire ── authhttp.Extract ──▶ Credentials   what the call shows, unverified
//	        authgrpc.Extract         │
//	                                 ▼
//	        auth.New             Verifiers     apikey, mtls, kitjwt, or your own
//	                                 │ 401
//	                                 ▼
//	                             Principal     who calls: auth.From(ctx)
//	                                 │
//	                                 ▼
//	        auth.Require             │ 403
//	                                 ▼
//	                             service
//
// In a server it stands behind whatever sheds load, and before what counts or bounds
// the calls of a caller:
//
//	keys := apikey.New(apikey.Config{Keys: known})
//	tokens := kitjwt.New(kitjwt.Config{Algorithms: []string{"ES256"}, Keys: pub, Audience: []string{"orders"}})
//	guard := auth.New(auth.Config{Verifiers: []auth.Verifier{tokens, keys.Verify}})
//	write := guard(auth.RequireScopes("orders:write")(endpoint))
//	httptransport.ServerBefore(authhttp.Extract(authhttp.ExtractConfig{}))
//
// To extend it, write a Verifier: a function from Credentials to a Principal.
// Another wire puts its Credentials in with WithCredentials.
//
// It deliberately has no sessions, no cookies, no password storage, no roles
// and no policy language: Require takes a function. It believes no header in
// which a proxy repeats whose certificate it saw, since a caller can write it
// as well. How often somebody may guess is the business of a rate limit.
package auth
