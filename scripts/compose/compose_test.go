package compose_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

const root = "../.."

// Few machines that run the tests have a Docker engine, so what can be seen without one is checked here.

type composition struct {
	Name     string             `yaml:"name"`
	Services map[string]service `yaml:"services"`
	Volumes  map[string]any     `yaml:"volumes"`
	Networks map[string]any     `yaml:"networks"`
	Secrets  map[string]struct {
		File string `yaml:"file"`
	} `yaml:"secrets"`

	// What services share.
	Confined   any `yaml:"x-confined"`
	ClickHouse any `yaml:"x-clickhouse"`
	Keeper     any `yaml:"x-keeper"`
	Aggregator any `yaml:"x-aggregator"`
	Collector  any `yaml:"x-collector"`
	Grafana    any `yaml:"x-grafana"`
	GrafanaEnv any `yaml:"x-grafana-environment"`
}

type service struct {
	Image string `yaml:"image"`
	Build struct {
		Context string `yaml:"context"`
		Target  string `yaml:"target"`
	} `yaml:"build"`
	User        string            `yaml:"user"`
	ReadOnly    bool              `yaml:"read_only"`
	CapDrop     []string          `yaml:"cap_drop"`
	SecurityOpt []string          `yaml:"security_opt"`
	Environment map[string]string `yaml:"environment"`
	Secrets     []any             `yaml:"secrets"` // names, or names with where they are mounted
	Profiles    []string          `yaml:"profiles"`
	Command     []string          `yaml:"command"`
	Networks    any               `yaml:"networks"`
	Memory      string            `yaml:"mem_limit"`
	CPUs        float64           `yaml:"cpus"`
	Volumes     []string          `yaml:"volumes"`
	Tmpfs       []string          `yaml:"tmpfs"`
	Ports       []string          `yaml:"ports"`
	Healthcheck map[string]any    `yaml:"healthcheck"`
	DependsOn   map[string]any    `yaml:"depends_on"`
	Ulimits     map[string]any    `yaml:"ulimits"`
	Grace       string            `yaml:"stop_grace_period"`
	Restart     string            `yaml:"restart"`
}

// secrets are the names that a service finds below /run/secrets, and those of what is mounted elsewhere.
func (s service) secrets() (names []string) {
	for _, secret := range s.Secrets {
		switch secret := secret.(type) {
		case string:
			names = append(names, secret)
		case map[string]any:
			names = append(names, fmt.Sprint(secret["source"]))
		}
	}
	return names
}

