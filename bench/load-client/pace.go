package main

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// pace begins logins at a steady rate, whether or not earlier ones have ended, and reports how long they took. A login that
// begins late because this client is busy counts from when it should have begun.
func pace(d *dialer, o options) error {
	var (
		mutex   sync.Mutex
		workers sync.WaitGroup
		failure error
		times   []time.Duration
	)
	interval := time.Duration(float64(time.Second) / o.rate)
	started := time.Now()
	for i := range o.count {
		due := started.Add(time.Duration(i) * interval)
		time.Sleep(time.Until(due))
		workers.Go(func() {
			c, err := d.as(o, i).connect()
			took := time.Since(due)
			if err == nil {
				err = c.Close()
			}
			mutex.Lock()
			defer mutex.Unlock()
			failure = errors.Join(failure, err)
			times = append(times, took)
		})
	}
	workers.Wait()
	if failure != nil {
		return failure
	}
	slices.Sort(times)
	return report(struct {
		MedianMs float64 `json:"medianMs"`
		P99Ms    float64 `json:"p99Ms"`
		MaxMs    float64 `json:"maxMs"`
		Seconds  float64 `json:"seconds"`
	}{milliseconds(times, 0.5), milliseconds(times, 0.99), milliseconds(times, 1), time.Since(started).Seconds()})
}

// as is the dialer of the login with this number.
func (d *dialer) as(o options, number int) *dialer {
	if o.users == 1 {
		return d
	}
	config := *d.config
	config.User = fmt.Sprintf("%s%d", o.user, number%o.users)
	return &dialer{d.address, &config}
}

// milliseconds is the given part of the sorted times.
func milliseconds(times []time.Duration, part float64) float64 {
	index := min(int(part*float64(len(times))), len(times)-1)
	return float64(times[index].Microseconds()) / 1000
}
