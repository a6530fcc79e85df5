// Package sdtest has the cases that every registry backend of package sd
// passes, and a registry in memory for tests that need no other.
//
//	func TestConformance(t *testing.T) {
//		sdtest.Run(t, func(t *testing.T) sdtest.Backend {
//			client := dial(t)
//			return sdtest.Backend{
//				Holder:  func(service string) sd.Holder { return NewHolder(client, service, Config{}) },
//				Watcher: func(service string) sd.Watcher { return NewWatcher(client, service, Config{}) },
//			}
//		})
//	}
//
// Where nobody registers himself, in a file or a zone, Publish stands in for
// Holder: it is given the whole set, and the suite does the rest.
//
// A case that breaks prints the sentence it stands for. What a registry cannot
// do is declared with the reason (Backend.Cannot) and shows as skipped. The
// cases wait for what they expect, with a generous deadline, and never sleep
// for luck.
//
// It does not test what only the real servers can show, such as leases,
// elections, permissions and lost packets; those tests stand beside each
// backend.
package sdtest
