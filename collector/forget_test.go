package main

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/dchest/siphash"

	"mayak/schema/clickhouse"
	"mayak/schema/clickhouse/clickhousetest"
	"mayak/schema/migrate"
	"mayak/schema/settings"
)

// atTime lets the tests' own program be a collector at another time.
const atTime = "MAYAK_TEST_CLOCK"

// serveAtAnotherTime is the collector with a clock that began at the time of the variable.
func serveAtAnotherTime(text string) error {
	begin, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return err
	}
	var c commands
	if _, err := settings.Parse(&c, settings.Options{
		Name: "collector", Args: os.Args[1:], Environ: os.Environ(), Stdout: os.Stdout, Stderr: os.Stderr, Foreign: []string{"MAYAK_TEST_", "MAYAK_CACHE"},
	}); err != nil {
		return err
	}
	started := time.Now()
	c.now = func() time.Time { return begin.Add(time.Since(started)) }
	return serve(context.Background(), &c.Config, os.Stdout, os.Stderr)
}

// elsewhen is a collector of its own at another time.
type elsewhen struct {
	t          *testing.T
	command    *exec.Cmd
	log        *logbook
	url, admin string
}

func startAt(t *testing.T, at time.Time, dir, dsn string) *elsewhen {
	t.Helper()
	file := filepath.Join(dir, "sites.yaml")
	if err := os.WriteFile(file, []byte("sites: [{id: demo, hostnames: [localhost], time_zone: Asia/Almaty}]"), 0o600); err != nil {
		t.Fatal(err)
	}
	e := &elsewhen{t: t, log: &logbook{}, url: free(t), admin: free(t)}
	e.command = exec.Command(os.Args[0], "--listen", e.url, "--admin-listen", e.admin, "--data", filepath.Join(dir, "data"), "--sites", file,
		"--clickhouse-dsn", dsn, "--geoip", dir, "--segment-age", "50ms", "--disk-share", "1", "--trusted-proxies", "127.0.0.1", "--log-level", "debug")
	e.command.Env = append(os.Environ(), atTime+"="+at.Format(time.RFC3339), "GOTRACEBACK=crash", "MAYAK_TEST_DSN=",
		"MAYAK_VISITOR_KEY="+filepath.Join(dir, "visitor.key"))
	e.command.Dir, e.command.Stdout, e.command.Stderr = dir, e.log, e.log
	if err := e.command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.command.Process.Kill() })
	e.await("ready", func() bool {
		answer, err := http.Get("http://" + e.admin + "/readyz")
		return err == nil && answer.Body.Close() == nil && answer.StatusCode == http.StatusOK
	})
	return e
}

func (e *elsewhen) await(what string, yes func() bool) {
	e.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !yes(); <-time.After(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			e.t.Fatalf("not %s in time\n%s", what, e.log)
		}
	}
}

// visit sends a page view of the planted person.
func (e *elsewhen) visit(id string) {
	e.t.Helper()
	r, err := http.NewRequestWithContext(e.t.Context(), http.MethodPost, "http://"+e.url+"/e", strings.NewReader(`{"site":"demo","url":"http://localhost/a","id":"`+id+`"}`))
	if err != nil {
		e.t.Fatal(err)
	}
	r.Header.Set("X-Forwarded-For", plantedAddress)
	r.Header.Set("User-Agent", "PlantedAgent/7.7")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		e.t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, answer.Body)
	_ = answer.Body.Close()
	if outcome := answer.Header.Get("Mayak-Outcome"); outcome != "stored" {
		e.t.Fatalf("outcome %s\n%s", outcome, e.log)
	}
}

// crash ends the process as a fault of its own does, and tells whether the system kept its memory.
func (e *elsewhen) crash() (kept bool) {
	e.t.Helper()
	_ = e.command.Process.Signal(syscall.SIGABRT)
	_ = e.command.Wait() // says that it was aborted
	http.DefaultClient.CloseIdleConnections()
	status, ok := e.command.ProcessState.Sys().(syscall.WaitStatus)
	return ok && status.CoreDump()
}

const plantedAddress = "203.0.113.77"

// secrets are what may be nowhere, by what they are.
type secrets map[string][]byte

// add adds a value as it is, in hexadecimal of both cases and in base64.
func (s secrets) add(name string, value []byte) {
	s[name] = value
	s[name+", hexadecimal"] = []byte(hex.EncodeToString(value))
	s[name+", capital hexadecimal"] = []byte(strings.ToUpper(hex.EncodeToString(value)))
	s[name+", base64"] = []byte(base64.RawStdEncoding.EncodeToString(value))
	s[name+", base64 for addresses"] = []byte(base64.RawURLEncoding.EncodeToString(value))
}

// unsalted are hashes that anybody could make who knows the address.
func unsalted() secrets {
	s := secrets{}
	for form, value := range map[string][]byte{"address": []byte(plantedAddress), "4 bytes": {203, 0, 113, 77}, "16 bytes": append(append(make([]byte, 10), 255, 255), 203, 0, 113, 77)} {
		md, sha, sum, long := md5.Sum(value), sha1.Sum(value), sha256.Sum256(value), sha512.Sum512(value)
		fnv := fnv.New64a()
		_, _ = fnv.Write(value)
		for name, hash := range map[string][]byte{
			"MD5": md[:], "SHA-1": sha[:], "SHA-256": sum[:], "SHA-512": long[:], "FNV": fnv.Sum(nil), "SipHash without a key": fmt.Appendf(nil, "%d", siphash.Hash(0, 0, value)),
		} {
			s.add(name+" of the "+form, hash)
		}
	}
	return s
}

