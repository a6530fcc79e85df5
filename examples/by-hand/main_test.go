package addsvc_test

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// go-kit's Stop does not wait for its own blocking query.
		goleak.IgnoreAnyFunction("github.com/go-kit/kit/sd/consul.(*Instancer).loop"),
		goleak.IgnoreAnyFunction("github.com/go-kit/kit/sd/consul.(*Instancer).getInstances.func1"),
	)
}
