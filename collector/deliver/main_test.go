package deliver_test

import (
	"testing"

	"go.uber.org/goleak"
)

// The driver keeps its connections for a while after it is closed, and the engine of the tests, a process, is waited for to the end.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"),
		goleak.IgnoreAnyFunction("os/exec.(*Cmd).Wait"))
}
