// Package demo is the tour: it generates addsvc as any user would, runs an
// etcd and several replicas as processes, drives load through the generated
// client, breaks things, and counts the calls that failed.
//
// Nothing in it is simulated. The numbers come from the load process, the
// faults are signals, and the service is what kitgen new service writes.
package demo
