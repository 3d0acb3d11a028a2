package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"mayak/schema/embedded"
	"mayak/schema/settings"
)

// Config is every setting of the engine. The README's table is made from it.
type Config struct {
	Listen      string          `env:"MAYAK_ENGINE_LISTEN" default:"127.0.0.1:8123" help:"address of ClickHouse's HTTP interface"`
	Data        string          `env:"MAYAK_ENGINE_DATA" help:"folder of the database, of one process only; default: engine under MAYAK_DATA or under the user's data folder"`
	Backups     string          `env:"MAYAK_ENGINE_BACKUPS" help:"folder of backups, best on another disk; default: backups in the folder of the database"`
	Memory      settings.Bytes  `env:"MAYAK_ENGINE_MEMORY" default:"0" help:"memory that the engine may use; 0 is half of the machine's, 1GiB at most"`
	Concurrency int             `env:"MAYAK_ENGINE_CONCURRENCY" default:"8" help:"statements that run at once"`
	Wait        time.Duration   `env:"MAYAK_ENGINE_WAIT" default:"10s" help:"how long a statement waits for others before it is refused"`
	Drain       time.Duration   `env:"MAYAK_ENGINE_DRAIN" default:"10s" help:"how long running statements may go on when the engine stops"`
	Library     string          `env:"MAYAK_ENGINE_LIBRARY" help:"the engine's library, when it is not the fetched one"`
	Password    settings.Secret `env:"MAYAK_ENGINE_PASSWORD" help:"password of the user default"`
	UsersFile   string          `env:"MAYAK_ENGINE_USERS_FILE" help:"ClickHouse users file to use instead of the built-in one"`
	LogLevel    string          `env:"MAYAK_LOG_LEVEL" default:"info" enum:"debug,info,warn,error" help:"least severe message to log: ${enum}"`
	LogFormat   string          `env:"MAYAK_LOG_FORMAT" default:"text" enum:"text,json" help:"${enum}"`
	StopAtEOF   bool            `name:"stop-at-eof" help:"stop when standard input ends, so that no engine outlives what started it"`
	Check       bool            `help:"validate the settings, and end"`
}

// smallestMemory is what the engine needs to answer anything.
const smallestMemory = 256 << 20

// embedded checks everything and reports every problem at once.
func (c *Config) embedded(getenv func(string) string) (embedded.Config, error) {
	var problems []error
	problem := func(format string, values ...any) { problems = append(problems, fmt.Errorf(format, values...)) }
	if _, _, err := net.SplitHostPort(c.Listen); err != nil {
		problem("MAYAK_ENGINE_LISTEN: %w", err)
	}
	dir, err := c.dataFolder(getenv)
	if err != nil {
		problem("MAYAK_ENGINE_DATA: %w", err)
	}
	backups, err := c.backups(dir)
	if err != nil {
		problem("MAYAK_ENGINE_BACKUPS: %w", err)
	}
	memory := int64(c.Memory)
	if memory == 0 {
		memory = defaultMemory()
	}
	if memory < smallestMemory {
		problem("MAYAK_ENGINE_MEMORY: %d bytes are too few, the engine needs 256MiB", memory)
	}
	if c.Concurrency < 1 || c.Concurrency > 256 {
		problem("MAYAK_ENGINE_CONCURRENCY: %d is not between 1 and 256", c.Concurrency)
	}
	if c.UsersFile != "" {
		if _, err := os.Stat(c.UsersFile); err != nil {
			problem("MAYAK_ENGINE_USERS_FILE: %w", err)
		}
	}
	library, err := embedded.Locate(func(name string) string {
		if name == "MAYAK_ENGINE_LIBRARY" {
			return c.Library
		}
		return getenv(name)
	})
	if err != nil {
		problems = append(problems, err)
	}
	return embedded.Config{
		Library: library, Dir: dir, Listen: c.Listen, Memory: memory, Concurrency: c.Concurrency,
		Wait: c.Wait, Drain: c.Drain, Backups: backups, Password: c.Password.Reveal(), UsersFile: c.UsersFile,
	}, errors.Join(problems...)
}

func (c *Config) dataFolder(getenv func(string) string) (string, error) {
	folder, err := settings.DataFile(getenv, c.Data, "engine")
	if err != nil {
		return "", err
	}
	return filepath.Abs(folder)
}

// backups are with the data, unless the operator has a better place.
func (c *Config) backups(dir string) (string, error) {
	if c.Backups != "" {
		return filepath.Abs(c.Backups)
	}
	return filepath.Join(dir, "backups"), nil
}
