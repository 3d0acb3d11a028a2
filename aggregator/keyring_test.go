package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mayak/aggregator/subject"
	"mayak/schema/clickhouse/clickhousetest"
	visitorkey "mayak/schema/visitor"
)

// With a key that is not the collectors' nobody would be found, and a receipt would state that nothing was kept.
func TestWithoutTheCollectorsKeyNobodyIsAnswered(t *testing.T) {
	db := clickhousetest.Migrated(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "visitor.key")
	a := made(t, &Config{
		AdminListen: "127.0.0.1:0", DSN: db.DSN,
		ReportConfig:  ReportConfig{Listen: "127.0.0.1:0", Tokens: filepath.Join(dir, "tokens.yaml")},
		SubjectConfig: SubjectConfig{VisitorKey: file, AuditAnchors: filepath.Join(dir, "anchors")},
	})
	t.Cleanup(a.reports.close)
	if err := a.conn.Exec(t.Context(), "INSERT INTO sites (id, time_zone, week_start) SELECT 'demo', 'UTC', 1"); err != nil {
		t.Fatal(err)
	}
	find := func() error {
		_, err := a.subjects.Find(t.Context(), atTerminal("letter 17"), &subject.Wanted{Site: "demo", Cookie: personCookie})
		return err
	}
	ready := func() string {
		said, err := a.keys.Ready(t.Context())
		if err != nil {
			return err.Error()
		}
		return said
	}

	if err := find(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without a file: %v", err)
	}
	if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a key was made: %v", err)
	}
	if got := ready(); !strings.Contains(got, "not made by a collector yet") {
		t.Errorf("without a file, before any collector: %s", got)
	}

	collectors, err := visitorkey.OpenKey(filepath.Join(t.TempDir(), "visitor.key"))
	if err != nil {
		t.Fatal(err)
	}
	if err := collectors.Register(t.Context(), a.conn, time.Now()); err != nil {
		t.Fatal(err)
	}
	if got := ready(); !strings.Contains(got, "not carried out") {
		t.Errorf("without a file, after a collector: %s", got)
	}
	if _, err := visitorkey.OpenKey(file); err != nil {
		t.Fatal(err)
	}
	if err := find(); !errors.Is(err, visitorkey.ErrOtherKey) {
		t.Errorf("with another key: %v", err)
	}
	if got := ready(); !strings.Contains(got, "another visitor key") {
		t.Errorf("with another key: %s", got)
	}

	adopt := &subjectCommands{}
	adopt.AdoptKey.Why = "the machine burnt down"
	var out strings.Builder
	if err := adopt.adoptKey(t.Context(), a, &out); err == nil || !strings.Contains(err.Error(), "--instead-of="+collectors.Fingerprint()) {
		t.Errorf("without saying which key goes: %v", err)
	}
	adopt.AdoptKey.InsteadOf = collectors.Fingerprint()
	if err := adopt.adoptKey(t.Context(), a, &out); err != nil {
		t.Fatal(err)
	}
	if err := find(); err != nil {
		t.Errorf("with the adopted key: %v", err)
	}
	if got := ready(); got != "that of the database" {
		t.Errorf("with the adopted key: %s", got)
	}
	if entries, err := a.audit.Newest(t.Context(), "", 5); err != nil || len(entries) < 2 || entries[1].Action != "visitor key adopted" {
		t.Errorf("entries %+v, %v", entries, err)
	}
}
