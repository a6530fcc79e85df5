package shed

import (
	"fmt"
	"math"
	"os"
	"runtime"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"
)

// tree is a file system whose files the test rewrites as time passes.
type tree = fstest.MapFS

func write(t tree, files map[string]string) {
	for name, text := range files {
		t[name] = &fstest.MapFile{Data: []byte(text)}
	}
}

func nothing() (time.Duration, bool) { return 0, false }

func TestShareOfGroups(t *testing.T) {
	const (
		leaf2 = "sys/fs/cgroup/system.slice/sum.service/"
		cpu1  = "sys/fs/cgroup/cpu/docker/abc/"
		acct1 = "sys/fs/cgroup/cpuacct/docker/abc/"
	)
	for _, tt := range []struct {
		name          string
		before, after map[string]string // a second later
		want          float64           // -1: unknown
	}{
		{"version 2", map[string]string{
			"proc/self/cgroup":    "0::/system.slice/sum.service\n",
			leaf2 + "cpu.max":     "200000 100000\n",
			leaf2 + "cpu.stat":    "usage_usec 5000000\nuser_usec 1\nsystem_usec 1\n",
			leaf2 + "cgroup.type": "domain\n",
		}, map[string]string{leaf2 + "cpu.stat": "usage_usec 6500000\n"}, 0.75},
		{"version 2, in a container", map[string]string{
			"proc/self/cgroup":       "0::/\n",
			"sys/fs/cgroup/cpu.max":  "50000 100000\n",
			"sys/fs/cgroup/cpu.stat": "usage_usec 0\n",
		}, map[string]string{"sys/fs/cgroup/cpu.stat": "usage_usec 500000\n"}, 1},
		{"version 2, the host's path in a container", map[string]string{
			"proc/self/cgroup":       "0::/kubepods/pod1/c1\n",
			"sys/fs/cgroup/cpu.max":  "100000 100000\n",
			"sys/fs/cgroup/cpu.stat": "usage_usec 0\n",
		}, map[string]string{"sys/fs/cgroup/cpu.stat": "usage_usec 250000\n"}, 0.25},
		{"version 2, the quota is the parent's", map[string]string{
			"proc/self/cgroup":    "0::/system.slice/sum.service\n",
			leaf2 + "cpu.max":     "max 100000\n",
			leaf2 + "cpu.stat":    "usage_usec 0\n",
			leaf2 + "../x":        "",
			parent + "cpu.max":    "100000 100000\n",
			parent + "cpu.stat":   "usage_usec 0\n",
			groupsDir + "/stat":   "",
			"sys/fs/cgroup/other": "",
		}, map[string]string{leaf2 + "cpu.stat": "usage_usec 100000\n", parent + "cpu.stat": "usage_usec 800000\n"}, 0.8},
		{"version 2, the quota is changed", map[string]string{
			"proc/self/cgroup":       "0::/\n",
			"sys/fs/cgroup/cpu.max":  "max 100000\n",
			"sys/fs/cgroup/cpu.stat": "usage_usec 0\n",
		}, map[string]string{"sys/fs/cgroup/cpu.max": "100000 100000\n", "sys/fs/cgroup/cpu.stat": "usage_usec 500000\n"}, 0.5},
		{"no quota", map[string]string{
			"proc/self/cgroup":       "0::/\n",
			"sys/fs/cgroup/cpu.max":  "max 100000\n",
			"sys/fs/cgroup/cpu.stat": "usage_usec 0\n",
		}, map[string]string{"sys/fs/cgroup/cpu.stat": "usage_usec 900000\n"}, -1},
		{"version 1", map[string]string{
			"proc/self/cgroup":           "12:cpuacct:/docker/abc\n4:memory:/x\n3:cpu:/docker/abc\n0::/\n",
			cpu1 + "cpu.cfs_quota_us":    "400000\n",
			cpu1 + "cpu.cfs_period_us":   "100000\n",
			acct1 + "cpuacct.usage":      "0\n",
			"sys/fs/cgroup/memory/tasks": "",
		}, map[string]string{acct1 + "cpuacct.usage": "1000000000\n"}, 0.25},
		{"version 1, mounted together, in a container", map[string]string{
			"proc/self/cgroup":                            "2:cpu,cpuacct:/docker/abc\n",
			"sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us":  "100000\n",
			"sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
			"sys/fs/cgroup/cpu,cpuacct/cpuacct.usage":     "7\n",
		}, map[string]string{"sys/fs/cgroup/cpu,cpuacct/cpuacct.usage": "900000007\n"}, 0.9},
		{"version 1 without a quota", map[string]string{
			"proc/self/cgroup":                            "2:cpu,cpuacct:/\n",
			"sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us":  "-1\n",
			"sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
			"sys/fs/cgroup/cpu,cpuacct/cpuacct.usage":     "0\n",
		}, map[string]string{"sys/fs/cgroup/cpu,cpuacct/cpuacct.usage": "900000000\n"}, -1},
		{"nonsense", map[string]string{
			"proc/self/cgroup":       "\n::::\n0\nx:cpu\n0::../../../etc\n",
			"sys/fs/cgroup/cpu.max":  "a lot\n",
			"sys/fs/cgroup/cpu.stat": "usage_usec none\n",
		}, map[string]string{"sys/fs/cgroup/cpu.max": "100000 0\n"}, -1},
		{"not Linux", nil, nil, -1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				root := tree{}
				write(root, tt.before)
				c := newCPU(root, nothing)
				time.Sleep(time.Second)
				write(root, tt.after)
				share, ok := c.share()
				if ok != (tt.want >= 0) || ok && math.Abs(share-tt.want) > 1e-9 {
					t.Errorf("share is %v, %v, want %v", share, ok, tt.want)
				}
				if again, _ := c.share(); again != 0 {
					t.Errorf("share of no time is %v", again)
				}
				time.Sleep(time.Second)
				if idle, _ := c.share(); idle != 0 {
					t.Errorf("nothing was used, share is %v", idle)
				}
			})
		})
	}
}

