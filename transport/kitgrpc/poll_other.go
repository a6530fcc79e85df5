//go:build !unix

package kitgrpc

import (
	"errors"
	"net"

	"google.golang.org/grpc/mem"
)

// poller is not to be had here.
type poller struct{}

func newPoller(net.Conn) *poller { return nil }

func (*poller) read(int, mem.BufferPool) (buf *[]byte, n int, err error) {
	return nil, 0, errors.ErrUnsupported // cannot happen: there is no poller
}
