package stub

import (
	"maps"
	"strings"
	"sync"
	"sync/atomic"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// methods remembers which methods are streams: how long one lasts says nothing
// about its instance. Interceptors of Dial know it of every call; this is for
// connections that are made without, and knows it of what protoc has generated. The
// zero value is ready.
type methods struct {
	known atomic.Pointer[map[string]bool]
	mu    sync.Mutex // held to replace known
}

// most is how many methods are remembered. There are more only where somebody
// makes them up.
const most = 1024

func (m *methods) streams(full string) bool {
	var known map[string]bool
	if p := m.known.Load(); p != nil {
		known = *p
	}
	yes, ok := known[full]
	if ok {
		return yes
	}
	yes = isStream(full)
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(known) >= most {
		return yes
	}
	next := map[string]bool{full: yes}
	if p := m.known.Load(); p != nil {
		maps.Copy(next, *p)
	}
	m.known.Store(&next)
	return yes
}

// isStream looks the method up as protoc names it, for /pkg.Service/Method.
func isStream(full string) bool {
	service, method, ok := strings.Cut(strings.TrimPrefix(full, "/"), "/")
	if !ok {
		return false
	}
	d, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(service + "." + method))
	if err != nil {
		return false
	}
	md, ok := d.(protoreflect.MethodDescriptor)
	return ok && (md.IsStreamingClient() || md.IsStreamingServer())
}
