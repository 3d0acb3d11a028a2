package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"mayak/schema/embedded"
)

// Config is what an operator can set, by flag or environment.
type Config struct {
	Listen       string        `env:"MAYAK_ENGINE_LISTEN" default:"127.0.0.1:8123" help:"address of ClickHouse's HTTP interface"`
	Data         string        `env:"MAYAK_ENGINE_DATA" required:"" help:"data directory; belongs to one process"`
	Memory       Bytes         `env:"MAYAK_ENGINE_MEMORY" default:"0" help:"memory that the engine may use, like 800MiB; 0 is half of the machine's, 1GiB at most"`
	Concurrency  int           `env:"MAYAK_ENGINE_CONCURRENCY" default:"8" help:"statements that run at once"`
	Wait         time.Duration `env:"MAYAK_ENGINE_WAIT" default:"10s" help:"how long a statement waits for others before it is refused"`
	Drain        time.Duration `env:"MAYAK_ENGINE_DRAIN" default:"10s" help:"how long running statements may go on when the engine stops"`
	Library      string        `env:"MAYAK_ENGINE_LIBRARY" help:"the engine's library, when it is not the fetched one"`
	Password     Secret        `env:"MAYAK_ENGINE_PASSWORD" help:"password of the user default"`
	PasswordFile string        `env:"MAYAK_ENGINE_PASSWORD_FILE" help:"file to read the password from"`
	UsersFile    string        `env:"MAYAK_ENGINE_USERS_FILE" help:"ClickHouse users file to use instead of the built-in one"`
	StopAtEOF    bool          `name:"stop-at-eof" help:"stop when standard input ends, so that no engine outlives what started it"`
	Check        bool          `help:"check the configuration and exit"`
}

// Secret prints as stars.
type Secret string

// String hides the secret from logs and messages.
func (Secret) String() string { return "***" }

// Bytes is a size with an optional unit.
type Bytes int64

// UnmarshalText reads a size like 800MiB, 2GB or 1048576.
func (b *Bytes) UnmarshalText(text []byte) error {
	digits := strings.TrimRight(string(text), "KMGTiB")
	unit, known := map[string]int64{
		"": 1, "B": 1, "KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40,
	}[string(text[len(digits):])]
	number, err := strconv.ParseInt(digits, 10, 40)
	if err != nil || !known || number < 0 {
		return fmt.Errorf("%q is not a size like 800MiB", text)
	}
	*b = Bytes(number * unit)
	return nil
}

// smallestMemory is what the engine needs to answer anything.
const smallestMemory = 256 << 20

// settings checks everything and reports every problem at once.
func (c *Config) settings(getenv func(string) string) (embedded.Config, error) {
	var problems []error
	problem := func(format string, values ...any) { problems = append(problems, fmt.Errorf(format, values...)) }
	if _, _, err := net.SplitHostPort(c.Listen); err != nil {
		problem("MAYAK_ENGINE_LISTEN: %w", err)
	}
	if c.Data == "" {
		problem("MAYAK_ENGINE_DATA: no data directory is named")
	}
	dir, err := filepath.Abs(c.Data)
	if err != nil {
		problem("MAYAK_ENGINE_DATA: %w", err)
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
	password := string(c.Password)
	if c.PasswordFile != "" {
		text, err := os.ReadFile(c.PasswordFile)
		if err != nil {
			problem("MAYAK_ENGINE_PASSWORD_FILE: %w", err)
		}
		if password != "" {
			problem("MAYAK_ENGINE_PASSWORD and MAYAK_ENGINE_PASSWORD_FILE are both set")
		}
		password = strings.TrimRight(string(text), "\r\n")
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
		Wait: c.Wait, Drain: c.Drain, Password: password, UsersFile: c.UsersFile,
	}, errors.Join(problems...)
}
