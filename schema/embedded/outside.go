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
	if !slices.ContainsFunc([]string{"file", "engine", "disk", "source", `\`}, func(sign string) bool { return strings.Contains(lower, sign) }) {
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
	for i, w := range words {
		name := strings.Trim(text[w.start:w.end], "`\"")
		open := wordAt(words, i+1).text == "("
		clause := ""
		if i >= 2 {
			clause = words[i-2].text + words[i-1].text
		}
		switch {
		case text[w.start] == '\'':
		case name == "file" && (w.text != "" || open): // a function may stand without its brackets: arrayMap(file, …)
			return "The function file"
		case strings.EqualFold(name, "disk") && open:
			return "A disk"
		case clause == "ENGINE=" && !ownEngine(strings.ToUpper(name)):
			return "The engine " + name
		case clause == "SOURCE(" && open && !slices.Contains([]string{"CLICKHOUSE", "NULL"}, w.text):
			return "The source " + name // of a dictionary; it may be a program
		}
	}
	return ""
}
