package dashboards

import (
	"cmp"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

//go:embed provisioning
var provisioning embed.FS

// Provision says what Grafana is given.
type Provision struct {
	Folder     string // to write to
	Mounted    string // where Grafana sees that folder
	Role       string // of whom it is for, who then find nothing that others alone may see; everything when empty
	Org        int    // the organisation of Grafana; the first one when zero
	Language   string
	Zone       string // of the pages; empty is the reader's
	Host       string // of the database, as Grafana reaches it; may be a variable of Grafana's environment
	Native     bool   // the database's own protocol instead of HTTP
	Secure     bool   // with TLS
	Port       int    // zero is the usual one
	Passwords  string // folder of the files ROLE-password, as Grafana sees them
	Prometheus string // address
}

// shippedFolder is where the provisioning files have the dashboards as they stand.
const shippedFolder = "/etc/mayak-grafana"

// Audiences are the roles that Grafana can be provisioned for.
func Audiences() []string { return []string{"analyst", "ops", "security"} }

// Check tells what is wrong.
func (p *Provision) Check() error {
	if !slices.Contains(Languages(), p.Language) {
		return fmt.Errorf("language %.20q does not exist; there are %s", p.Language, strings.Join(Languages(), ", "))
	}
	if p.Role != "" && !slices.Contains(Audiences(), p.Role) {
		return fmt.Errorf("role %.20q has no dashboards; there are %s", p.Role, strings.Join(Audiences(), ", "))
	}
	if p.Org < 0 {
		return fmt.Errorf("organisation %d: want its number in Grafana, from 1", p.Org)
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

// Provision writes the dashboards in a language, and what Grafana reads at its start: for everybody sorted by who they are for, or those of a role.
func (s *Set) Provision(p Provision) error {
	if err := p.Check(); err != nil {
		return err
	}
	if err := s.clear(&p); err != nil {
		return err
	}
	for _, d := range s.dashboards {
		if p.Role != "" && !d.MaySee(p.Role) {
			continue
		}
		whole := s.Translated(d, p.Language)
		folder := d.folder()
		if p.Role != "" {
			folder = p.Role
			s.restrict(d, whole, p.Role)
		}
		if p.Zone != "" {
			whole["timezone"] = p.Zone
		}
		text, err := json.MarshalIndent(whole, "", "  ")
		if err != nil {
			return fmt.Errorf("write %s: %w", d.UID, err)
		}
		if err := put(filepath.Join(p.Folder, "dashboards", folder, d.Name+".json"), append(text, '\n')); err != nil {
			return err
		}
	}
	for name, text := range map[string]func() ([]byte, error){sourcesName: p.sources, providersName: p.providers, alertsName: p.alerts} {
		text, err := text()
		if err != nil {
			return err
		}
		if text == nil {
			continue
		}
		if err := put(filepath.Join(p.Folder, p.named(name, p.Role)), text); err != nil {
			return err
		}
	}
	return nil
}

// named is where a file of the folder provisioning stands: several roles may share it.
func (p *Provision) named(name, role string) string {
	if role != "" {
		name = strings.Replace(name, "mayak.yaml", "mayak-"+role+".yaml", 1)
	}
	return filepath.FromSlash(name)
}

// clear removes what was written before for everybody, if it is for a role now, or for roles, if it is for everybody, and the same role's.
func (s *Set) clear(p *Provision) error {
	old := []string{p.Role, ""}
	if p.Role == "" {
		old = append(old, Audiences()...)
	}
	var names []string
	for _, role := range old {
		names = append(names, p.named(sourcesName, role), p.named(providersName, role), p.named(alertsName, role))
		for _, d := range s.dashboards {
			names = append(names, filepath.Join("dashboards", cmp.Or(role, d.folder()), d.Name+".json"))
		}
	}
	for _, name := range names {
		if err := os.Remove(filepath.Join(p.Folder, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove what was there before: %w", err)
		}
	}
	return nil
}

// folder is whom a dashboard is for: the first role that may see something of it, where analysts may see all that others may.
func (d *Dashboard) folder() string {
	for _, role := range Audiences() {
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
