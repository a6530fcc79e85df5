package spec

import "strings"

// packageNames are what generated files declare in the package once.
const packageNames = `
	Caller Client ClientConfig Endpoints ErrUnimplemented GRPCFactory HTTPFactory
	MakeEndpoints Methods NewClient NewDocsHandler NewHTTPHandler RegisterGRPC Wrap
	asIs callEndpoint fitInt fromMessage grpcServer mapOf messageOf misfit
	newGRPCEndpoint newHTTPEndpoint pointerTo sliceOf timeFromPB timeToPB
	declared openAPI withCode
	dial everyWay sameAnswer serveGRPC serveHTTP`

// importNames are the names generated files import packages under. Go lets no
// other file of the package declare them.
const importNames = `
	apidocs context durationpb endpoint errors fmt grpc http httptest httptransport
	kitgen kitgrpc kithttp kitsd lb log middleware net params pb reflect retry strconv testing
	time timestamppb transport url`

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
	conversions := func(name, of string) {
		name = strings.ToLower(name[:1]) + name[1:]
		names[name+"ToPB"] = "declared by the generated code for " + of
		names[name+"FromPB"] = "declared by the generated code for " + of
	}
	for _, s := range svc.Structs {
		conversions(s.Name, "struct "+s.Name)
	}
	for _, m := range svc.Methods {
		lower := strings.ToLower(m.Name[:1]) + m.Name[1:]
		for _, name := range []string{"decode" + m.Name, lower + "Parts", lower + "Body"} {
			names[name] = "declared by the generated code for the route of method " + m.Name
		}
		for _, name := range []string{m.Name + "Request", m.Name + "Response"} {
			names[name] = "declared by the generated code for method " + m.Name
			conversions(name, "method "+m.Name)
		}
	}
	return names
}
