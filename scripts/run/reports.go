package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// reporting are the aggregator's settings. The demo has one visitor, who would be too small a group to be shown.
func (s *stack) reporting() []string {
	settings := []string{
		"MAYAK_CLICKHOUSE_DSN=" + s.dsn, "MAYAK_AGGREGATOR_SITES=" + s.sites, "MAYAK_DATA=" + s.config.Data,
		"MAYAK_AGGREGATOR_PROCESSES=" + s.config.CollectorAdmin + "," + s.config.Engine,
	}
	if os.Getenv("MAYAK_AGGREGATOR_SMALLEST_GROUP") == "" {
		settings = append(settings, "MAYAK_AGGREGATOR_SMALLEST_GROUP=1")
	}
	return settings
}

// tokenName is the name of the token that is made at each start; the one of the start before ends with it.
const tokenName = "make-run"

// commandTimeout is more than a command about a file takes.
const commandTimeout = 10 * time.Second

// aggregator runs a command of the aggregator.
func (s *stack) aggregator(args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), commandTimeout)
	defer cancel()
	command := exec.CommandContext(ctx, filepath.Join(s.config.Programs, "aggregator"), args...)
	command.Env = append(inherited(), s.reporting()...)
	text, err := command.Output()
	return strings.TrimSpace(string(text)), err
}

// token makes a token for the report API.
func (s *stack) token() (string, error) {
	if listed, err := s.aggregator("token", "list"); err == nil && strings.Contains("\n"+listed, "\n"+tokenName+"\t") {
		if _, err := s.aggregator("token", "revoke", tokenName); err != nil {
			return "", fmt.Errorf("revoke the token of the last run: %w", err)
		}
	}
	token, err := s.aggregator("token", "create", "--name", tokenName, "--role", "analyst", "--site", "demo")
	if err != nil {
		return "", fmt.Errorf("make a token for the reports: %w", err)
	}
	return token, nil
}

// login lets somebody of a role see the dashboards, under the role's name and with a new password at each start.
func (s *stack) login(role string) (password string, err error) {
	if listed, err := s.aggregator("user", "list"); err == nil && strings.Contains("\n"+listed, "\n"+role+"\t") {
		if _, err := s.aggregator("user", "remove", role); err != nil {
			return "", fmt.Errorf("remove the user of the last run: %w", err)
		}
	}
	text, err := s.aggregator("user", "create", "--name", role, "--role", role)
	if err != nil {
		return "", fmt.Errorf("let %s log in: %w", role, err)
	}
	return text[strings.LastIndexByte(text, '\n')+1:], nil
}

// database is what a command must be told of the database when it is not where it is by default.
func (s *stack) database() string {
	if s.dsn == "http://127.0.0.1:8123/mayak" {
		return ""
	}
	return " --clickhouse-dsn " + withoutPassword(s.dsn)
}
