package kitgrpc

import (
	"math"
	"runtime"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
)

// Limits that nobody sets.
const (
	defaultMaxRecv    = 4 << 20
	defaultMaxHeader  = 64 << 10
	defaultMaxStreams = 1024
	handshakeTimeout  = 10 * time.Second
)

// Windows of flow control, that of a stream as in net/http. gRPC's own grow from
// 64 KiB by what it measures with a ping for about every message, which costs a
// call that is alone a sixth of its time. That of a connection bounds nothing
// else: grpc-go opens it again when data has come, whoever reads it.
const (
	streamWindow = 1 << 20
	connWindow   = 16 << 20
)

// options are what the server is made with, before the user's own.
func (s *Server) options() []grpc.ServerOption {
	creds := insecure.NewCredentials()
	if s.cfg.TLS != nil {
		creds = credentials.NewTLS(s.cfg.TLS)
	}
	return []grpc.ServerOption{
		grpc.Creds(watched{creds, &s.newcomer}),
		grpc.ChainUnaryInterceptor(s.unary),
		grpc.ChainStreamInterceptor(s.stream),
		grpc.ConnectionTimeout(handshakeTimeout),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 5 * time.Second, PermitWithoutStream: true}),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: time.Minute, Timeout: 10 * time.Second}),
		grpc.MaxRecvMsgSize(limit(s.cfg.MaxRecv, defaultMaxRecv)),
		grpc.MaxSendMsgSize(limit(s.cfg.MaxSend, math.MaxInt32)),
		grpc.MaxHeaderListSize(uint32(min(limit(s.cfg.MaxHeader, defaultMaxHeader), math.MaxInt32))),
		grpc.InitialWindowSize(streamWindow),
		grpc.InitialConnWindowSize(connWindow),
		// A goroutine that has answered a call has the stack for the next one.
		grpc.NumStreamWorkers(uint32(2 * runtime.GOMAXPROCS(0))),
		grpc.MaxConcurrentStreams(uint32(min(limit(s.cfg.MaxStreams, defaultMaxStreams), math.MaxInt32))),
	}
}

// limit is n, or what stands for it.
func limit(n, zero int) int {
	switch {
	case n == 0:
		return zero
	case n < 0:
		return math.MaxInt32
	}
	return n
}
