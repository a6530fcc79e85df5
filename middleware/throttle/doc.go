// Package throttle rejects calls to a service that turns many of them away, so
// that it need not spend on rejections what it has left for work.
//
//	call := throttle.New(throttle.Config{Name: "addsvc"})(next)
//
// It is the adaptive throttling of Google's Site Reliability Engineering,
// chapter "Handling Overload": a call is rejected with the probability
//
//	p = max(0, (requests - K * accepts) / (requests + 1))
//
// of the last two minutes. While the service accepts at least one call in K, all
// go through. Beyond that it gets K calls for each that it accepts: enough to
// learn soon that it can take more, and few enough to live with.
//
// A request is counted when it begins, and also if it is rejected here, so the
// chance follows the demand. What it counts as in the end is decided by
// classify.Func; write one to extend it:
//
//	Success, Fault       accepted: an answer of 500 is a bug's, and to send
//	                     less would not mend it
//	Throttled, Failure   turned away: 429, 503, and the timeouts and broken
//	                     connections by which an overloaded server shows
//	NotSent              not counted: it cost the service nothing, so to reject
//	                     it here would spare nothing, and a service without
//	                     instances would be throttled when they are back
//	Excluded, a panic    not counted: nobody knows what would have become of it;
//	                     as accepted, the calls that their callers gave up for
//	                     a slow service would speak for it
//
// Not counted means that its request is taken back. Three things are added to
// the formula:
//
//   - Nothing is rejected before MinOverloads were turned away: a burst of calls
//     under way is no sign that the service accepts none.
//   - Once every Trickle a call goes through whatever the chance, or a service
//     which has few callers would be asked again only after a whole window.
//   - The chance also is no higher than by the last twelfth of the window alone
//     (the short window that the SRE workbook gives an alert, so that it ends
//     soon). Otherwise the past would hold down a service that is back. After an
//     outage of six minutes, at 1000 calls a second, all calls go through some
//     35 s after the service is back; without this it takes 9 min.
//
// When a service that was well accepts nothing any more, the first call is
// rejected after half a window, at K = 2. This is a policy against overload,
// which lasts; what fails is the breakers' business.
//
// It stands around a whole service, outside the retry, so that it sees calls
// and not attempts; all the endpoints that one value wraps are one service. It
// takes no lock, starts no goroutine and has no timer. It deliberately has no
// priorities, and no state shared between processes: each client spares the
// service its own part.
package throttle
