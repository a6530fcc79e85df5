// Package kitotel traces and measures calls with OpenTelemetry.
//
//	addsvc/Sum                 CLIENT   the call, as its caller saw it
//	├─ attempt addsvc/Sum      CLIENT   kit.attempt 1, kit.instance a:1, kit.breaker closed
//	│  └─ addsvc/Sum           SERVER   on a:1
//	├─ event retry             kit.attempt 2, with the error before it
//	└─ attempt addsvc/Sum      CLIENT   kit.attempt 2, kit.instance b:1
//	   └─ addsvc/Sum           SERVER   on b:1
//
// That takes an Observer in observe.Calls and observe.Attempts on the client, in
// observe.Calls on the server, RetryEvent as the retry's OnRetry, and two
// functions on each wire: ContextToHTTP or ContextToGRPC before the client
// sends, HTTPToContext or GRPCToContext before the server decodes. Hedged
// attempts are siblings that overlap.
//
// Names follow OpenTelemetry's semantic conventions for RPC (1.43):
//
//	rpc.system.name            go-kit, or Config.System
//	rpc.method                 service/method
//	rpc.response.status_code   the HTTP status that says what came of it, over any
//	                           wire: see observe.Result.Status
//	error.type                 that status, if the call failed; "panic" after one
//	server.address, port       the service of a call; the instance of an attempt
//	kit.outcome                what package classify makes of it
//	kit.messages.sent,         of a stream, how many messages this side sent and
//	kit.messages.received      received, beside an event open when it had opened
//
// The metrics are rpc.client.call.duration, rpc.server.call.duration, and
// kit.client.attempt.duration. All are histograms in seconds, so they count too.
// What the parts know of themselves comes beside them by Figures.
//
// A span's status is Error where the conventions say so: at the client for every
// error, also one of the business; at the server for those that are the
// server's fault, from 500 on.
//
// The package deliberately sets up no exporter and no global: the sdk's
// providers are the caller's, who also shuts them down.
package kitotel
