package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"

	"github.com/go-kit/kit/endpoint"
	grpctransport "github.com/go-kit/kit/transport/grpc"
	httptransport "github.com/go-kit/kit/transport/http"
	"google.golang.org/grpc"

	"github.com/kitgen/kitgen/internal/peers/echo"
	pb "github.com/kitgen/kitgen/internal/peers/echo/api/echo/v1"
)

// goKitEcho is the service as go-kit's examples have it, with no middleware.
func goKitEcho(ctx context.Context, request any) (any, error) {
	r := request.(echo.EchoRequest) //nolint:forcetypeassert // as in go-kit's examples
	text, err := echo.New().Echo(ctx, r.Text)
	return echo.EchoResponse{Echoed: text}, err
}

func throughGoKit(e endpoint.Endpoint) echoed {
	return func(ctx context.Context, text string) (string, error) {
		response, err := e(ctx, echo.EchoRequest{Text: text})
		if err != nil {
			return "", err
		}
		return response.(echo.EchoResponse).Echoed, nil //nolint:forcetypeassert // as in go-kit's examples
	}
}

// goKitServer is grpc's interface over a handler of go-kit's.
type goKitServer struct {
	pb.UnimplementedEchoServer
	handler grpctransport.Handler
}

func (s goKitServer) Echo(ctx context.Context, m *pb.EchoRequest) (*pb.EchoResponse, error) {
	_, resp, err := s.handler.ServeGRPC(ctx, m)
	if err != nil {
		return nil, err
	}
	return resp.(*pb.EchoResponse), nil //nolint:forcetypeassert // as in go-kit's examples
}

// openGoKitGRPC is go-kit's transport/grpc on both sides.
func openGoKitGRPC() (line, error) {
	handler := grpctransport.NewServer(goKitEcho,
		func(_ context.Context, m any) (any, error) {
			return echo.EchoRequest{Text: m.(*pb.EchoRequest).GetText()}, nil //nolint:forcetypeassert // as in go-kit's examples
		},
		func(_ context.Context, response any) (any, error) {
			return &pb.EchoResponse{Echoed: response.(echo.EchoResponse).Echoed}, nil //nolint:forcetypeassert // as in go-kit's examples
		})
	return openStub(func(s *grpc.Server) { pb.RegisterEchoServer(s, goKitServer{handler: handler}) }, goKitStub)
}

func goKitStub(cc grpc.ClientConnInterface) echoed {
	return throughGoKit(grpctransport.NewClient(cc.(*grpc.ClientConn), pb.Echo_ServiceDesc.ServiceName, "Echo", //nolint:forcetypeassert // openStub has no other
		func(_ context.Context, request any) (any, error) {
			return &pb.EchoRequest{Text: request.(echo.EchoRequest).Text}, nil //nolint:forcetypeassert // as in go-kit's examples
		},
		func(_ context.Context, m any) (any, error) {
			return echo.EchoResponse{Echoed: m.(*pb.EchoResponse).GetEchoed()}, nil //nolint:forcetypeassert // as in go-kit's examples
		}, pb.EchoResponse{}).Endpoint())
}

// openGoKitHTTP is go-kit's transport/http on both sides.
func openGoKitHTTP() (line, error) {
	mux := http.NewServeMux()
	mux.Handle("POST /echo", httptransport.NewServer(goKitEcho,
		func(_ context.Context, r *http.Request) (any, error) {
			var req echo.EchoRequest
			err := json.NewDecoder(r.Body).Decode(&req)
			return req, err
		}, httptransport.EncodeJSONResponse))
	base, stop, err := serveHTTP(mux)
	if err != nil {
		return line{}, err
	}
	target, err := url.Parse(base + "/echo")
	if err != nil {
		return line{}, err
	}
	client, end := newHTTPClient()
	e := httptransport.NewClient(http.MethodPost, target, httptransport.EncodeJSONRequest,
		func(_ context.Context, r *http.Response) (any, error) {
			if r.StatusCode != http.StatusOK {
				return nil, fmt.Errorf("answered with %s", r.Status)
			}
			var resp echo.EchoResponse
			err := json.NewDecoder(r.Body).Decode(&resp)
			return resp, err
		}, httptransport.SetClient(client)).Endpoint()
	return line{throughGoKit(e), func() error { end(); return stop() }}, nil
}
