package main

import (
	"testing"

	"mayak/schema/event"
)

// Whoever guesses the ids that a server will use must not be able to use them up.
func TestNoPageTakesTheIDOfAServersEvent(t *testing.T) {
	r := newRecent()
	of := func(origin event.Origin) uint64 {
		return r.of(&event.Event{Site: "demo", ID: "order-7", Origin: origin}, "backend")
	}
	r.add(of(event.Script))
	if r.has(of(event.API)) {
		t.Error("a page's event made a server's event a duplicate")
	}
	if !r.has(of(event.Pixel)) {
		t.Error("the same event by the script and by the picture is not known for one")
	}
	r.add(of(event.API))
	if !r.has(of(event.API)) {
		t.Error("a server's event is not known when it comes again")
	}
	if r.has(r.of(&event.Event{Site: "demo", ID: "order-7", Origin: event.API}, "app")) {
		t.Error("a server's event made one of another key a duplicate")
	}
}
