package main

import (
	_ "github.com/bufbuild/protocompile"
	_ "github.com/spf13/cobra"
	_ "go.etcd.io/etcd/server/v3/embed"
	_ "google.golang.org/protobuf/cmd/protoc-gen-go/internal_gengo"
	_ "google.golang.org/protobuf/compiler/protogen"
	_ "github.com/rogpeppe/go-internal/testscript"
	_ "github.com/google/go-cmp/cmp"
	_ "google.golang.org/grpc"
	_ "go.uber.org/goleak"
	_ "golang.org/x/term"
	_ "go.etcd.io/etcd/client/v3"
	_ "github.com/go-kit/kit/endpoint"
	_ "github.com/go-kit/log"
	_ "github.com/hashicorp/consul/api"
	_ "github.com/sony/gobreaker/v2"
)

func main() {}
