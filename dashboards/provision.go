package dashboards

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

//go:embed provisioning
var provisioning embed.FS

// Provision says what Grafana is given.
type Provision struct {
	Folder     string // to write to
	Mounted    string // where Grafana sees that folder
	Language   string
	Zone       string // of the pages; empty is the reader's
	Host       string // of the database, as Grafana reaches it; may be a variable of Grafana's environment
	Native     bool   // the database's own protocol instead of HTTP
	Secure     bool   // with TLS
	Port       int    // zero is the usual one
	Passwords  string // folder of the files ROLE-password, as Grafana sees them
	Prometheus string // address
}

// What the provisioning files say as they stand.
const (
	shippedFolder     = "/etc/mayak-grafana"
	shippedHost       = "${MAYAK_CLICKHOUSE_HOST}"
	shippedPort       = "port: 8123"
	shippedProtocol   = "protocol: http"
	shippedSecure     = "secure: false"
	shippedPasswords  = "/run/secrets"
	shippedPrometheus = "http://prometheus:9090"
)

// Check tells what is wrong.
func (p *Provision) Check() error {
	if !slices.Contains(Languages(), p.Language) {
		return fmt.Errorf("language %.20q does not exist; there are %s", p.Language, strings.Join(Languages(), ", "))
	}
	for _, text := range []string{p.Mounted, p.Host, p.Passwords, p.Prometheus} {
		if text == "" || strings.ContainsAny(text, "\n'\"#") {
			return fmt.Errorf("%.60q: want a path, a host or an address without quotes", text)
		}
	}
	if p.Port < 0 || p.Port > 65535 {
		return fmt.Errorf("port %d: want 1 to 65535", p.Port)
	}
	return nil
}

// port is the one that is given, or the usual one.
func (p *Provision) port() int {
	switch {
	case p.Port > 0:
		return p.Port
	case p.Native && p.Secure:
		return 9440
	case p.Native:
		return 9000
	case p.Secure:
		return 8443
	}
	return 8123
}

// Provision writes the dashboards in a language, sorted by who they are for, and what Grafana reads at its start.
func (s *Set) Provision(p Provision) error {
	if err := p.Check(); err != nil {
		return err
	}
	for _, d := range s.dashboards {
		whole := s.Translated(d, p.Language)
		if p.Zone != "" {
			whole["timezone"] = p.Zone
		}
		text, err := json.MarshalIndent(whole, "", "  ")
		if err != nil {
			return fmt.Errorf("write %s: %w", d.UID, err)
		}
		if err := put(filepath.Join(p.Folder, "dashboards", d.folder(), d.Name+".json"), append(text, '\n')); err != nil {
			return err
		}
	}
	protocol := "protocol: http"
	if p.Native {
		protocol = "protocol: native"
	}
	told := strings.NewReplacer(shippedFolder, p.Mounted, shippedHost, p.Host, shippedPort, "port: "+strconv.Itoa(p.port()), shippedProtocol, protocol,
		shippedSecure, "secure: "+strconv.FormatBool(p.Secure), shippedPasswords, p.Passwords, shippedPrometheus, p.Prometheus)
	return fs.WalkDir(provisioning, "provisioning", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(provisioning, name)
		if err != nil {
			return fmt.Errorf("read %s: %w", path.Base(name), err)
		}
		return put(filepath.Join(p.Folder, filepath.FromSlash(name)), []byte(told.Replace(string(text))))
	})
}

// folder is whom a dashboard is for: the first role that may see something of it, where analysts may see all that others may.
func (d *Dashboard) folder() string {
	for _, role := range []string{"analyst", "ops", "security"} {
		if d.MaySee(role) && !slices.ContainsFunc(d.Panels, func(p Panel) bool { return !p.MaySee(role) && !p.Text() && role == "analyst" }) {
			return role
		}
	}
	return "ops"
}

// put writes a file that Grafana, which is another user, may read.
func put(name string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return fmt.Errorf("make the folder of %s: %w", filepath.Base(name), err)
	}
	if err := os.WriteFile(name, text, 0o644); err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(name), err)
	}
	return nil
}
