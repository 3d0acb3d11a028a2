package dashboards

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/goccy/go-yaml"
)

// What Grafana reads at its start: the part that is used here of what it knows. A key that is not here is a mistake in our files.
type (
	sourcesFile struct {
		APIVersion  int              `yaml:"apiVersion"`
		Prune       bool             `yaml:"prune"` // what an earlier file had, Grafana forgets
		Datasources []providedSource `yaml:"datasources"`
	}
	providedSource struct {
		UID      string            `yaml:"uid"`
		Org      int               `yaml:"orgId,omitempty"`
		Name     string            `yaml:"name"`
		Type     string            `yaml:"type"`
		Access   string            `yaml:"access"`
		URL      string            `yaml:"url,omitempty"`
		Editable bool              `yaml:"editable"`
		Data     sourceData        `yaml:"jsonData"`
		Secret   map[string]string `yaml:"secureJsonData,omitempty"`
	}
	sourceData struct {
		Host            string `yaml:"host,omitempty"`
		Port            int    `yaml:"port,omitempty"`
		Protocol        string `yaml:"protocol,omitempty"`
		Secure          bool   `yaml:"secure,omitempty"`
		Username        string `yaml:"username,omitempty"`
		DefaultDatabase string `yaml:"defaultDatabase,omitempty"`
		DialTimeout     string `yaml:"dialTimeout,omitempty"`
		QueryTimeout    string `yaml:"queryTimeout,omitempty"`
		TimeInterval    string `yaml:"timeInterval,omitempty"`
		Method          string `yaml:"httpMethod,omitempty"`
	}

	providersFile struct {
		APIVersion int        `yaml:"apiVersion"`
		Providers  []provider `yaml:"providers"`
	}
	provider struct {
		Name            string          `yaml:"name"`
		Org             int             `yaml:"orgId,omitempty"`
		Folder          string          `yaml:"folder"`
		FolderUID       string          `yaml:"folderUid"`
		Type            string          `yaml:"type"`
		DisableDeletion bool            `yaml:"disableDeletion"`
		AllowUIUpdates  bool            `yaml:"allowUiUpdates"`
		Options         providerOptions `yaml:"options"`
	}
	providerOptions struct {
		Path string `yaml:"path"`
	}

	alertsFile struct {
		APIVersion int          `yaml:"apiVersion"`
		Groups     []alertGroup `yaml:"groups"`
	}
	alertGroup struct {
		Org      int         `yaml:"orgId"`
		Name     string      `yaml:"name"`
		Folder   string      `yaml:"folder"`
		Interval string      `yaml:"interval"`
		Rules    []alertRule `yaml:"rules"`
	}
	alertRule struct {
		UID          string            `yaml:"uid"`
		Title        string            `yaml:"title"`
		Condition    string            `yaml:"condition"`
		For          string            `yaml:"for"`
		NoDataState  string            `yaml:"noDataState"`
		ExecErrState string            `yaml:"execErrState"`
		Labels       map[string]string `yaml:"labels"`
		Annotations  map[string]string `yaml:"annotations"`
		Data         []alertQuery      `yaml:"data"`
	}
	alertQuery struct {
		RefID     string      `yaml:"refId"`
		Range     *alertRange `yaml:"relativeTimeRange,omitempty"`
		SourceUID string      `yaml:"datasourceUid"`
		Model     alertModel  `yaml:"model"`
	}
	alertRange struct {
		From int `yaml:"from"`
		To   int `yaml:"to"`
	}
	alertModel struct {
		RefID      string           `yaml:"refId"`
		Expr       string           `yaml:"expr,omitempty"`
		Instant    bool             `yaml:"instant,omitempty"`
		Type       string           `yaml:"type,omitempty"`
		Expression string           `yaml:"expression,omitempty"`
		Conditions []alertCondition `yaml:"conditions,omitempty"`
	}
	alertCondition struct {
		Evaluator struct {
			Type   string `yaml:"type"`
			Params []int  `yaml:"params"`
		} `yaml:"evaluator"`
	}
)

// The files of the folder provisioning.
const (
	sourcesName   = "provisioning/datasources/mayak.yaml"
	providersName = "provisioning/dashboards/mayak.yaml"
	alertsName    = "provisioning/alerting/mayak.yaml"
)

// shipped reads a file of the folder provisioning, with the comment that it begins with.
func shipped(name string, into any) (comment []byte, err error) {
	text, err := provisioning.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if err := yaml.UnmarshalWithOptions(text, into, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	for line := range bytes.Lines(text) {
		if line[0] != '#' {
			break
		}
		comment = append(comment, line...)
	}
	return comment, nil
}

// sources are the data sources that the role may read, at the addresses that are given.
func (p *Provision) sources() ([]byte, error) {
	var file sourcesFile
	comment, err := shipped(sourcesName, &file)
	if err != nil {
		return nil, err
	}
	file.Datasources = slices.DeleteFunc(file.Datasources, func(s providedSource) bool { return !p.may(s.UID) })
	for i := range file.Datasources {
		s := &file.Datasources[i]
		s.Org = p.Org
		if s.Type == metricsType {
			s.URL = p.Prometheus
			continue
		}
		s.Data.Host, s.Data.Port, s.Data.Secure = p.Host, p.port(), p.Secure
		if p.Native {
			s.Data.Protocol = "native"
		}
		s.Secret = map[string]string{"password": "$__file{" + p.Passwords + "/" + s.Data.Username + "-password}"}
	}
	return p.written(comment, file)
}

// providers say where the dashboards are: of one role all together, otherwise sorted by whom they are for.
func (p *Provision) providers() ([]byte, error) {
	var file providersFile
	comment, err := shipped(providersName, &file)
	if err != nil {
		return nil, err
	}
	if p.Role != "" {
		file.Providers = file.Providers[:1]
	}
	for i := range file.Providers {
		one := &file.Providers[i]
		one.Org = p.Org
		if p.Role != "" {
			one.Name, one.Options.Path = "mayak-"+p.Role, p.Mounted+"/dashboards/"+p.Role
		} else {
			one.Options.Path = p.Mounted + one.Options.Path[len(shippedFolder):]
		}
	}
	return p.written(comment, file)
}

// alerts are the rules whose data the role may read. Without one there is no file.
func (p *Provision) alerts() ([]byte, error) {
	var file alertsFile
	comment, err := shipped(alertsName, &file)
	if err != nil {
		return nil, err
	}
	for i := range file.Groups {
		g := &file.Groups[i]
		g.Org = max(p.Org, 1)
		g.Rules = slices.DeleteFunc(g.Rules, func(r alertRule) bool {
			return slices.ContainsFunc(r.Data, func(q alertQuery) bool { return q.SourceUID != expressionUID && !p.may(q.SourceUID) })
		})
	}
	file.Groups = slices.DeleteFunc(file.Groups, func(g alertGroup) bool { return len(g.Rules) == 0 })
	if len(file.Groups) == 0 {
		return nil, nil
	}
	return p.written(comment, file)
}

func (p *Provision) written(comment []byte, file any) ([]byte, error) {
	text, err := yaml.MarshalWithOptions(file, yaml.IndentSequence(true))
	if err != nil {
		return nil, fmt.Errorf("write what Grafana reads: %w", err)
	}
	return append(comment, text...), nil
}

// may tells whether the data source is one of the role's.
func (p *Provision) may(uid string) bool { return p.Role == "" || slices.Contains(Roles(uid), p.Role) }
