package compose_test

import (
	"encoding/xml"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
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
	Secrets  map[string]struct {
		File string `yaml:"file"`
	} `yaml:"secrets"`
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
	Secrets     []string          `yaml:"secrets"`
	Volumes     []string          `yaml:"volumes"`
	Tmpfs       []string          `yaml:"tmpfs"`
	Ports       []string          `yaml:"ports"`
	Healthcheck map[string]any    `yaml:"healthcheck"`
	DependsOn   map[string]any    `yaml:"depends_on"`
	Ulimits     map[string]any    `yaml:"ulimits"`
	Grace       string            `yaml:"stop_grace_period"`
	Restart     string            `yaml:"restart"`
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
		if s.Healthcheck == nil && stage.last("HEALTHCHECK") == "" {
			t.Errorf("%s has no health check", name)
		}
		if s.Restart == "" {
			t.Errorf("%s is not started again after a crash", name)
		}
		if s.Image != "" && !regexp.MustCompile(`:\d+\.\d+`).MatchString(s.Image) {
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
			if strings.Contains(variable, "PASSWORD") != strings.HasSuffix(variable, "_PASSWORD_FILE") || regexp.MustCompile(`//[^/@]*:[^/@]*@`).MatchString(value) {
				t.Errorf("%s: %s holds a secret", name, variable)
			}
			if file, ok := strings.CutPrefix(value, "/run/secrets/"); ok && !slices.Contains(s.Secrets, file) {
				t.Errorf("%s: %s names a secret that it is not given", name, variable)
			}
		}
		for _, secret := range s.Secrets {
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
	for _, file := range regexp.MustCompile(`cp (\S+)`).FindAllStringSubmatch(head, -1) {
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
			listens := false
			for variable, value := range stages[s.Build.Target].environment() {
				listens = listens || strings.HasSuffix(variable, "LISTEN") && strings.HasSuffix(value, ":"+inside)
			}
			if !listens || !slices.Contains(strings.Fields(stages[s.Build.Target].last("EXPOSE")), inside) {
				t.Errorf("%s: nothing in the image listens on %s and exposes it", name, inside)
			}
		}
		asked := regexp.MustCompile(`:\d+`).FindString(stages[s.Build.Target].last("HEALTHCHECK"))
		if s.Build.Target != "" && !slices.Contains(strings.Fields(stages[s.Build.Target].last("EXPOSE")), strings.TrimPrefix(asked, ":")) {
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

func TestTheDatabasesConfigurationIsXML(t *testing.T) {
	decoder := xml.NewDecoder(strings.NewReader(string(read(t, "scripts/compose/clickhouse.xml"))))
	for {
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

// stage is the instructions of one stage of the Dockerfile, those of its base first.
type stage []string

func (s stage) last(instruction string) string {
	for _, line := range slices.Backward(s) {
		if rest, ok := strings.CutPrefix(line, instruction+" "); ok {
			return rest
		}
	}
	return ""
}

func (s stage) environment() map[string]string {
	variables := map[string]string{}
	for _, line := range s {
		if rest, ok := strings.CutPrefix(line, "ENV "); ok {
			for _, pair := range strings.Fields(rest) {
				name, value, _ := strings.Cut(pair, "=")
				variables[name] = value
			}
		}
	}
	return variables
}

func readStages(t *testing.T) map[string]stage {
	t.Helper()
	text := strings.ReplaceAll(string(read(t, "Dockerfile")), "\\\n", " ")
	stages, current := map[string]stage{}, ""
	from := regexp.MustCompile(`^FROM (\S+) AS (\S+)$`)
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if found := from.FindStringSubmatch(line); found != nil {
			current = found[2]
			stages[current] = slices.Clone(stages[found[1]])
			continue
		}
		stages[current] = append(stages[current], line)
	}
	return stages
}

// settings are the variables that a program's configuration declares, and the one that says where all of Mayak's data are.
func settings(t *testing.T, program string) []string {
	t.Helper()
	names := []string{"MAYAK_DATA"}
	files, err := filepath.Glob(filepath.Join(root, program, "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(node ast.Node) bool {
			if field, ok := node.(*ast.Field); ok && field.Tag != nil {
				if tag, err := strconv.Unquote(field.Tag.Value); err == nil {
					names = append(names, reflect.StructTag(tag).Get("env"))
				}
			}
			return true
		})
	}
	return slices.DeleteFunc(names, func(name string) bool { return name == "" })
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}
