package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// tool is a generator, and what its documentation has a newcomer type.
type tool struct {
	name  string
	steps func(ctx context.Context, p *play, kit string) error
	note  string // what the row should be read with
}

func tools() []tool {
	return []tool{
		{"kitgen", kitgen, "etcd comes with it; a shell that has kitgen, as all rows"},
		{"goctl", goctl, "an API and an RPC service by goctl quickstart; registered needs an etcd of one's own"},
		{"kitex", kitex, "no HTTP; to register takes a contributed module and some ten lines, left out here"},
		{"kratos", kratos, ""},
	}
}

const patience = 4 * time.Minute // until a service is up, with what it fetches and compiles

// kitgen is what the README has: make one, and make it run.
func kitgen(ctx context.Context, p *play, kit string) error {
	if err := p.build(ctx, kit+"/cmd/kitgen", "kitgen", "."); err != nil {
		return err
	}
	if err := p.run(ctx, "kitgen new service greeter"); err != nil {
		return err
	}
	log, err := p.serve(ctx, "make -C greeter") // go test -race, and kitgen dev
	if err != nil {
		return err
	}
	start := time.Now()
	defer func() { p.took += time.Since(start) }()
	var http, grpc, etcd string
	err = within(ctx, patience, func(context.Context) error {
		http, grpc, etcd = devAddresses(string(log.bytes()))
		if http == "" || grpc == "" || etcd == "" {
			return errors.New("kitgen dev has not printed its addresses:\n" + string(last(log.bytes())))
		}
		return nil
	})
	if err != nil {
		return err
	}
	p.see(ctx, func(ctx context.Context) error {
		return answersHTTP(ctx, "POST", "http://"+http+"/greet", `{"name":"Ada"}`)
	}, &p.outcome.http)
	p.see(ctx, func(ctx context.Context) error {
		return answersGRPC(ctx, grpc, "/greeter.v1.Greeter/Greet", []byte("\x0a\x03Ada"))
	}, &p.outcome.grpc)
	p.see(ctx, func(ctx context.Context) error { return registered(ctx, etcd, "") }, &p.outcome.registered)
	return p.judge(ctx, "greeter")
}

// devAddresses finds in what kitgen dev prints where a replica and the registry
// are.
func devAddresses(log string) (http, grpc, etcd string) {
	for line := range strings.Lines(log) {
		words := strings.Fields(line)
		for i, w := range words[:max(0, len(words)-1)] {
			switch next := words[i+1]; {
			case w == "http" && http == "":
				http = next
			case w == "grpc" && grpc == "":
				grpc = next
			case w == "registry" && etcd == "":
				next, _, _ = strings.Cut(next, "?")
				etcd = strings.TrimPrefix(next, "etcd://")
			}
		}
	}
	return http, grpc, etcd
}

// goctl is goctl quickstart with both services, registered in an etcd.
func goctl(ctx context.Context, p *play, kit string) error {
	for _, line := range []struct{ module, pkg string }{
		{"github.com/zeromicro/go-zero/tools/goctl@v1.10.2", "github.com/zeromicro/go-zero/tools/goctl"},
		{"google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.12", "google.golang.org/protobuf/cmd/protoc-gen-go"},
		{"google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.6.0", "google.golang.org/grpc/cmd/protoc-gen-go-grpc"},
	} {
		if err := p.get(ctx, line.module, line.pkg); err != nil {
			return err
		}
	}
	if err := p.install(ctx, "protoc --version"); err != nil { // stands for its installation
		return errors.Join(errors.New("needs protoc: install protobuf-compiler"), err)
	}
	if err := p.etcd(ctx, kit); err != nil {
		return err
	}
	if _, err := p.serve(ctx, "goctl quickstart -t micro"); err != nil {
		return err
	}
	start := time.Now()
	defer func() { p.took += time.Since(start) }()
	p.see(ctx, func(ctx context.Context) error { return answersHTTP(ctx, "GET", "http://127.0.0.1:8888/ping", "") }, &p.outcome.http)
	p.see(ctx, func(ctx context.Context) error {
		return answersGRPC(ctx, "127.0.0.1:8080", "/ping.Greet/ping", nil)
	}, &p.outcome.grpc)
	p.glance(ctx, func(ctx context.Context) error { return registered(ctx, etcdAddr, "ping.rpc") }, &p.outcome.registered)
	return p.judge(ctx, "greet")
}

