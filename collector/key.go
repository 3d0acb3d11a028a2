package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"mayak/collector/keys"
	"mayak/schema/sites"
)

// keysCommands make and end keys of /api/events.
type keysCommands struct {
	Create struct {
		Site string `required:"" help:"site whose events may be sent with it"`
		Name string `required:"" help:"name of the key, to list and revoke it by"`
	} `cmd:"" help:"make a key and print it; it cannot be shown again"`
	List   struct{} `cmd:"" default:"1" help:"list the keys (default)"`
	Revoke struct {
		Name string `arg:"" help:"name of the key"`
	} `cmd:"" help:"end a key at once"`
}

// run carries a command about keys out.
func (k *keysCommands) run(command string, c *Config, out io.Writer) error {
	path, err := c.keysFile()
	if err != nil {
		return err
	}
	file := keys.Open(path)
	switch command {
	case "keys create":
		if err := checkSite(c, k.Create.Site); err != nil {
			return err
		}
		key, err := file.Create(k.Create.Site, k.Create.Name, time.Now())
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(out, key)
		return err
	case "keys list":
		return listKeys(file, out)
	default:
		return file.Revoke(k.Revoke.Name)
	}
}

// checkSite looks for a mistake in the site's name, where the sites file is known.
func checkSite(c *Config, site string) error {
	if c.Sites == "" {
		return nil
	}
	known, err := sites.Load(c.Sites)
	if err != nil || known.Find(site) != nil {
		return err
	}
	var names []string
	for _, one := range known.All() {
		names = append(names, one.ID)
	}
	return fmt.Errorf("site %.64q is not in the sites file; there are %s", site, strings.Join(names, ", "))
}

func listKeys(file *keys.Keys, out io.Writer) error {
	all, err := file.List()
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NAME\tSITE\tCREATED")
	for _, key := range all {
		fmt.Fprintf(table, "%s\t%s\t%s\n", key.Name, key.Site, key.Created)
	}
	return table.Flush()
}
