package etcd

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc"
)

// maxResponse bounds one message of a watch; etcd cuts larger ones.
const maxResponse = 64 << 20

// stream is one watch on one connection.
//
// It is not a clientv3.Watcher because that resumes by itself after a break.
// If etcd came back empty meanwhile, under the cluster ID it had, its later
// events would be taken for a continuation and the earlier ones missed; and
// nobody would hear that the source was stale. Here every break is an end.
type stream struct {
	responses chan *pb.WatchResponse // whole ones that carry no failure; closed at the end
	err       error                  // why it ended; valid once responses is closed
	cancel    context.CancelFunc
}

// watch opens a stream. Nothing has happened on the network when it returns.
// ask is how often the server is asked for its progress; never if zero.
func (r *registry) watch(ctx context.Context, create *pb.WatchCreateRequest, ask time.Duration) *stream {
	// A member cut off from its cluster must not be silent, but refuse.
	ctx, cancel := context.WithCancel(clientv3.WithRequireLeader(ctx))
	s := &stream{responses: make(chan *pb.WatchResponse), cancel: cancel}
	go func() {
		defer close(s.responses)
		defer cancel()
		s.err = s.run(ctx, r.client, create, ask)
	}()
	return s
}

// close ends the stream and joins it; it waits for no server.
func (s *stream) close() {
	s.cancel()
	for range s.responses { // only the end matters
	}
}

func (s *stream) run(ctx context.Context, c *clientv3.Client, create *pb.WatchCreateRequest, ask time.Duration) error {
	conn := c.ActiveConnection()
	if conn == nil {
		return errors.New("etcd client is not connected: make it with clientv3.New")
	}
	w, err := pb.NewWatchClient(conn).Watch(ctx, grpc.WaitForReady(true), grpc.MaxCallRecvMsgSize(maxResponse))
	if err != nil {
		return rpctypes.Error(err)
	}
	// A Send that fails says EOF; Recv has the reason.
	_ = w.Send(&pb.WatchRequest{RequestUnion: &pb.WatchRequest_CreateRequest{CreateRequest: create}})
	var asking sync.WaitGroup
	defer asking.Wait()
	defer s.cancel()
	if ask > 0 {
		asking.Go(func() { askProgress(ctx, w, ask) })
	}
	var whole *pb.WatchResponse
	for {
		part, err := w.Recv()
		if err != nil {
			return rpctypes.Error(err)
		}
		if err := failure(part); err != nil {
			return err
		}
		if whole = join(whole, part); part.Fragment {
			continue
		}
		select {
		case s.responses <- whole:
			whole = nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// askProgress makes a watch that works answer every so often, which tells it
// from one that hangs.
func askProgress(ctx context.Context, w pb.Watch_WatchClient, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			req := &pb.WatchRequest{RequestUnion: &pb.WatchRequest_ProgressRequest{ProgressRequest: &pb.WatchProgressRequest{}}}
			if w.Send(req) != nil {
				return // Recv tells why
			}
		}
	}
}

// join appends a fragment to those before it.
func join(whole, part *pb.WatchResponse) *pb.WatchResponse {
	if whole == nil {
		return part
	}
	whole.Header = part.Header
	whole.Events = append(whole.Events, part.Events...)
	return whole
}

// failure is the error in a response.
func failure(resp *pb.WatchResponse) error {
	switch {
	case resp.Header == nil:
		return errors.New("response has no header")
	case resp.CompactRevision != 0:
		return fmt.Errorf("%w (up to %d)", rpctypes.ErrCompacted, resp.CompactRevision)
	case resp.Canceled:
		return fmt.Errorf("cancelled by etcd: %w", rpctypes.Error(errors.New(resp.CancelReason)))
	}
	return nil
}
