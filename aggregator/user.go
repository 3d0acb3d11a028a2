package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"mayak/aggregator/report/access"
)

// userCommands are about people who log in with a password.
type userCommands struct {
	Create struct {
		Name  string   `required:"" help:"name to log in with"`
		Role  string   `required:"" help:"analyst, ops, security or officer"`
		Site  []string `help:"sites that they may see; all when none is given"`
		Stdin bool     `help:"read the password from standard input; otherwise one is made and printed, once"`
	} `cmd:"" help:"add somebody who may log in"`
	List   struct{} `cmd:"" help:"list who may log in"`
	Remove struct {
		Name string `arg:"" help:"name of the user"`
	} `cmd:"" help:"remove somebody, and end their sessions at once"`
	Password struct {
		Name  string `arg:"" help:"name of the user"`
		Stdin bool   `help:"read the password from standard input; otherwise one is made and printed, once"`
	} `cmd:"" help:"give somebody another password, and end their sessions at once"`
}

// run carries a command about users out.
func (u *userCommands) run(command string, c *Config, in io.Reader, out io.Writer) error {
	file, err := c.tokensFile()
	if err != nil {
		return err
	}
	switch command {
	case "user create":
		role, err := access.ParseRole(u.Create.Role)
		if err != nil {
			return err
		}
		return withPassword(u.Create.Stdin, in, out, func(password string) error {
			return access.AddUser(file, access.Caller{Name: u.Create.Name, Role: role, Sites: u.Create.Site}, password, time.Now())
		})
	case "user password <name>":
		return withPassword(u.Password.Stdin, in, out, func(password string) error {
			return access.SetPassword(file, u.Password.Name, password)
		})
	case "user list":
		all, err := access.ListUsers(file)
		if err != nil {
			return err
		}
		return list(out, all)
	default:
		return access.RemoveUser(file, u.Remove.Name)
	}
}

// withPassword reads a password, or makes one and prints it when it is in force.
func withPassword(given bool, in io.Reader, out io.Writer, use func(string) error) error {
	if !given {
		password := access.NewPassword()
		if err := use(password); err != nil {
			return err
		}
		_, err := fmt.Fprintln(out, password)
		return err
	}
	line, err := bufio.NewReader(in).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read the password: %w", err)
	}
	return use(strings.TrimRight(line, "\r\n"))
}
