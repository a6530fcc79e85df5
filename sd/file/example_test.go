package file_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/sd/file"
)

// A program writes the list, others watch it.
func Example() {
	folder, err := os.MkdirTemp("", "kitgen")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(folder) }()
	path := filepath.Join(folder, "addsvc.json")
	if err := file.Write(path, []sd.Instance{{ID: "web1", Addr: "10.0.0.7:8080"}, {ID: "web2", Addr: "10.0.0.8:8080", Weight: 2}}); err != nil {
		fmt.Println(err)
		return
	}

	instances := sd.NewInstancer(file.NewWatcher(path, file.Config{}), sd.InstancerConfig{})
	defer instances.Stop()
	snapshot, changed := instances.Snapshot()
	for !snapshot.Synced {
		<-changed
		snapshot, changed = instances.Snapshot()
	}
	for _, in := range snapshot.Instances {
		fmt.Println(in.ID, in.Addr, in.Weight)
	}
	// Output:
	// web1 10.0.0.7:8080 0
	// web2 10.0.0.8:8080 2
}

// A target names the file in a program's configuration.
func ExampleScheme() {
	instances, err := sd.Open("file:///etc/kitgen/addsvc.json?poll=1s", sd.InstancerConfig{}, file.Scheme(file.Config{}), sd.Static())
	if err != nil {
		fmt.Println(err)
		return
	}
	instances.Stop()

	_, err = sd.Open("file:///etc/kitgen/addsvc.json?pol=1s", sd.InstancerConfig{}, file.Scheme(file.Config{}))
	fmt.Println(err)
	// Output: invalid target: file takes no parameter "pol": it takes poll
}
