package servers

import (
	"context"
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// helperEnv turns this test binary into a program that starts an etcd, prints
// its endpoint and then comes to the end the variable names.
const helperEnv = "KITGEN_SERVERS_TEST_END"

func TestMain(m *testing.M) {
	if end := os.Getenv(helperEnv); end != "" {
		helper(end)
		return
	}
	goleak.VerifyTestMain(m)
}

func helper(end string) {
	p, err := StartEtcd(context.Background(), Options{Dir: os.Getenv(helperEnv + "_DIR")})
	if err != nil {
		panic(err)
	}
	fmt.Println(p.Endpoint())
	if end == "panic" {
		panic("as asked")
	}
	select {}
}
