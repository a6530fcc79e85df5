package sd

import (
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// The explanation that the documentation shows is what Explain prints.
func TestDocsShowAnExplanation(t *testing.T) {
	doc, err := os.ReadFile("../docs/discovery.md")
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		w := away{make(chan []Instance)}
		i := NewInstancer(w, InstancerConfig{})
		defer i.Stop()
		web := func(id, addr string) Instance { return Instance{ID: "addsvc-" + id, Addr: addr} }
		one, two, three := web("web1-9f86d081", "10.0.0.7:8080"), web("web2-60303ae2", "10.0.0.8:8080"), web("web3-fd61a03a", "10.0.0.9:8080")
		poisoned, leaves := web("web4-a4e624d6", "0.0.0.0:8080"), web("web5-1d5c7de2", "10.0.0.10:8080")
		leaves.State = Draining
		w.answer <- []Instance{one, two, three, poisoned, leaves}
		time.Sleep(200 * time.Second)
		w.answer <- []Instance{one, two, three, poisoned}
		time.Sleep(39 * time.Second)
		w.answer <- []Instance{one, poisoned}
		time.Sleep(3 * time.Second)
		synctest.Wait()
		if got := i.Explain().String(); !strings.Contains(string(doc), "```\n"+got+"```") {
			t.Errorf("docs/discovery.md does not have this:\n%s", got)
		}
	})
}
