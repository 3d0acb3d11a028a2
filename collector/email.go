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

// emailLink makes links for e-mails.
type emailLink struct {
	Site      string     `required:"" help:"id of the site"`
	Campaign  string     `required:"" help:"what the e-mail belongs to, as its reports are to call it"`
	Message   string     `required:"" help:"number of the message, of your own: letters, digits, hyphens and underscores, never an e-mail address"`
	Recipient string     `help:"number of the recipient, of your own; who is in the file of MAYAK_COLLECTOR_UNSUBSCRIBED is not counted"`
	Sent      *time.Time `help:"when it is sent, as 2026-11-23T09:00:00Z: machines that look at e-mails as they arrive are told apart by it"`
	To        string     `help:"address that a click leads to; the picture's link is made without"`
	Collector string     `required:"" help:"address of the collector as recipients reach it, like https://stats.clinic.example"`
}

// emailKey prints a site's mail key.
type emailKey struct {
	Site string `required:"" help:"id of the site"`
}

// run prints a link.
func (e *emailLink) run(c *Config, out io.Writer) error {
	key, err := mailKey(c, e.Site)
	if err != nil {
		return err
	}
	link := mail.Link{Kind: mail.Open, Site: e.Site, Campaign: e.Campaign, Message: e.Message, Recipient: e.Recipient, Target: e.To}
	if link.Target != "" {
		link.Kind = mail.Click
	}
	if e.Sent != nil {
		link.Sent = strconv.FormatInt(e.Sent.Unix(), 10)
	}
	if err := link.Check(); err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, link.URL(e.Collector, key))
	return err
}

// run prints the key.
func (e *emailKey) run(c *Config, out io.Writer) error {
	key, err := mailKey(c, e.Site)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, key)
	return err
}

// mailKey is the key of a site's links.
func mailKey(c *Config, site string) (string, error) {
	all, err := sites.Load(c.Sites)
	if err != nil {
		return "", err
	}
	if all.Find(site) == nil {
		return "", fmt.Errorf("site %q does not exist; there are %s", site, names(all))
	}
	path, err := c.visitorKey(os.Getenv)
	if err != nil {
		return "", err
	}
	visitors, err := visitor.ReadKey(path) // with one of its own nobody's link would be known
	if err != nil {
		return "", err
	}
	return mail.Key(visitors, site), nil
}
