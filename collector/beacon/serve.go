package beacon

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// Listen opens the port, so that a port in use or a bad certificate is an error of the start. Run calls it when
// nobody has.
func (s *Server) Listen(ctx context.Context) error {
	if s.listener.Load() != nil {
		return nil
	}
	if s.certificate != nil {
		if _, err := s.certificate.load(); err != nil {
			return err
		}
		s.noteExpiry()
	}
	inner, err := new(net.ListenConfig).Listen(ctx, "tcp", s.options.Listen)
	if err != nil {
		return fmt.Errorf("listen for beacons: %w", err)
	}
	s.listenOn(inner)
	return nil
}

func (s *Server) listenOn(inner net.Listener) {
	s.listener.Store(&listener{
		Listener: inner, connections: s.connections, plain: s.certificate == nil,
		overTotal: s.metrics.refusedTotal, overClient: s.metrics.refusedClient,
	})
}

// Run serves until ctx ends, and then stops without losing anything: for DrainTime it goes on accepting, while it tells
// every client to close its connection and is not ready; then the port is closed, and requests in flight have StopTime to
// end. It returns when all has ended, with an error when something had to be cut off.
func (s *Server) Run(ctx context.Context) error {
	if err := s.Listen(ctx); err != nil {
		return err
	}
	var wg sync.WaitGroup
	defer wg.Wait()
	watching, stopWatching := context.WithCancel(ctx)
	defer stopWatching()
	accepting := net.Listener(s.listener.Load())
	if s.certificate != nil {
		accepting = tls.NewListener(accepting, s.certificate.config())
		wg.Go(func() { s.watchCertificate(watching) })
	}
	served := make(chan error, 1)
	wg.Go(func() { served <- s.http.Serve(accepting) })
	s.options.Log.Info("beacon listener open", "address", s.Addr().String(), "tls", s.certificate != nil)

	select {
	case err := <-served:
		return fmt.Errorf("serve beacons: %w", err)
	case <-ctx.Done():
	}
	s.draining.Store(true)
	select {
	case err := <-served:
		return fmt.Errorf("serve beacons: %w", err)
	case <-time.After(s.options.Limits.DrainTime):
	}
	return s.stop(context.WithoutCancel(ctx))
}

func (s *Server) stop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.options.Limits.StopTime)
	defer cancel()
	closing, closed := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() { s.endSilence(closing) })
	err := errors.Join(s.http.ShutdownWithContext(ctx), s.api.finish(ctx))
	closed()
	wg.Wait()
	_ = s.listener.Load().Close() // closed already, unless the end came before the library had begun to serve
	if left := s.connections.open(); err != nil && left > 0 {
		s.connections.closeAll()
		return fmt.Errorf("stop beacons: %d connections cut off: %w", left, err)
	}
	s.options.Log.Info("beacon listener closed")
	return err
}

// endSilence looks again and again, as the library sets its own deadline on a connection that has just been accepted.
func (s *Server) endSilence(ctx context.Context) {
	until := time.Now().Add(silentTime)
	look := time.NewTicker(silentTime / 2)
	defer look.Stop()
	for {
		s.connections.endSilent(until)
		select {
		case <-ctx.Done():
			return
		case <-look.C:
		}
	}
}

// Ready tells whether beacons can come in, as a check of /readyz.
func (s *Server) Ready(context.Context) (string, error) {
	switch {
	case s.draining.Load():
		return "", errors.New("stopping")
	case s.listener.Load() == nil:
		return "", errors.New("not listening yet")
	case s.health.isFailing():
		return "", errors.New("the disk did not take the last hits")
	default:
		return fmt.Sprintf("%d connections open", s.connections.open()), nil
	}
}