const parent = "sys/fs/cgroup/system.slice/"

// TestShareOfProcess: the greater of the process's share and its group's.
func TestShareOfProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		root := tree{}
		write(root, map[string]string{
			"proc/self/cgroup":       "0::/\n",
			"sys/fs/cgroup/cpu.max":  fmt.Sprintf("%d 100000\n", 1000000*runtime.GOMAXPROCS(0)),
			"sys/fs/cgroup/cpu.stat": "usage_usec 0\n",
		})
		var used time.Duration
		c := newCPU(root, func() (time.Duration, bool) { return used, true })
		time.Sleep(time.Second)
		used = time.Duration(runtime.GOMAXPROCS(0)) * time.Second / 2
		if share, ok := c.share(); !ok || share != 0.5 {
			t.Errorf("share is %v, %v, want 0.5 of GOMAXPROCS", share, ok)
		}
	})
}

// TestShareAfterAGap: a process that is out of files cannot look, and must not
// take all that was used since the beginning for that of a moment afterwards.
func TestShareAfterAGap(t *testing.T) {
	const stat = "sys/fs/cgroup/cpu.stat"
	synctest.Test(t, func(t *testing.T) {
		root := tree{}
		write(root, map[string]string{
			"proc/self/cgroup":      "0::/\n",
			"sys/fs/cgroup/cpu.max": "100000 100000\n",
			stat:                    "usage_usec 3600000000\n",
		})
		used, known := time.Hour, true
		c := newCPU(root, func() (time.Duration, bool) { return used, known })
		look := func(wait time.Duration, want float64) {
			t.Helper()
			time.Sleep(wait)
			if share, ok := c.share(); ok != (want >= 0) || ok && share != want {
				t.Errorf("share is %v, %v, want %v", share, ok, want)
			}
		}
		look(time.Second, 0)
		file := root[stat]
		delete(root, stat)
		look(time.Second, 0) // of the process
		known = false
		look(time.Second, -1)
		root[stat], known = file, true
		used += time.Duration(runtime.GOMAXPROCS(0)) * time.Second
		look(time.Second, -1)
		look(time.Second, 0)
	})
}

// TestRealShare works until the operating system says that it did.
func TestRealShare(t *testing.T) {
	start, ok := processTime()
	if !ok {
		t.Skip("this system does not say how much CPU a process uses")
	}
	c := newCPU(os.DirFS("/"), processTime)
	used := start
	for used < start+50*time.Millisecond {
		used, _ = processTime()
	}
	share, ok := c.share()
	t.Logf("share of the CPU is %.2f, of %d groups", share, len(c.groups))
	if !ok || share <= 0 || share > 10 {
		t.Errorf("share is %v, %v after 50 ms of work", share, ok)
	}
	for _, g := range c.groups {
		used, known := g.usage(c.root)
		cpus, limited := g.limit(c.root)
		t.Logf("group %+v: used %v (%v), limit %v (%v)", g, used, known, cpus, limited)
		if !known || used <= 0 {
			t.Errorf("%v says that nobody ever used the CPU", g.time)
		}
	}
}

// TestRealWait has goroutines change places until the scheduler has something to
// tell.
func TestRealWait(t *testing.T) {
	s := new(scheduler)
	s.wait()
	for range 100 {
		done := make(chan struct{})
		for range 1000 {
			go func() { done <- struct{}{} }()
		}
		for range 1000 {
			<-done
		}
		if wait, ok := s.wait(); ok {
			t.Logf("nine of ten goroutines waited %v at most", wait)
			return
		}
	}
	t.Error("the scheduler never said how long goroutines wait")
}

// BenchmarkLook is the price of closing an interval, for the call that does.
func BenchmarkLook(b *testing.B) {
	c := newCPU(os.DirFS("/"), processTime)
	s := new(scheduler)
	b.ReportAllocs()
	for b.Loop() {
		c.share()
		s.wait()
	}
}
