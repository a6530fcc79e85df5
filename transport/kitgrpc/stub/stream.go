package stub

import (
	"errors"
	"io"
	"sync"

	"google.golang.org/grpc"

	"github.com/kitgen/kitgen/transport/internal/draining"
)

// stream is a stream whose errors are as those of calls, and which hears the
// server say that it leaves.
type stream struct {
	grpc.ClientStream

	trip   *trip
	header sync.Once
}

// SendMsg implements grpc.ClientStream. io.EOF stays: RecvMsg says why.
func (s *stream) SendMsg(m any) error { return s.fail(s.ClientStream.SendMsg(m)) }

// RecvMsg implements grpc.ClientStream. io.EOF stays: all has been said.
func (s *stream) RecvMsg(m any) error {
	err := s.ClientStream.RecvMsg(m)
	if err == nil {
		s.header.Do(s.listen)
	}
	return s.fail(err)
}

func (s *stream) fail(err error) error {
	if errors.Is(err, io.EOF) {
		return err
	}
	return s.trip.fail(err, true)
}

// listen looks at the header, which is there since a message is.
func (s *stream) listen() {
	if md, err := s.ClientStream.Header(); err == nil && len(md[draining.Metadata]) > 0 {
		if to := s.trip.destination(); to != nil {
			to.Tell()
		}
	}
}
