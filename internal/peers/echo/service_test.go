package echo

import "testing"

// TestEcho asks the service itself and then over each wire: the answers must
// be the same.
func TestEcho(t *testing.T) {
	tests := []struct {
		name string
		req  EchoRequest
	}{
		{name: "zero values"},
		{name: "text", req: EchoRequest{Text: "hello"}},
	}
	svc := New()
	for way, caller := range everyWay(t, svc) {
		for _, tt := range tests {
			t.Run(way+"/"+tt.name, func(t *testing.T) {
				want, wantErr := MakeEndpoints(svc).Echo(t.Context(), tt.req)
				got, err := caller.Endpoints.Echo(t.Context(), tt.req)
				if !sameAnswer(got, err, want, wantErr) {
					t.Errorf("Echo(%+v) = %+v, %v, want %+v, %v", tt.req, got, err, want, wantErr)
				}
			})
		}
	}
}
