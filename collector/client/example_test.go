package client_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"time"

	"mayak/collector/client"
)

func Example() {
	collector := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, `{"accepted":1,"rejected":[]}`)
	}))
	defer collector.Close()

	events, err := client.New(client.Options{
		URL: collector.URL, Key: "mayak_…",
		Rejected: func(event []byte, why string) { fmt.Printf("never stored: %s: %s\n", event, why) },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	go func() {
		if err := events.Run(ctx); err != nil {
			fmt.Println(err)
		}
	}()

	price := 12500.0
	err = events.Send(ctx, client.Event{
		Type: "event", Name: "order", URL: "https://clinic.example/paid", Value: &price, Currency: "KZT",
		IP: "37.99.42.77", UserAgent: "Mozilla/5.0 …", Consent: "essential",
	})
	if err != nil {
		fmt.Println(err)
	}

	ending, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if err := events.Close(ending); err != nil { // sends what is queued
		fmt.Println(err)
	}
	fmt.Println(events.Stats().Accepted, "stored")
	// Output: 1 stored
}
