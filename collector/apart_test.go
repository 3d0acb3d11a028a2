package main

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"mayak/schema/visitor"
)

func TestASpoolThatWasFilledUnderAnotherKeyIsLaidAside(t *testing.T) {
	dir := t.TempDir()
	key := func() *visitor.Key {
		t.Helper()
		k, err := visitor.OpenKey(filepath.Join(t.TempDir(), "visitor.key"))
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	fill := func(text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Join(dir, "spool"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "spool", "segment"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	first, second := key(), key()
	for _, step := range []struct {
		name string
		key  *visitor.Key
		want bool // the spool stays where it is
	}{{"at first", first, true}, {"with the same key", first, true}, {"with another", second, false}, {"with that one again", second, true}} {
		fill(step.name)
		p := &collector{key: step.key, log: slog.New(slog.DiscardHandler)}
		if err := p.keepApart(dir); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(filepath.Join(dir, "spool", "segment")); (err == nil) != step.want {
			t.Errorf("%s: the spool stays %v, want %v", step.name, err == nil, step.want)
		}
	}
	if text, err := os.ReadFile(filepath.Join(dir, "spool-of-key-"+first.Fingerprint(), "segment")); err != nil || string(text) != "with another" {
		t.Errorf("laid aside: %q, %v", text, err)
	}
}

func TestALostNetworkKeyIsTold(t *testing.T) {
	dir := t.TempDir()
	for _, step := range []struct {
		name  string
		lose  bool
		warns bool
	}{{"the first start", false, false}, {"the next", false, false}, {"without the key", true, true}, {"with the new one", false, false}} {
		if step.lose {
			if err := os.Remove(filepath.Join(dir, "network.key")); err != nil {
				t.Fatal(err)
			}
		}
		key, err := visitor.OpenKey(filepath.Join(dir, "visitor.key"))
		if err != nil {
			t.Fatal(err)
		}
		var log bytes.Buffer
		p, registry := &collector{key: key, log: slog.New(slog.NewTextHandler(&log, nil))}, prometheus.NewRegistry()
		if _, err := p.openSealer(dir, registry); err != nil {
			t.Fatal(err)
		}
		if err := p.keepApart(dir); err != nil {
			t.Fatal(err)
		}
		want := "# TYPE mayak_collector_network_key_lost gauge\nmayak_collector_network_key_lost 0\n"
		if step.warns {
			want = strings.Replace(want, "lost 0", "lost 1", 1)
		}
		help := "# HELP mayak_collector_network_key_lost 1 when the network key was missing at the start, and with it the addresses of what waited in the spool.\n"
		if err := testutil.GatherAndCompare(registry, strings.NewReader(help+want)); err != nil || strings.Contains(log.String(), "level=WARN") != step.warns {
			t.Errorf("%s: %v, log %q", step.name, err, log.String())
		}
	}
}