// holds tells whether a file of the folder holds the text.
func holds(t *testing.T, folder string, text []byte) bool {
	t.Helper()
	found := false
	walk(t, folder, func(_ string, content []byte) { found = found || bytes.Contains(content, text) })
	return found
}

// walk reads every file of a folder, but those that are merged away meanwhile.
func walk(t *testing.T, folder string, look func(path string, content []byte)) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			var content []byte
			if content, err = os.ReadFile(path); err == nil {
				look(path, content)
			}
		}
		if os.IsNotExist(err) {
			return nil
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// scan looks for secrets in every file of a folder, and tells how many files and bytes it read.
func scan(t *testing.T, folder string, s secrets) (files, size int) {
	t.Helper()
	walk(t, folder, func(path string, content []byte) {
		files, size = files+1, size+len(content)
		for name, secret := range s {
			if bytes.Contains(content, secret) {
				t.Errorf("%s holds the %s", strings.TrimPrefix(path, folder), name)
			}
		}
	})
	return files, size
}

// saltsOf reads the file of salts.
func saltsOf(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "data", "salts"))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]byte{}
	for line := range strings.Lines(string(text)) {
		if parts := strings.Fields(line); len(parts) == 3 && strings.Count(parts[0], "-") == 2 {
			salt, err := hex.DecodeString(parts[1])
			if err != nil {
				t.Fatal(err)
			}
			all[parts[0]] = salt
		}
	}
	return all
}

func TestTwoDaysLaterNobodyCanTellWhoItWas(t *testing.T) {
	t.Parallel()
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_CORE, &limit); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{Cur: limit.Max, Max: limit.Max}); err != nil { // as where somebody wants cores
		t.Fatal(err)
	}
	engine := clickhousetest.StartProcess(t, t.TempDir())
	dsn := engine.DSN() + "/mayak"
	if _, err := migrate.Up(t.Context(), clickhouse.Options{DSN: dsn, Name: "test"}, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	conn, err := clickhouse.Open(clickhouse.Options{DSN: dsn, Name: "test"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	stored := func(want uint64) func() bool {
		return func() bool {
			var n uint64
			return conn.QueryRow(t.Context(), "SELECT count() FROM network_log WHERE address = toIPv6('"+plantedAddress+"')").Scan(&n) == nil && n == want
		}
	}

	dir, log := t.TempDir(), ""
	day := time.Now().UTC().Truncate(24 * time.Hour)
	first := startAt(t, day.Add(10*time.Hour), dir, dsn)
	first.visit("first")
	first.await("stored on the first day", stored(1))
	old := saltsOf(t, dir)[day.Format(time.DateOnly)]
	if len(old) != 16 {
		t.Fatalf("the salt of the first day has %d bytes", len(old))
	}
	if first.crash() {
		t.Error("a crash on the first day wrote the memory to the disk")
	}
	log += first.log.String()

	const before = 3 * time.Second
	second := startAt(t, day.Add(36*time.Hour-before), dir, dsn) // at its end in the last time zone the first salt is destroyed
	second.visit("second")
	second.await("stored on the second day", stored(2))
	second.await("rid of the first day's salt", func() bool {
		var n uint64
		_, there := saltsOf(t, dir)[day.Format(time.DateOnly)]
		return !there && conn.QueryRow(t.Context(), "SELECT count() FROM salts WHERE day = '"+day.Format(time.DateOnly)+"'").Scan(&n) == nil && n == 0
	})
	hexadecimal := []byte(hex.EncodeToString(old))
	second.await("rid of the file that the database kept it in", func() bool { return !holds(t, engine.Dir, hexadecimal) })
	engine.Kill()
	second.visit("spooled")
	if second.crash() {
		t.Error("a crash on the second day wrote the memory to the disk")
	}
	log += second.log.String()

	gone := unsalted()
	gone.add("dead salt", old)
	plain := secrets{"address": []byte(plantedAddress), "user agent": []byte("PlantedAgent/7.7")}
	for name, secret := range gone {
		plain[name] = secret
	}
	plain.add("address in 4 bytes", []byte{203, 0, 113, 77})
	files, size := scan(t, dir, plain)
	// The restricted table holds the address, for as long as its retention says, and nothing else of these.
	tables, more := scan(t, engine.Dir, gone)
	for name, secret := range plain {
		if strings.Contains(log, string(secret)) {
			t.Errorf("the log holds the %s", name)
		}
	}
	if living := saltsOf(t, dir)[day.AddDate(0, 0, 1).Format(time.DateOnly)]; len(living) != 16 || files < 4 || tables < 100 || len(log) < 200 {
		t.Errorf("%d files, %d of tables, %d bytes of log, a living salt of %d bytes: too little to prove anything", files, tables, len(log), len(living))
	}
	t.Logf("%d forms of what must be nowhere: looked for in %d files of the collector (%d KiB), %d of the database (%d KiB), %d bytes of log, 2 crashes without a core",
		len(plain), files, size>>10, tables, more>>10, len(log))
}
