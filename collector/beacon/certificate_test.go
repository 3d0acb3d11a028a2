package beacon

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
)

// writePair writes a key pair for localhost with this serial number over the files.
func writePair(t *testing.T, certificateFile, keyFile string, serial int64) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Unix(4102444800+serial, 0),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{
		certificateFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "EC PRIVATE KEY", Bytes: keyDER},
	} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
		// Files written within one tick of the file system's clock must differ in time all the same.
		stamp := time.Unix(1700000000+serial, 0)
		if err := os.Chtimes(name, stamp, stamp); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTLS(t *testing.T) {
	dir := t.TempDir()
	options := testOptions(&recorder{})
	options.CertificateFile, options.KeyFile = filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	if err := New(options).Run(t.Context()); err == nil || !strings.Contains(err.Error(), "read certificate") {
		t.Fatalf("without files Run() = %v", err)
	}
	options = testOptions(&recorder{})
	options.CertificateFile, options.KeyFile = filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	writePair(t, options.CertificateFile, options.KeyFile, 1)
	s := overTCP(t, options)
	connect := func(config *tls.Config) (*tls.Conn, error) {
		config.InsecureSkipVerify = true
		c := tls.Client(dialTCP(t, s), config)
		err := c.HandshakeContext(t.Context())
		return c, err
	}
	serial := func() int64 {
		c, err := connect(&tls.Config{})
		if err != nil {
			t.Fatal(err)
		}
		if got := ask(t, c, post(good)); got.Status != 202 {
			t.Errorf("answer %d", got.Status)
		}
		return c.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
	}
	reload := func() error {
		_, err := s.certificate.load()
		return err
	}

	if got := serial(); got != 1 {
		t.Errorf("served certificate %d, want 1", got)
	}
	if got := testutil.ToFloat64(s.metrics.certificateExpiry); got != 4102444801 {
		t.Errorf("expiry is told as %v", got)
	}
	if _, err := connect(&tls.Config{MaxVersion: tls.VersionTLS11}); err == nil {
		t.Error("TLS 1.1 is spoken")
	}
	old, err := connect(&tls.Config{})
	if err != nil {
		t.Fatal(err)
	}

	writePair(t, options.CertificateFile, options.KeyFile, 2)
	if err := reload(); err != nil || serial() != 2 {
		t.Errorf("a new pair: err %v", err)
	}
	if got := ask(t, old, post(good)); got.Status != 202 {
		t.Errorf("a connection of before is answered with %d", got.Status)
	}
	if err := os.WriteFile(options.KeyFile, []byte("half a fi"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := reload(); err == nil || serial() != 2 {
		t.Errorf("a damaged key: err %v, want one, and the pair of before", err)
	}
	if err := os.Remove(options.CertificateFile); err != nil {
		t.Fatal(err)
	}
	if err := reload(); err == nil || serial() != 2 {
		t.Errorf("a missing file: err %v, want one, and the pair of before", err)
	}
	writePair(t, options.CertificateFile, options.KeyFile, 3)
	if err := reload(); err != nil || serial() != 3 {
		t.Errorf("mended: err %v", err)
	}

	// Whoever speaks no TLS at all gets no plain answer, and is counted as a failed connection.
	plain := dialTCP(t, s)
	if _, err := io.WriteString(plain, post(good)); err != nil {
		t.Fatal(err)
	}
	if line, _ := bufio.NewReader(plain).ReadString('\n'); strings.Contains(line, "202") {
		t.Errorf("a plain request is answered with %q", line)
	}
}

// The watch itself, with its clock.
func TestCertificateIsWatched(t *testing.T) {
	dir := t.TempDir()
	options := testOptions(&recorder{})
	options.CertificateFile, options.KeyFile = filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	writePair(t, options.CertificateFile, options.KeyFile, 1)
	synctest.Test(t, func(t *testing.T) {
		s := New(options)
		if _, err := s.certificate.load(); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			s.watchCertificate(ctx)
			close(ended)
		}()
		now := func() int64 { return s.certificate.current.Load().Leaf.SerialNumber.Int64() }
		wait := func() {
			<-time.After(reloadEvery + time.Millisecond)
			synctest.Wait()
		}
		writePair(t, options.CertificateFile, options.KeyFile, 2)
		if wait(); now() != 2 {
			t.Errorf("certificate %d after a look, want 2", now())
		}
		if err := os.Remove(options.KeyFile); err != nil {
			t.Fatal(err)
		}
		wait()
		if wait(); now() != 2 || testutil.ToFloat64(s.metrics.certificateErrors) != 1 {
			t.Errorf("certificate %d, %v errors; want 2, and one error told", now(), testutil.ToFloat64(s.metrics.certificateErrors))
		}
		writePair(t, options.CertificateFile, options.KeyFile, 3)
		if wait(); now() != 3 {
			t.Errorf("certificate %d once mended, want 3", now())
		}
		cancel()
		<-ended
	})
}
