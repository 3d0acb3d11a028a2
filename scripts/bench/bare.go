package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/valyala/fasthttp"

	"mayak/scripts/processes"
)

// transparent is what /p.gif answers.
const transparent = "GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"

// serveBare answers with what a beacon is answered with, and looks at nothing: what any fasthttp server costs.
func serveBare(ctx context.Context, address string) error {
	server := &fasthttp.Server{Handler: func(ctx *fasthttp.RequestCtx) {
		if string(ctx.Path()) == "/e" {
			ctx.SetStatusCode(fasthttp.StatusAccepted)
			return
		}
		ctx.SetContentType("image/gif")
		ctx.SetBodyString(transparent)
	}}
	served := make(chan error, 1)
	go func() { served <- server.ListenAndServe(address) }()
	select {
	case err := <-served:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
		return server.Shutdown()
	}
}

// newBare prepares the bare server: this program, started once more.
func newBare(dir string) (*processes.Service, string, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, "", fmt.Errorf("find this program: %w", err)
	}
	address, err := processes.FreeAddress()
	if err != nil {
		return nil, "", err
	}
	url := "http://" + address
	return processes.New(processes.Spec{
		Name: "bare", Program: program, Args: []string{"-bare", address}, Ready: url + "/p.gif", Log: filepath.Join(dir, "bare.log"),
	}), url, nil
}
