package transport

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
)

// Advertise is the host:port under which others reach l. It never names an
// address nobody can dial, such as 0.0.0.0 or port 0.
//
// host, if not empty, is how the machine is known to its callers: a name or an
// address, with a port of its own where that differs (behind a NAT, in a
// container). Otherwise it is the address l is bound to, and for a listener on
// all interfaces the address that this machine's default route starts from.
//
// The loopback is advertised only if host says so (127.0.0.1, localhost): a
// registry that machines share would send the callers on each of them to
// themselves. Without it, a listener there, or a machine without any network,
// is an error.
func Advertise(l net.Listener, host string) (string, error) {
	tcp, ok := l.Addr().(*net.TCPAddr)
	if !ok {
		return "", fmt.Errorf("advertise %s: not a TCP listener; others cannot dial it", l.Addr())
	}
	if host != "" {
		return advertised(host, tcp.Port)
	}
	ip := tcp.AddrPort().Addr().Unmap()
	if ip.IsUnspecified() {
		ip = reachable(ip.Is4())
	}
	if ip.IsLoopback() {
		return "", fmt.Errorf("advertise %s: only this machine can dial it; listen on an address of a network, or advertise 127.0.0.1 in so many words if every caller runs here", l.Addr())
	}
	return netip.AddrPortFrom(ip.WithZone(""), uint16(tcp.Port)).String(), nil
}

// advertised checks a host that the user chose and adds port if it has none.
func advertised(host string, port int) (string, error) {
	name := host
	if h, p, err := net.SplitHostPort(host); err == nil {
		n, err := strconv.ParseUint(p, 10, 16)
		if err != nil || n == 0 {
			return "", fmt.Errorf("advertise %s: port %q cannot be dialled; give a number from 1 to 65535, or no port for the listener's own", host, p)
		}
		name, port = h, int(n)
	}
	if ip, err := netip.ParseAddr(name); err == nil && ip.IsUnspecified() || name == "" {
		return "", fmt.Errorf("advertise %s: others cannot dial it; give a name or an address of this machine, or nothing to have one chosen", host)
	}
	return net.JoinHostPort(name, strconv.Itoa(port)), nil
}

// reachable is this machine's address as others see it, as well as it can be
// known without asking anybody.
func reachable(only4 bool) netip.Addr {
	networks := []string{"udp4", "udp6"}
	targets := []string{"192.0.2.1:9", "[2001:db8::1]:9"} // reserved for documentation: routed like any other, and nobody's
	if only4 {
		networks = networks[:1]
	}
	for i, network := range networks {
		// Connecting a UDP socket sends nothing; it only looks up the route.
		c, err := net.Dial(network, targets[i])
		if err != nil {
			continue
		}
		local, _ := netip.ParseAddrPort(c.LocalAddr().String())
		_ = c.Close() // nothing was sent on it
		if ip := local.Addr().Unmap(); ip.IsGlobalUnicast() {
			return ip
		}
	}
	return interfaceAddr(only4)
}

// interfaceAddr is the first address of an interface that is not the loopback,
// IPv4 first; the loopback's where there is no other.
func interfaceAddr(only4 bool) netip.Addr {
	best := netip.AddrFrom4([4]byte{127, 0, 0, 1})
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return best
	}
	for _, a := range addrs {
		n, ok := a.(*net.IPNet)
		if !ok {
			continue
		}
		ip, _ := netip.AddrFromSlice(n.IP)
		switch ip = ip.Unmap(); {
		case !ip.IsGlobalUnicast() || ip.Is6() && only4:
		case ip.Is4():
			return ip
		case best.IsLoopback():
			best = ip
		}
	}
	return best
}
