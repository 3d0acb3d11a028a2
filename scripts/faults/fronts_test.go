package faults_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mayak/scripts/processes"
)

// front is a web server of the site's own that passes some paths on to the collector, as docs/pages.md says how.
type front struct {
	program, snippet string
	// config is the rest of its configuration, with the snippet in it, for a server that listens at an address.
	config func(dir, listen, snippet string) string
	args   func(dir, config string) []string
	needed bool // in CI
}

func fronts() []front {
	return []front{
		{
			"nginx", "nginx.conf",
			func(dir, listen, snippet string) string {
				temporary := ""
				for _, of := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
					temporary += fmt.Sprintf("%s_temp_path %s/%s;\n", of, dir, of)
				}
				user := ""
				if os.Getuid() == 0 {
					user = "user root;\n"
				}
				return fmt.Sprintf("%sdaemon off;\npid %s/pid;\nerror_log stderr;\nevents {}\nhttp {\naccess_log off;\n%sserver {\nlisten %s;\nlocation ~* \\.(gif|js)$ { return 404; }\n%s}\n}\n", user, dir, temporary, listen, snippet)
			},
			func(dir, config string) []string { return []string{"-p", dir, "-c", config} },
			true,
		},
		{
			"caddy", "Caddyfile",
			func(_, listen, snippet string) string {
				_, port, _ := net.SplitHostPort(listen)
				return fmt.Sprintf("{\nadmin off\nauto_https off\n}\nhttp://127.0.0.1:%s {\nbind 127.0.0.1\n%s}\n", port, snippet)
			},
			func(_, config string) []string { return []string{"run", "--config", config, "--adapter", "caddyfile"} },
			false,
		},
		{
			"apache2", "apache.conf",
			func(dir, listen, snippet string) string {
				modules := ""
				for _, of := range []string{"mpm_event", "authz_core", "proxy", "proxy_http", "headers"} {
					modules += fmt.Sprintf("LoadModule %[1]s_module /usr/lib/apache2/modules/mod_%[1]s.so\n", of)
				}
				if os.Getuid() == 0 {
					modules += "User nobody\nGroup nogroup\n"
				}
				return fmt.Sprintf("ServerRoot %s\nServerName localhost\nPidFile %s/pid\nDefaultRuntimeDir %s\nErrorLog /dev/stderr\nListen %s\n%s%s", dir, dir, dir, listen, modules, snippet)
			},
			func(_, config string) []string { return []string{"-X", "-f", config} },
			true,
		},
	}
}