func readComposition(t *testing.T) composition {
	t.Helper()
	var c composition
	if err := yaml.UnmarshalWithOptions(read(t, "docker-compose.yml"), &c, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestEveryServiceIsConfinedAndWatched(t *testing.T) {
	stages := readStages(t)
	for name, s := range readComposition(t).Services {
		stage := stages[s.Build.Target]
		user := s.User + stage.last("USER")
		if user == "" || strings.HasPrefix(user, "0") || strings.HasPrefix(user, "root") {
			t.Errorf("%s runs as %q", name, user)
		}
		if !s.ReadOnly || !slices.Contains(s.CapDrop, "ALL") || !slices.Contains(s.SecurityOpt, "no-new-privileges:true") {
			t.Errorf("%s: want a read-only root, no capabilities and no new privileges", name)
		}
		if s.Healthcheck == nil && stage.last("HEALTHCHECK") == "" && s.Restart != "on-failure" {
			t.Errorf("%s has no health check", name)
		}
		if s.Restart == "" {
			t.Errorf("%s is not started again after a crash", name)
		}
		if s.Memory == "" || s.CPUs == 0 {
			t.Errorf("%s may take all memory and all processors", name)
		}
		if len(s.Profiles) == 0 {
			t.Errorf("%s runs with every profile", name)
		}
		if s.Image != "" && !regexp.MustCompile(`:v?\d+\.\d+`).MatchString(s.Image) {
			t.Errorf("%s: image %s is not pinned", name, s.Image)
		}
	}
}

func TestEverySettingIsOneThatTheProgramKnows(t *testing.T) {
	c, stages := readComposition(t), readStages(t)
	for name, s := range c.Services {
		if s.Build.Target == "" {
			continue
		}
		known := settings(t, s.Build.Target)
		variables := stages[s.Build.Target].environment()
		for variable, value := range s.Environment {
			variables[variable] = value
		}
		if len(variables) == 0 {
			t.Errorf("%s: no settings found, the test looks in the wrong place", name)
		}
		for variable := range variables {
			if !slices.Contains(known, variable) && !slices.Contains(known, strings.TrimSuffix(variable, "_FILE")) {
				t.Errorf("%s: the program knows no %s", name, variable)
			}
		}
	}
}

func TestNoPasswordIsWrittenDown(t *testing.T) {
	c := readComposition(t)
	for name, s := range c.Services {
		for variable, value := range s.Environment {
			if strings.Contains(variable, "PASSWORD") != (strings.HasSuffix(variable, "_PASSWORD_FILE") || strings.HasSuffix(variable, "_PASSWORD__FILE")) || regexp.MustCompile(`//[^/@]*:[^/@]*@`).MatchString(value) {
				t.Errorf("%s: %s holds a secret", name, variable)
			}
			if file, ok := strings.CutPrefix(value, "/run/secrets/"); ok && !slices.Contains(s.secrets(), file) {
				t.Errorf("%s: %s names a secret that it is not given", name, variable)
			}
		}
		for _, secret := range s.secrets() {
			if c.Secrets[secret].File == "" {
				t.Errorf("%s: secret %s comes from no file", name, secret)
			}
		}
	}
}

func TestEveryNamedFileExists(t *testing.T) {
	c, stages := readComposition(t), readStages(t)
	made := []string{"./sites.yaml"} // by the operator, as the head of the file says
	for name, s := range c.Services {
		for _, volume := range s.Volumes {
			source, _, _ := strings.Cut(volume, ":")
			_, isVolume := c.Volumes[source]
			if strings.HasPrefix(source, ".") && !slices.Contains(made, source) {
				read(t, source)
			} else if !strings.HasPrefix(source, ".") && !isVolume {
				t.Errorf("%s: volume %s is not declared", name, source)
			}
		}
		for other := range s.DependsOn {
			if _, ok := c.Services[other]; !ok {
				t.Errorf("%s depends on %s, which is no service", name, other)
			}
		}
		if _, ok := stages[s.Build.Target]; s.Image == "" && !ok {
			t.Errorf("%s: the Dockerfile has no stage %s", name, s.Build.Target)
		}
	}
	head, _, _ := strings.Cut(string(read(t, "docker-compose.yml")), "\nname:")
	for _, file := range regexp.MustCompile(`(?m)^#   cp (\S+)`).FindAllStringSubmatch(head, -1) {
		read(t, file[1])
	}
	for _, folder := range regexp.MustCompile(` \./(\S+)`).FindAllStringSubmatch(string(read(t, "Dockerfile")), -1) {
		if _, err := os.Stat(filepath.Join(root, folder[1])); err != nil {
			t.Error(err)
		}
	}
}

func TestPublishedPortsAreThoseThatTheProgramsListenOn(t *testing.T) {
	stages := readStages(t)
	for name, s := range readComposition(t).Services {
		for _, port := range s.Ports {
			parts := strings.Split(port, ":")
			if len(parts) != 3 || parts[0] != "127.0.0.1" {
				t.Errorf("%s: port %s is not on the loopback alone", name, port)
			}
			inside := parts[len(parts)-1]
			if s.Build.Target == "" {
				continue // an image of others
			}
			listens := false
			for variable, value := range stages[s.Build.Target].environment() {
				listens = listens || strings.HasSuffix(variable, "LISTEN") && strings.HasSuffix(value, ":"+inside)
			}
			if !listens || !slices.Contains(strings.Fields(stages[s.Build.Target].last("EXPOSE")), inside) {
				t.Errorf("%s: nothing in the image listens on %s and exposes it", name, inside)
			}
		}
		if stages[s.Build.Target].last("HEALTHCHECK") == "" {
			continue // an image of others, or a program that ends
		}
		asked := regexp.MustCompile(`:\d+`).FindString(stages[s.Build.Target].last("HEALTHCHECK"))
		if !slices.Contains(strings.Fields(stages[s.Build.Target].last("EXPOSE")), strings.TrimPrefix(asked, ":")) {
			t.Errorf("%s: the health check asks port %q, which is not exposed", name, asked)
		}
	}
}

func TestTheImageIsBuiltByAGoThatIsNewEnough(t *testing.T) {
	minor := regexp.MustCompile(`\d+\.\d+`)
	want := minor.FindString(regexp.MustCompile(`(?m)^go \S+`).FindString(string(read(t, "go.mod"))))
	have := minor.FindString(regexp.MustCompile(`(?m)^FROM golang:\S+`).FindString(string(read(t, "Dockerfile"))))
	if want == "" || want != have {
		t.Errorf("go.mod wants Go %q, the Dockerfile builds with %q", want, have)
	}
}

func TestTheConfigurationsAreXML(t *testing.T) {
	files, err := filepath.Glob("*.xml")
	if err != nil || len(files) != 4 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		decoder := xml.NewDecoder(bytes.NewReader(read(t, "scripts/compose/"+file)))
		for {
			if _, err := decoder.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(file, err)
			}
		}
	}
}

