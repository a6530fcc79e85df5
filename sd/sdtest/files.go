package sdtest

import "os"

// openFiles lists the descriptors of this process, on Linux.
const openFiles = "/proc/self/fd"

func files(c *check) { c.endures("open files", descriptors) }

// descriptors returns what every descriptor of this process stands for, by its
// number and that: numbers are used again, sockets are not.
func descriptors() map[string]string {
	entries, _ := os.ReadDir(openFiles) // the runner has seen that it can be read
	all := map[string]string{}
	for _, e := range entries {
		if what, err := os.Readlink(openFiles + "/" + e.Name()); err == nil {
			all[e.Name()+" "+what] = what
		}
	}
	return all
}
