package protogen_test

import (
	"fmt"
	"testing/fstest"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/protogen"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"
)

// greeter is a package with this method in its interface.
func greeter(method string) *spec.Service {
	text := "package greeter\n\nimport \"context\"\n\ntype Service interface {\n\t" + method + "\n}\n"
	svc, err := spec.LoadFS(fstest.MapFS{"greeter.go": {Data: []byte(text)}}, spec.Options{Module: "example.com/greeter"})
	if err != nil {
		panic(err)
	}
	return svc
}

func ExampleProto() {
	first, err := protogen.Proto(greeter("Greet(ctx context.Context, name, lang string) (greeting string, err error)"), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	// Later, lang is gone and formal is new: it does not get the number of lang.
	later, err := protogen.Proto(greeter("Greet(ctx context.Context, formal bool, name string) (greeting string, err error)"), first)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(string(later))
	// Output:
	// // Made by kitgen from interface Service in greeter.go. Commit it: it is the contract with
	// // callers, and the next run takes the field numbers from here.
	//
	// syntax = "proto3";
	//
	// package greeter.v1;
	//
	// option go_package = "example.com/greeter/api/greeter/v1;greeterv1";
	//
	// service Greeter {
	//   rpc Greet(GreetRequest) returns (GreetResponse);
	// }
	//
	// message GreetRequest {
	//   reserved 2;
	//   reserved "lang";
	//   bool formal = 3;
	//   string name = 1;
	// }
	//
	// message GreetResponse {
	//   string greeting = 1;
	// }
}

func ExampleGoType() {
	svc := greeter("Greet(ctx context.Context, names map[int8]string, loud *bool) error")
	for _, p := range svc.Methods[0].Params {
		fmt.Println(p.Type.Go, "→", protogen.GoType(p.Type))
	}
	// Output:
	// map[int8]string → map[int32]string
	// *bool → *bool
}
