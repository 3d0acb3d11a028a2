package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"mayak/aggregator/report/access"
	"mayak/schema/settings"
)

// tokenCommands make and end tokens of the API.
type tokenCommands struct {
	Create struct {
		Name string   `required:"" help:"name of the token, to list and revoke it by"`
		Role string   `required:"" help:"analyst, ops, security, officer or risk"`
		Site []string `help:"sites that it may see; all when none is given"`
	} `cmd:"" help:"make a token and print it; it cannot be shown again"`
	List   struct{} `cmd:"" help:"list the tokens"`
	Revoke struct {
		Name string `arg:"" help:"name of the token"`
	} `cmd:"" help:"end a token at once"`
}

// run carries a command about tokens out.
func (t *tokenCommands) run(command string, c *Config, out io.Writer) error {
	file, err := c.tokensFile()
	if err != nil {
		return err
	}
	switch command {
	case "token create":
		role, err := access.ParseRole(t.Create.Role)
		if err != nil {
			return err
		}
		token, err := access.Create(file, access.Caller{Name: t.Create.Name, Role: role, Sites: t.Create.Site}, time.Now())
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(out, token)
		return err
	case "token list":
		all, err := access.List(file)
		if err != nil {
			return err
		}
		return list(out, all)
	default:
		return access.Revoke(file, t.Revoke.Name)
	}
}

// list prints tokens or users.
func list(out io.Writer, all []access.Token) error {
	for _, token := range all {
		sites := "every site"
		if len(token.Sites) > 0 {
			sites = strings.Join(token.Sites, ", ")
		}
		if _, err := fmt.Fprintf(out, "%s\t%s\t%s\t%s\n", token.Name, token.Role, sites, token.Created); err != nil {
			return err
		}
	}
	return nil
}

// tokensFile is where the tokens are.
func (c *Config) tokensFile() (string, error) {
	return settings.DataFile(os.Getenv, c.Tokens, "aggregator", "tokens.yaml")
}
