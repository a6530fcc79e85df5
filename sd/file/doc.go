// Package file finds the instances of a service in a JSON file that is watched:
// a registry for those who configure by hand, by a ConfigMap, or by a program
// that writes the list (Write).
//
//	{"instances": [
//	  {"addr": "10.0.0.7:8080"},
//	  {"id": "web2", "addr": "10.0.0.8:8080", "weight": 2, "zone": "eu-west-1a", "version": "v1.2",
//	   "tags": ["canary"], "meta": {"grpc": "10.0.0.8:8081"}, "state": "warning"},
//	  "10.0.0.9:8080"
//	]}
//
// The list may also stand alone, ["10.0.0.7:8080", "10.0.0.8:8080"]. Only addr
// is needed; state is up, warning, draining or critical; weight 0 says
// draining.
//
// A file is somebody's word. To take an entry away is to say that the instance
// leaves, and is believed at once. An entry that cannot be used, down to a
// single key that is misspelt, is left out, and what it said before stands; the
// log says where the fault is and what mends it, and the others are not
// affected. A file that holds no list, or is gone, is an error, and the last set
// stays; nobody at all is "instances": [], which an Instancer believes as it
// believes everybody leaving.
//
// It registers nobody, and takes no lock on the file.
package file
