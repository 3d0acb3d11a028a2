package beacon

import (
	"context"
	"crypto/tls"
	"fmt"
	"os"
	"sync/atomic"
	"time"
)

// certificate is a key pair from two files, read again when they change.
type certificate struct {
	certificateFile, keyFile string

	current atomic.Pointer[tls.Certificate]
	read    [2]fileState // of the files when they were last read
}

// fileState tells a file that was replaced or written to from the one before.
type fileState struct {
	modified time.Time
	size     int64
}

// reloadEvery is how soon a new certificate is used; they come days before the old one expires.
const reloadEvery = 5 * time.Second

// load reads the pair if its files have changed. When they cannot be used, the pair from before stays.
func (c *certificate) load() (changed bool, err error) {
	var states [2]fileState
	for i, name := range []string{c.certificateFile, c.keyFile} {
		info, err := os.Stat(name)
		if err != nil {
			return false, fmt.Errorf("read certificate: %w", err)
		}
		states[i] = fileState{info.ModTime(), info.Size()}
	}
	if states == c.read {
		return false, nil
	}
	pair, err := tls.LoadX509KeyPair(c.certificateFile, c.keyFile)
	if err != nil {
		return false, fmt.Errorf("read certificate: %w", err)
	}
	c.current.Store(&pair)
	c.read = states
	return true, nil
}

func (c *certificate) config() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			return c.current.Load(), nil
		},
	}
}

// watchCertificate reloads until ctx ends. An error is told once, not at each look.
func (s *Server) watchCertificate(ctx context.Context) {
	look := time.NewTicker(reloadEvery)
	defer look.Stop()
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
		}
		changed, err := s.certificate.load()
		if err != nil && !failing {
			s.metrics.certificateErrors.Inc()
			s.options.Log.Error("certificate not reloaded, the one before stays in use", "err", err)
		}
		failing = err != nil
		if changed {
			s.noteExpiry()
			s.options.Log.Info("certificate reloaded")
		}
	}
}

func (s *Server) noteExpiry() {
	s.metrics.certificateExpiry.Set(float64(s.certificate.current.Load().Leaf.NotAfter.Unix()))
}
