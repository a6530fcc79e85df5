package mtls_test

import (
	"context"
	"crypto/x509"
	"fmt"
	"net/url"
	"time"

	"github.com/kitgen/kitgen/middleware/auth"
	"github.com/kitgen/kitgen/middleware/auth/mtls"
)

func ExampleNew() {
	peers := mtls.New(mtls.Config{Allow: []string{"spiffe://prod.example/billing/*"}})
	for _, path := range []string{"/billing/web", "/shop/web"} {
		// authhttp.Extract and authgrpc.Extract find the one that the handshake verified.
		shown := auth.Credentials{Peer: &x509.Certificate{
			URIs:     []*url.URL{{Scheme: "spiffe", Host: "prod.example", Path: path}},
			NotAfter: time.Now().Add(time.Hour),
		}}
		caller, err := peers(context.Background(), shown)
		fmt.Println(caller != nil, err)
	}
	// Output:
	// true <nil>
	// false forbidden: "spiffe://prod.example/shop/web" is not among the callers that are allowed
}

func ExampleConfig_Validate() {
	fmt.Println(mtls.Config{Allow: []string{"web.internal"}}.Validate())
	// Output: mtls: Config.Allow[0] is "web.internal": want spiffe://domain/path, spiffe://domain/path/* for all below, dns:name in lower case, or cn:common name
}
