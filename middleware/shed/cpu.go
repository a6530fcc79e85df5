package shed

import (
	"io/fs"
	"path"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// cpu measures the share of the CPU in use: of the process's own, as Go was told
// to use it, or of what a control group that it is in may use, whichever is
// more. Its methods are for one goroutine at a time.
type cpu struct {
	root    fs.FS
	process func() (time.Duration, bool) // CPU time that the process has used
	groups  []group

	at   time.Time
	used meter
}

// meter is CPU time that was used until it was read last, if that was known.
type meter struct {
	used  time.Duration
	known bool
}

// since returns what has been used since it was read last. After a reading that
// failed (the process was out of files) that is unknown: taken as 0, it would make
// all that was ever used that of a moment.
func (m *meter) since(used time.Duration, known bool) (spent time.Duration, ok bool) {
	last := *m
	*m = meter{used, known}
	return used - last.used, known && last.known
}

// newCPU looks for control groups below root and begins to measure.
func newCPU(root fs.FS, process func() (time.Duration, bool)) *cpu {
	c := &cpu{root: root, process: process, groups: groupsOf(root), at: time.Now()}
	c.used.since(process())
	for i := range c.groups {
		g := &c.groups[i]
		g.used.since(g.usage(root))
	}
	return c
}

// share returns the share of the CPU that was used since it was called last.
func (c *cpu) share() (share float64, ok bool) {
	now := time.Now()
	span := now.Sub(c.at)
	c.at = now
	if span <= 0 {
		return 0, false
	}
	if spent, known := c.used.since(c.process()); known {
		share, ok = float64(spent)/float64(span)/float64(runtime.GOMAXPROCS(0)), true
	}
	for i := range c.groups {
		g := &c.groups[i]
		spent, known := g.used.since(g.usage(c.root))
		cpus, limited := g.limit(c.root) // may change while the process runs
		if known && limited {
			share, ok = max(share, float64(spent)/float64(span)/cpus), true
		}
	}
	return share, ok
}

// group is a control group that this process is in. The files of version 2 and
// of version 1 say the same in other words.
type group struct {
	v2            bool
	time, allowed string // directories: of the CPU time used, and of what is allowed
	used          meter
}

const groupsDir = "sys/fs/cgroup"

// groupsOf returns the control groups that this process is in, from its own to
// the outermost that can be seen.
func groupsOf(root fs.FS) (groups []group) {
	text, err := fs.ReadFile(root, "proc/self/cgroup")
	if err != nil {
		return nil // not Linux
	}
	var time1, allowed1 []string
	for line := range strings.Lines(string(text)) {
		_, rest, _ := strings.Cut(strings.TrimSpace(line), ":")
		controllers, own, _ := strings.Cut(rest, ":")
		if controllers == "" {
			for _, dir := range upwards(root, groupsDir, own, "cpu.stat") {
				groups = append(groups, group{v2: true, time: dir, allowed: dir})
			}
		}
		for c := range strings.SplitSeq(controllers, ",") {
			switch c {
			case "cpuacct":
				time1 = upwards(root, version1(root, c), own, "cpuacct.usage")
			case "cpu":
				allowed1 = upwards(root, version1(root, c), own, "cpu.cfs_quota_us")
			}
		}
	}
	for i := range min(len(time1), len(allowed1)) {
		groups = append(groups, group{time: time1[i], allowed: allowed1[i]})
	}
	return groups
}

// version1 returns where a controller of version 1 is mounted: under its name,
// or the two of the CPU together.
func version1(root fs.FS, controller string) string {
	dir := path.Join(groupsDir, controller)
	if _, err := fs.Stat(root, dir); err == nil {
		return dir
	}
	return path.Join(groupsDir, "cpu,cpuacct")
}

// upwards returns the directories that have the file, from own below mount up
// to mount. In a container own is often the path that the host knows it by,
// which is not there: then only mount is.
func upwards(root fs.FS, mount, own, file string) (dirs []string) {
	for dir := path.Join("/", own); ; dir = path.Dir(dir) {
		full := path.Join(mount, dir)
		if _, err := fs.Stat(root, path.Join(full, file)); err == nil {
			dirs = append(dirs, full)
		}
		if dir == "/" {
			return dirs
		}
	}
}

// usage returns the CPU time that the group has used.
func (g *group) usage(root fs.FS) (time.Duration, bool) {
	if !g.v2 {
		ns, ok := number(root, path.Join(g.time, "cpuacct.usage"))
		return time.Duration(ns), ok
	}
	text, err := fs.ReadFile(root, path.Join(g.time, "cpu.stat"))
	if err != nil {
		return 0, false
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, "usage_usec "); ok {
			us, err := strconv.ParseInt(strings.TrimSpace(value), 10, 64)
			return time.Duration(us) * time.Microsecond, err == nil
		}
	}
	return 0, false
}

// limit returns how many CPUs the group may use, if there is a limit.
func (g *group) limit(root fs.FS) (cpus float64, ok bool) {
	var quota, period int64
	if g.v2 {
		text, err := fs.ReadFile(root, path.Join(g.allowed, "cpu.max"))
		if err != nil {
			return 0, false // the root group has none
		}
		q, p, _ := strings.Cut(strings.TrimSpace(string(text)), " ")
		quota, _ = strconv.ParseInt(q, 10, 64) // "max" is 0
		period, _ = strconv.ParseInt(p, 10, 64)
	} else {
		quota, _ = number(root, path.Join(g.allowed, "cpu.cfs_quota_us")) // -1: none
		period, _ = number(root, path.Join(g.allowed, "cpu.cfs_period_us"))
	}
	if quota <= 0 || period <= 0 {
		return 0, false
	}
	return float64(quota) / float64(period), true
}

// number returns what a file with nothing but a number says.
func number(root fs.FS, file string) (int64, bool) {
	text, err := fs.ReadFile(root, file)
	if err != nil {
		return 0, false
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	return n, err == nil
}
