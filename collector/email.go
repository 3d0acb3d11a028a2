package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"mayak/collector/mail"
	"mayak/schema/sites"
	"mayak/schema/visitor"
)

// emailCommands make links for e-mails.
type emailCommands struct {
	Link struct {
		Site      string     `required:"" help:"id of the site"`
		Campaign  string     `required:"" help:"what the e-mail belongs to, as its reports are to call it"`
		Message   string     `required:"" help:"number of the message, of your own: letters, digits, hyphens and underscores, never an e-mail address"`
		Recipient string     `help:"number of the recipient, of your own; who is in the file of MAYAK_COLLECTOR_UNSUBSCRIBED is not counted"`
		Sent      *time.Time `help:"when it is sent, as 2026-11-23T09:00:00Z: machines that look at e-mails as they arrive are told apart by it"`
		To        string     `help:"address that a click leads to; the picture's link is made without"`
		Collector string     `required:"" help:"address of the collector as recipients reach it, like https://stats.clinic.example"`
	} `cmd:"" help:"print the link of the picture that counts an opened e-mail, or of a click"`
	Key struct {
		Site string `required:"" help:"id of the site"`
	} `cmd:"" help:"print the site's mail key, with which your own programs make links; whoever has it can"`
}

// run prints a link or a key.
func (e *emailCommands) run(command string, c *Config, out io.Writer) error {
	site := e.Link.Site
	if command == "email key" {
		site = e.Key.Site
	}
	all, err := sites.Load(c.Sites)
	if err != nil {
		return err
	}
	if all.Find(site) == nil {
		return fmt.Errorf("site %q does not exist; there are %s", site, names(all))
	}
	path, err := c.visitorKey(os.Getenv)
	if err != nil {
		return err
	}
	visitors, err := visitor.ReadKey(path) // with one of its own nobody's link would be known
	if err != nil {
		return err
	}
	key := mail.Key(visitors, site)
	if command == "email key" {
		_, err = fmt.Fprintln(out, key)
		return err
	}
	link := mail.Link{Kind: mail.Open, Site: site, Campaign: e.Link.Campaign, Message: e.Link.Message, Recipient: e.Link.Recipient, Target: e.Link.To}
	if link.Target != "" {
		link.Kind = mail.Click
	}
	if e.Link.Sent != nil {
		link.Sent = strconv.FormatInt(e.Link.Sent.Unix(), 10)
	}
	if err := link.Check(); err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, link.URL(e.Link.Collector, key))
	return err
}