// kitex is its tutorial for protobuf.
func kitex(ctx context.Context, p *play, _ string) error {
	if err := p.get(ctx, "github.com/cloudwego/kitex/tool/cmd/kitex@v0.16.3", "github.com/cloudwego/kitex/tool/cmd/kitex"); err != nil {
		return err
	}
	if err := p.write("greet.proto", greetProto); err != nil {
		return err
	}
	for _, line := range []string{
		"go mod init example.com/greeter",
		"kitex -module example.com/greeter -service greeter greet.proto",
		"go get github.com/cloudwego/kitex@v0.16.3",
	} {
		if err := p.run(ctx, line); err != nil {
			return err
		}
	}
	if err := p.edit("handler.go", "\t// TODO: Your code here...\n\treturn\n", "\treturn &greet.Response{Greeting: \"Hello, \" + req.Name + \"!\"}, nil\n"); err != nil {
		return err
	}
	if err := p.run(ctx, "go mod tidy"); err != nil {
		return err
	}
	if _, err := p.serve(ctx, "go run ."); err != nil {
		return err
	}
	start := time.Now()
	defer func() { p.took += time.Since(start) }()
	p.see(ctx, func(ctx context.Context) error {
		return answersGRPC(ctx, "127.0.0.1:8888", "/greet.Greet/Greet", []byte("\x0a\x03Ada"))
	}, &p.outcome.grpc)
	return p.judge(ctx, ".")
}

const greetProto = `syntax = "proto3";
package greet;
option go_package = "greet";
message Request { string name = 1; }
message Response { string greeting = 1; }
service Greet { rpc Greet(Request) returns (Response); }
`

// kratos is its quick start, where it can be had.
func kratos(ctx context.Context, p *play, _ string) error {
	return p.get(ctx, "github.com/go-kratos/kratos/cmd/kratos/v2@latest", "github.com/go-kratos/kratos/cmd/kratos/v2")
}

// get types go install, by way of a module of its own, which the module proxies
// that know no list of versions need.
func (p *play) get(ctx context.Context, module, pkg string) error {
	home := filepath.Join(p.tools, "src-"+filepath.Base(pkg))
	if err := os.MkdirAll(home, 0o755); err != nil {
		return err
	}
	p.typed = append(p.typed, "go install "+module)
	quiet := &play{dir: home, tools: p.tools}
	return quiet.run(ctx, "test -e go.mod || go mod init tools; go get -tool "+module+" && go build -o '"+p.tools+"/' "+pkg)
}

// build types go install of a checkout.
func (p *play) build(ctx context.Context, dir, name, pkg string) error {
	p.typed = append(p.typed, "go install ./cmd/"+name)
	quiet := &play{dir: dir, tools: p.tools}
	return quiet.run(ctx, "go build -o '"+p.tools+"/"+name+"' "+pkg)
}

// see waits until f succeeds, and writes what came of it.
func (p *play) see(ctx context.Context, f func(context.Context) error, out *string) {
	p.seeWithin(ctx, patience, f, out)
}

// glance is see where the service is up already.
func (p *play) glance(ctx context.Context, f func(context.Context) error, out *string) {
	p.seeWithin(ctx, 5*time.Second, f, out)
}

func (p *play) seeWithin(ctx context.Context, d time.Duration, f func(context.Context) error, out *string) {
	if err := within(ctx, d, f); err != nil {
		p.notes = append(p.notes, err.Error())
		return
	}
	*out = "yes"
}
