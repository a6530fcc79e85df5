package servers

import (
	"testing"
	"time"
	"os"
)

func TestEtcdQuick(t *testing.T) {
	t0 := time.Now()
	s := Etcd(t, Options{})
	t.Log(time.Since(t0), s.Endpoint())
	t0 = time.Now()
	s.Kill()
	s.Start()
	t.Log(time.Since(t0))
	t0 = time.Now()
	s.Stop()
	t.Log(time.Since(t0))
	s.Start()
	s.Freeze()
	s.Thaw()
	s.Freeze()
}

func TestConsulQuick(t *testing.T) {
	t0 := time.Now()
	s := Consul(t, Options{})
	t.Log(time.Since(t0), s.Endpoint())
	t0 = time.Now()
	s.Kill()
	s.Start()
	t.Log(time.Since(t0))
	t0 = time.Now()
	s.Stop()
	t.Log(time.Since(t0))
	s.Start()
	b, _ := os.ReadFile(s.process.logPath())
	t.Logf("%s", b)
}
