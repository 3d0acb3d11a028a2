package embedded

import (
	"slices"
	"strings"
)

// ownEngine knows the table and database engines that keep to the data directory.
func ownEngine(name string) bool {
	return strings.HasSuffix(name, "MERGETREE") || slices.Contains([]string{
		"ATOMIC", "REPLICATED", "ORDINARY", "MEMORY", "NULL", "LOG", "TINYLOG", "STRIPELOG", "SET", "JOIN", "BUFFER", "MERGE", "DISTRIBUTED",
		"DICTIONARY", "GENERATERANDOM", "KEEPERMAP", "ALIAS",
	}, name)
}

// checkOutside refuses what would touch files of this machine under no grant. The library was made for a terminal, whose user
// may read every file, so there the function file, table engines and disks are under none, as they are on a server.
// The statement is read as the engine's own formatter words it, so that no quoting, escape or comment hides anything; the
// session must be a fresh one, whose settings cannot change what the formatter answers.
func checkOutside(conn *connection, s statement) error {
	lower := strings.ToLower(s.sql)
	if !slices.ContainsFunc([]string{"file", "engine", "disk", "source", "backup", "restore", `\`}, func(sign string) bool { return strings.Contains(lower, sign) }) {
		return nil
	}
	text := s.sql
	if s.kind == kindInsert {
		text += " FORMAT Null" // without its data it would be no statement
	}
	worded, _, err := conn.query("SELECT formatQuery("+quoteText(text)+")", "TSVRaw", nil)
	if err != nil {
		return err
	}
	if what := outsideIn("EXPLAIN " + string(worded)); what != "" { // behind it nothing passes for an INSERT's data
		return refuse(497, "ACCESS_DENIED", "%s would reach outside of the database", what)
	}
	return nil
}

// outsideIn names what in a formatted statement reaches outside.
func outsideIn(text string) string {
	words := readWords(text)
	backup := slices.Contains([]string{"BACKUP", "RESTORE"}, wordAt(words, 1).text)
	for i, w := range words {
		if text[w.start] == '\'' {
			continue
		}
		c := called{name: strings.Trim(text[w.start:w.end], "`\""), bare: w.text, open: wordAt(words, i+1).text == "("}
		if i >= 1 {
			c.before = words[i-1].text
		}
		if i >= 2 {
			c.clause = words[i-2].text + c.before
		}
		if backup && c.place() {
			if c.bare != "FILE" { // which the engine itself keeps to the folder of backups
				return "A backup to or from " + c.name
			}
			continue
		}
		if what := c.outside(); what != "" {
			return what
		}
	}
	return ""
}

// called is a word where it stands.
type called struct {
	name, bare     string // as it is written, without quotes; in upper case, and empty for what is quoted
	open           bool   // a bracket follows
	before, clause string // the word before, and the two before together
}

// place tells whether it is where a backup is written to or read from.
func (c called) place() bool {
	return c.open && (c.before == "TO" || c.before == "FROM" || c.clause == "BASE_BACKUP=")
}

func (c called) outside() string {
	switch {
	case c.name == "file" && (c.bare != "" || c.open): // a function may stand without its brackets: arrayMap(file, …)
		return "The function file"
	case strings.EqualFold(c.name, "disk") && c.open:
		return "A disk"
	case c.clause == "ENGINE=" && !ownEngine(strings.ToUpper(c.name)):
		return "The engine " + c.name
	case c.clause == "SOURCE(" && c.open && !slices.Contains([]string{"CLICKHOUSE", "NULL"}, c.bare):
		return "The source " + c.name // of a dictionary; it may be a program
	}
	return ""
}
