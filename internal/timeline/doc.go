// Package timeline draws how instances come, go and outlive their registry, as
// it happened while it ran. Draw plays three scenes against a real etcd: an
// instance joins under load, one leaves under load, and etcd is killed and comes
// back without its data. Instances are child processes that serve HTTP and
// register. This process is their consumer, calls them all the time, and looks
// at etcd by a watch of its own that shares no code with the library. Each scene
// becomes one SVG. Picture draws what others have recorded, in the same manner;
// internal/lifecycle is the program.
//
// To add a scene, write a function that plays it on a stage, and list it in
// scenes.
//
// What it deliberately does not do: it judges nothing (internal/faults does),
// and no number or bar is in a picture that was not measured in that run.
package timeline
