package main

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestWhatWrkPrintsIsRead(t *testing.T) {
	const head = "Running 10s test @ http://127.0.0.1:1\n  2 threads and 256 connections\n  Latency Distribution\n     50%  730.00us\n     75%    8.35ms\n     90%   12.02ms\n     99%    1.05s \n"
	for _, tt := range []struct {
		name, output string
		want         result
	}{
		{
			"all answered", head + "  312345 requests in 10.02s, 35.2MB read\nRequests/sec:  31172.15\nTransfer/sec:      3.51MB\n",
			result{requests: 312345, rate: 31172.15, p50: 730 * time.Microsecond, p99: 1050 * time.Millisecond},
		},
		{
			"some refused", head + "  100 requests in 10.02s, 35.2MB read\n  Socket errors: connect 1, read 2, write 3, timeout 4\n  Non-2xx or 3xx responses: 5\nRequests/sec:     10.00\n",
			result{requests: 100, rate: 10, p50: 730 * time.Microsecond, p99: 1050 * time.Millisecond, refused: 15},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parse(tt.output)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(result{})); diff != "" {
				t.Error(diff)
			}
		})
	}
	if _, err := parse("unable to connect to 127.0.0.1:1 Connection refused\n"); err == nil {
		t.Error("a run without figures was read as one")
	}
}