// start runs the server until the test ends.
func (f *front) start(t *testing.T, collector string) (address string) {
	t.Helper()
	path, err := exec.LookPath(f.program)
	if err != nil && f.needed && os.Getenv("CI") != "" {
		t.Fatalf("%s is not here (apt-get install %s)", f.program, f.program)
	}
	if err != nil {
		t.Skipf("%s is not here (apt-get install %s)", f.program, f.program)
	}
	snippet, err := os.ReadFile(filepath.Join("testdata", f.snippet))
	if err != nil {
		t.Fatal(err)
	}
	guide, err := os.ReadFile(filepath.Join("..", "..", "docs", "pages.md"))
	if err != nil || !bytes.Contains(guide, snippet) {
		t.Errorf("docs/pages.md does not have what stands in testdata/%s, %v", f.snippet, err)
	}
	if address, err = processes.FreeAddress(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	config := filepath.Join(dir, f.snippet)
	if err := os.WriteFile(config, []byte(f.config(dir, address, strings.ReplaceAll(string(snippet), "COLLECTOR", collector))), 0o600); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	command := exec.CommandContext(t.Context(), path, f.args(dir, config)...)
	command.Env = append(os.Environ(), "HOME="+dir, "XDG_CONFIG_HOME="+dir, "XDG_DATA_HOME="+dir)
	command.Stdout, command.Stderr = &said, &said
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = 5 * time.Second
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Signal(os.Interrupt) // its end is what is waited for
		_ = command.Wait()
		if t.Failed() {
			t.Log(said.String())
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	err = processes.Poll(ctx, func() (bool, error) {
		conn, err := net.DialTimeout("tcp", address, time.Second)
		if err != nil {
			return false, nil //nolint:nilerr // not yet
		}
		return true, conn.Close()
	})
	if err != nil {
		t.Fatalf("%s does not listen: %v", f.program, err)
	}
	return address
}

// The collector under a name of the site's own, at paths of the site's own: who asks is known by their address, not by what they say of
// it, and not as the server in between.
func TestBehindTheSitesOwnServer(t *testing.T) {
	w := newWorld(t)
	const visitor, forged = "127.0.0.77", "203.0.113.9"
	client := &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{
		DialContext: (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(visitor)}}).DialContext,
	}}
	t.Cleanup(client.CloseIdleConnections)
	ask := func(t *testing.T, method, url, body string) (answer *http.Response, text string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Forwarded-For", forged)
		r.Header.Set("Forwarded", "for="+forged)
		r.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0")
		if answer, err = client.Do(r); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = answer.Body.Close() }()
		read, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answer, string(read)
	}
	for _, f := range fronts() {
		t.Run(f.program, func(t *testing.T) {
			site := "http://" + f.start(t, strings.TrimPrefix(w.collector.URL(), "http://"))
			_, script := ask(t, http.MethodGet, w.collector.URL()+"/m.js", "")
			if _, got := ask(t, http.MethodGet, site+"/assets/x.js", ""); got != script || len(got) < 1000 {
				t.Errorf("the script has %d bytes, the collector's %d", len(got), len(script))
			}
			hit := fmt.Sprintf(`{"site":"demo","url":%q,"id":%q}`, processes.Page+"/"+f.program, f.program)
			if got, said := ask(t, http.MethodPost, site+"/assets/x/e", hit); got.Header.Get("Mayak-Outcome") != "stored" {
				t.Errorf("beacon: %d %s %s", got.StatusCode, got.Header.Get("Mayak-Outcome"), said)
			}
			if got, _ := ask(t, http.MethodGet, site+"/assets/x/p.gif?site=demo&url="+processes.Page+"/"+f.program+"&id="+f.program+"p", ""); got.Header.Get("Mayak-Outcome") != "stored" {
				t.Errorf("pixel: %d %s", got.StatusCode, got.Header.Get("Mayak-Outcome"))
			}
			if got, said := ask(t, http.MethodGet, site+"/assets/x/privacy?site=demo", ""); got.StatusCode != http.StatusOK || !strings.Contains(said, "demo") {
				t.Errorf("the visitor's page: %d", got.StatusCode)
			}
			if got, said := ask(t, http.MethodGet, site+"/assets/x/r/demo/headers", ""); !strings.Contains(said, "/assets/x/r/demo") {
				t.Errorf("what to send for reports: %d %s", got.StatusCode, said)
			}
			if got, said := ask(t, http.MethodPost, site+"/assets/x/api/events", strings.Repeat(" ", 4<<20)+"{}"); got.StatusCode != http.StatusUnauthorized {
				t.Errorf("a large upload without a key: %d %s", got.StatusCode, said)
			}
			if _, err := w.collector.Drained(t.Context()); err != nil {
				t.Fatal(err)
			}
			rows, err := w.engine.Query(t.Context(), fmt.Sprintf("SELECT count(), arraySort(groupUniqArray(replaceOne(toString(address), '::ffff:', ''))) FROM %s.network_log WHERE startsWith(id, '%s')", database, f.program))
			if err != nil || strings.TrimSpace(rows) != fmt.Sprintf("2\t['%s']", visitor) {
				t.Errorf("rows and their addresses: %s, %v; want 2 of %s", rows, err, visitor)
			}
		})
	}
}