// hosts are what the configurations of a profile lead to.
var hosts = regexp.MustCompile(`(?m)<(?:host|hostname)>([^<]+)<|server (\S+?):\d+ |//[a-z]+@(\S+)/mayak|(?:names: \[)([^\]]+)`)

func TestEveryHostThatAConfigurationNamesIsAService(t *testing.T) {
	c, found := readComposition(t), 0
	check := func(where, names string) {
		for _, name := range strings.FieldsFunc(names, func(r rune) bool { return r == ',' || r == ' ' || r == '@' }) {
			name, _, _ = strings.Cut(name, ":")
			found++
			if _, ok := c.Services[name]; !ok {
				t.Errorf("%s leads to %s, which is no service", where, name)
			}
		}
	}
	for _, file := range []string{"cluster.xml", "keeper.xml", "proxy.conf", "prometheus.yml"} {
		for _, match := range hosts.FindAllStringSubmatch(string(read(t, "scripts/compose/"+file)), -1) {
			check(file, strings.Join(match[1:], ""))
		}
	}
	for name, s := range c.Services {
		for variable, value := range s.Environment {
			if match := hosts.FindStringSubmatch(value); match != nil {
				check(name+" "+variable, match[3])
			}
			if variable == "MAYAK_AGGREGATOR_PROCESSES" {
				check(name+" "+variable, value)
			}
		}
	}
	if found < 20 {
		t.Errorf("%d hosts found, the test looks in the wrong place", found)
	}
}

func TestAServiceDependsOnWhatRunsInItsProfiles(t *testing.T) {
	c, both := readComposition(t), 0
	for name, s := range c.Services {
		for other := range s.DependsOn {
			for _, profile := range s.Profiles {
				if !slices.Contains(c.Services[other].Profiles, profile) {
					t.Errorf("%s of the profile %s depends on %s, which does not run then", name, profile, other)
				}
			}
		}
	}
	for _, profile := range []string{"single", "cluster"} {
		published := map[string]string{}
		for name, s := range c.Services {
			if !slices.Contains(s.Profiles, profile) {
				continue
			}
			both++
			for _, port := range s.Ports {
				if other := published[port]; other != "" {
					t.Errorf("%s and %s publish %s", name, other, port)
				}
				published[port] = name
			}
		}
		for _, port := range []string{"127.0.0.1:8080:8080", "127.0.0.1:8090:8090", "127.0.0.1:3000:3000"} {
			if published[port] == "" {
				t.Errorf("profile %s: nothing answers at %s", profile, port)
			}
		}
	}
	if both < 20 {
		t.Errorf("%d services in the profiles", both)
	}
}

func TestTheSecretsAreThoseThatTheScriptMakes(t *testing.T) {
	script := string(read(t, "scripts/compose/secrets.sh"))
	for name, secret := range readComposition(t).Secrets {
		file := strings.TrimPrefix(secret.File, "./")
		role := strings.TrimSuffix(name, "-password")
		if !strings.Contains(script, file) && !regexp.MustCompile(`for role in [a-z ]*\b`+role+`\b`).MatchString(script) {
			t.Errorf("nothing makes %s", file)
		}
	}
}
