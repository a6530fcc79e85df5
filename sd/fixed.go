package sd

import "context"

var _ Watcher = Fixed(nil)

// Fixed is a Watcher whose set never changes: a list from a flag, or a test's
// own. NewInstancer(Fixed{{Addr: "10.0.0.7:8080"}}, InstancerConfig{}) is a
// registry for those who have none. It holds no resources.
type Fixed []Instance

// Watch reports the list once and returns when ctx ends.
func (f Fixed) Watch(ctx context.Context, update func([]Instance)) error {
	update(f)
	<-ctx.Done()
	return context.Cause(ctx)
}
