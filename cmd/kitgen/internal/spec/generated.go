package spec

import "strings"

// packageNames are what generated files declare in the package once.
const packageNames = `
	Caller Client ClientConfig Endpoints ErrUnimplemented Fake GRPCFactory HTTPFactory
	MakeEndpoints Methods NewClient NewDocsHandler NewHTTPHandler RegisterGRPC Wrap
	anyToPB asIs callEndpoint exactly fitInt fromMessage fromText grpcServer keysOf
	mapOf messageOf misfit newGRPCEndpoint newHTTPEndpoint optionalText pointerTo
	present setOf sliceOf textOf timeFromPB timeToPB
	declared invalid openAPI unserved withCode
	dial everyWay sameAnswer serveGRPC serveHTTP`

// importNames are the names generated files import packages under. Go lets no
// other file of the package declare them.
const importNames = `
	apidocs cmp context durationpb encoding endpoint errors fmt grpc http httptest
	httptransport iter json kitgen kitgrpc kithttp kitsd lb log middleware net params pb
	reflect retry slices strconv structpb sync testing time timeout timestamppb transport url`

// memberNames are the fields and methods that Caller and Client have beside
// the methods of the interface.
const memberNames = "Caller Close Endpoints Explain Nodes OnError Panicking Stack WaitReady"

// generatedNames are the package-level names that generated files declare or
// import, each with what it is there. Those of seeded files are the user's.
func generatedNames(svc *Service) map[string]string {
	names := make(map[string]string)
	for name := range strings.FieldsSeq(packageNames) {
		names[name] = "declared by the generated code"
	}
	for name := range strings.FieldsSeq(importNames) {
		names[name] = "the name of a package that the generated code imports"
	}
	for _, i := range svc.Imports {
		names[i.Name] = "the name of a package that the generated code imports"
	}
	conversions := func(stem, of string) {
		names[stem+"ToPB"] = "declared by the generated code for " + of
		names[stem+"FromPB"] = "declared by the generated code for " + of
	}
	for _, s := range svc.Structs {
		if s.Func != "" { // named once all are known
			conversions(s.Func, "struct "+s.Name)
		}
	}
	for _, m := range svc.Methods {
		lower := strings.ToLower(m.Name[:1]) + m.Name[1:]
		for _, name := range []string{"decode" + m.Name, lower + "Parts", lower + "Body"} {
			names[name] = "declared by the generated code for the route of method " + m.Name
		}
		if m.Streams() {
			for _, name := range []string{"collect", "untimed", "new" + m.Name + "Response", lower + "Item", lower + "Lines", lower + "Messages"} {
				names[name] = "declared by the generated code for the stream of method " + m.Name
			}
			conversions(lower+"Item", "the stream of method "+m.Name)
		}
		for _, name := range []string{"make" + m.Name, lower + "OverGRPC"} {
			names[name] = "declared by the generated code for method " + m.Name
		}
		for _, name := range []string{m.Name + "Request", m.Name + "Response"} {
			names[name] = "declared by the generated code for method " + m.Name
			conversions(unexported(name), "method "+m.Name)
		}
	}
	return names
}
