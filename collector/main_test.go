package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"mayak/collector/spool"
	"mayak/schema"
)

func TestEveryProblemOfTheSettingsIsToldAtOnce(t *testing.T) {
	var out, errs bytes.Buffer
	err := run(t.Context(), []string{
		"--trusted-proxies=nowhere", "--rate=0", "--disk-share=2", "--tls-cert=x.pem", "--clickhouse-dsn=ftp://user:hush@host",
	}, nil, &out, &errs)
	if err == nil {
		t.Fatal("settings full of mistakes were accepted")
	}
	for _, want := range []string{"trusted-proxies", "rate", "disk-share", "tls-cert", "database address"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error does not mention %s: %v", want, err)
		}
	}
	if strings.Contains(err.Error(), "hush") {
		t.Errorf("error tells the password: %v", err)
	}
}

func TestCheckReadsEveryFileThatTheSettingsName(t *testing.T) {
	dir := t.TempDir()
	sites := filepath.Join(dir, "sites.yaml")
	if err := os.WriteFile(sites, []byte("sites: [{id: a, hostnames: [a.example]}]"), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	if err := run(t.Context(), []string{"--check", "--sites=" + sites, "--geoip=" + dir}, nil, &out, &errs); err != nil || !strings.Contains(out.String(), "valid") {
		t.Errorf("good files: %v, %s", err, out.String())
	}
	blind := filepath.Join(dir, "policy.yaml")
	if err := os.WriteFile(blind, regexp.MustCompile(`(?m)^      city: .*\n`).ReplaceAll(schema.Policy, nil), 0o600); err != nil {
		t.Fatal(err)
	}
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.WriteFile(path, []byte(text), mode), os.Chmod(path, mode)); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for name, args := range map[string][]string{
		"keys that are none":                     {"--sites=" + sites, "--keys=" + write("keys.yaml", "keys: [{name: a}]", 0o600)},
		"keys that anybody may write":            {"--sites=" + sites, "--keys=" + write("open.yaml", "keys: []", 0o666)},
		"an address among the unsubscribed":      {"--sites=" + sites, "--unsubscribed=" + write("list", "a@b.kz", 0o600)},
		"no list of the unsubscribed":            {"--sites=" + sites, "--unsubscribed=" + filepath.Join(dir, "none")},
		"a visitor key that is none":             {"--sites=" + sites, "--visitor-key=" + write("visitor.key", "short", 0o600)},
		"a spool for less than a request":        {"--sites=" + sites, "--spool-limit=100KiB"},
		"all of IPv4 as proxies":                 {"--sites=" + sites, "--trusted-proxies=::ffff:0.0.0.0/95"},
		"no sites":                               {},
		"a column that the policy does not name": {"--sites=" + sites, "--policy=" + blind},
		"bad policy":                             {"--sites=" + sites, "--policy=" + sites},
		"no CA file":                             {"--sites=" + sites, "--clickhouse-ca-file=" + filepath.Join(dir, "ca.pem")},
		"no certificate":                         {"--sites=" + sites, "--tls-cert=" + sites, "--tls-key=" + sites},
	} {
		args = append(args, "--check", "--geoip="+dir)
		if err := run(t.Context(), args, nil, &out, &errs); err == nil || strings.Contains(err.Error(), "open :") {
			t.Errorf("%s: error = %v", name, err)
		}
	}
}

func TestRecentRemembersTheLastIDsInBoundedMemory(t *testing.T) {
	r := newRecent()
	first := r.key("site", "id")
	r.add(first)
	if !r.has(first) || r.has(r.key("site", "other")) || r.has(r.key("sitei", "d")) {
		t.Error("recent does not tell ids apart")
	}
	keys := make([]uint64, 1<<18)
	for i := range keys {
		keys[i] = r.key("site", strconv.Itoa(i))
		r.add(keys[i])
	}
	forgotten := 0
	for _, key := range keys {
		if !r.has(key) {
			forgotten++
		}
	}
	if most := len(keys) / 500; forgotten > most {
		t.Errorf("%d of the last %d ids are forgotten, want at most %d", forgotten, len(keys), most)
	}
	for range recentEach {
		r.add(first + recentBuckets)
	}
	if r.has(first) {
		t.Error("a bucket holds more ids than it has room for")
	}
}

func TestTheSpoolIsListedAndReplayed(t *testing.T) {
	dir := t.TempDir()
	queue, err := spool.Open(filepath.Join(dir, "spool"), spool.Options{SegmentAge: 1, DiskShare: 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := queue.Append([]byte("one"), []byte("two")); err != nil {
		t.Fatal(err)
	}
	segment, err := queue.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	name := segment.Name()
	if err := segment.SetAside("no such column"); err != nil {
		t.Fatal(err)
	}
	ask := func(command string) (string, error) {
		var out, errs bytes.Buffer
		err := run(t.Context(), []string{"spool", command, "--data=" + dir}, nil, &out, &errs)
		return out.String(), err
	}
	if _, err := ask("replay"); err == nil || !strings.Contains(err.Error(), "in use by another process") {
		t.Errorf("replay beside a collector: error = %v", err)
	}
	if err := queue.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "spool", "999-deadbeef.sealed"), []byte("junk"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		command string
		want    []string
	}{
		{"list", []string{name, " refused ", " 2 ", "no such column", time.Now().AddDate(0, 0, 30).UTC().Format("2006-01-"), "999-deadbeef", " unknown "}},
		{"replay", []string{"1 segments will be delivered"}},
		{"list", []string{name, " sealed ", " when delivered"}},
	} {
		got, err := ask(step.command)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range step.want {
			if !strings.Contains(got, want) {
				t.Errorf("spool %s does not tell %q:\n%s", step.command, want, got)
			}
		}
	}
}
