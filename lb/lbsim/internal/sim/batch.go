package sim

import (
	"fmt"
	"sync"
	"sync/atomic"
)

// Job is one run.
type Job struct {
	Scenario Scenario
	Policy   Policy
	Seed     uint64
}

// Batch runs jobs, as many at the same time as parallel says, and returns their
// results in the order of the jobs. told is called after every run, from several
// goroutines; it may be nil.
func Batch(jobs []Job, parallel int, told func(Result)) ([]Result, error) {
	for _, j := range jobs { // now rather than after minutes
		if err := j.Scenario.Validate(); err != nil {
			return nil, err
		}
	}
	var (
		results = make([]Result, len(jobs))
		errs    = make([]error, len(jobs))
		next    atomic.Int64
		wg      sync.WaitGroup
	)
	for range max(parallel, 1) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(jobs); i = int(next.Add(1)) - 1 {
				j := jobs[i]
				if results[i], errs[i] = Run(j.Scenario, j.Policy, j.Seed); told != nil {
					told(results[i])
				}
			}
		})
	}
	wg.Wait()
	for i, err := range errs {
		if err != nil {
			return nil, fmt.Errorf("run %s with %s: %w", jobs[i].Scenario.Name, jobs[i].Policy.Name, err)
		}
	}
	return results, nil
}
