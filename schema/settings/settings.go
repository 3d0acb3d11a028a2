// Package settings reads a process's settings from flags and from MAYAK_* environment variables, the same way for
// every process: flags win over variables, a secret can come from the file that MAYAK_…_FILE names, and a variable
// that nobody knows is refused, so a typing error cannot pass for a default.
package settings

import (
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// Options say for whom the settings are read.
type Options struct {
	Name        string
	Description string
	Args        []string
	Environ     []string // as os.Environ gives it, to find what nobody knows
	Stdout      io.Writer
	Stderr      io.Writer
	Foreign     []string // variables that belong to Mayak's other processes; all that begin so where the name ends in "_"
}

// ErrDone means that everything asked for has been answered, as by --help: the process ends well.
var ErrDone = errors.New("nothing left to do")

// Parse fills config, a pointer to a struct with kong's tags, and returns the chosen command.
func Parse(config any, o Options) (*kong.Context, error) {
	done := false
	parser, err := kong.New(config,
		kong.Name(o.Name), kong.Description(o.Description), kong.UsageOnError(),
		kong.Writers(o.Stdout, o.Stderr), kong.Exit(func(int) { done = true }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Resolvers(kong.ResolverFunc(fromFile)))
	if err != nil {
		return nil, fmt.Errorf("settings of %s: %w", o.Name, err)
	}
	if err := refuseUnknown(parser.Model, o); err != nil {
		return nil, err
	}
	chosen, err := parser.Parse(o.Args)
	if done {
		return nil, ErrDone
	}
	if err != nil {
		return nil, fmt.Errorf("settings: %w", err)
	}
	return chosen, nil
}

// fromFile resolves a secret from the file that its variable with _FILE names.
func fromFile(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	if flag.Target.Type() != reflect.TypeFor[Secret]() {
		return nil, nil
	}
	for _, name := range flag.Envs {
		file, ok := os.LookupEnv(name + "_FILE")
		if !ok {
			continue
		}
		if _, both := os.LookupEnv(name); both {
			return nil, fmt.Errorf("%s and %s_FILE are both set: keep one", name, name)
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("%s_FILE: %w", name, err)
		}
		return strings.TrimRight(string(text), "\r\n"), nil
	}
	return nil, nil
}

func refuseUnknown(model *kong.Application, o Options) error {
	known := map[string]bool{}
	for _, s := range list(model.Node) {
		known[s.Env] = true
		known[s.Env+"_FILE"] = s.Secret
	}
	var unknown []string
	for _, variable := range o.Environ {
		name, _, _ := strings.Cut(variable, "=")
		if !strings.HasPrefix(name, "MAYAK_") || known[name] || isForeign(name, o.Foreign) {
			continue
		}
		unknown = append(unknown, name)
	}
	if len(unknown) == 0 {
		return nil
	}
	slices.Sort(unknown)
	return fmt.Errorf("settings: nobody knows the environment variable %s (see %s --help)", strings.Join(unknown, ", "), o.Name)
}

func isForeign(name string, foreign []string) bool {
	return slices.ContainsFunc(foreign, func(other string) bool {
		return name == other || strings.HasSuffix(other, "_") && strings.HasPrefix(name, other)
	})
}

// Setting is one setting, for the table in the README.
type Setting struct {
	Env, Default, Help string
	Secret             bool
}

// List is every setting that can be given by a variable.
func List(config any) ([]Setting, error) {
	parser, err := kong.New(config)
	if err != nil {
		return nil, fmt.Errorf("list settings: %w", err)
	}
	return list(parser.Model.Node), nil
}

func list(node *kong.Node) []Setting {
	var all []Setting
	for _, flag := range node.Flags {
		for _, name := range flag.Envs {
			all = append(all, Setting{
				Env: name, Default: flag.Default, Help: flag.Help,
				Secret: flag.Target.Type() == reflect.TypeFor[Secret](),
			})
		}
	}
	for _, child := range node.Children {
		for _, s := range list(child) {
			if !slices.ContainsFunc(all, func(have Setting) bool { return have.Env == s.Env }) {
				all = append(all, s)
			}
		}
	}
	return all
}
