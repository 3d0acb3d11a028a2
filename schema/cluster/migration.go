package cluster

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// ErrShape is a statement of a migration that has no known form on a cluster.
var ErrShape = errors.New("a migration may hold CREATE TABLE IF NOT EXISTS name (…) with ENGINE = …MergeTree on a line of its own, " +
	"CREATE MATERIALIZED VIEW IF NOT EXISTS name TO table AS … with one FROM, CREATE [OR REPLACE] VIEW [IF NOT EXISTS] name [SQL SECURITY NONE] AS …, " +
	"ALTER TABLE name with commands of one kind, DROP TABLE|VIEW IF EXISTS name, and SELECT; each ends with ; at a line's end")

// Migration words a migration for the cluster; for a single server it is as it was. The database is the one that the tables are in.
func (n Name) Migration(database, text string) (string, error) {
	if n == "" {
		return text, nil
	}
	statements, err := Statements(text)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	out.WriteString("-- +goose Up\n")
	for _, s := range statements {
		worded, err := n.statement(database, s)
		if err != nil {
			return "", fmt.Errorf("%s: %w", firstLine(s), err)
		}
		for _, w := range worded {
			out.WriteString(w + ";\n")
		}
	}
	return out.String(), nil
}

// Statements cuts a migration into its statements, without comments and the ; at their ends.
func Statements(text string) ([]string, error) {
	var all []string
	var now strings.Builder
	for line := range strings.Lines(text) {
		trimmed := strings.TrimSpace(line)
		switch {
		case trimmed == "-- +goose Up", !strings.HasPrefix(trimmed, "-- +goose") && strings.HasPrefix(trimmed, "--"):
		case strings.HasPrefix(trimmed, "-- +goose"):
			return nil, fmt.Errorf("%s: %w", trimmed, ErrShape)
		case trimmed == "" && now.Len() == 0:
		case strings.HasSuffix(trimmed, ";"):
			all = append(all, now.String()+strings.TrimSuffix(strings.TrimRight(line, " \t\r\n"), ";"))
			now.Reset()
		default:
			now.WriteString(line)
		}
	}
	if strings.TrimSpace(now.String()) != "" {
		return nil, fmt.Errorf("%s: %w", firstLine(now.String()), ErrShape)
	}
	return all, nil
}

var (
	tableForm        = regexp.MustCompile(`(?s)^CREATE TABLE IF NOT EXISTS (\w+)\n(.*\n)ENGINE = (\w*MergeTree)(?:\(([^\n]*)\))?(|\n.*)$`)
	tableComment     = regexp.MustCompile(`(?m)^COMMENT ('(?:[^'\n]|'')*')$`)
	materializedForm = regexp.MustCompile(`(?s)^CREATE MATERIALIZED VIEW IF NOT EXISTS (\w+) TO (\w+) AS\n(.*)$`)
	viewForm         = regexp.MustCompile(`(?s)^(CREATE (?:OR REPLACE )?VIEW (?:IF NOT EXISTS )?\w+)(\s+(?:SQL SECURITY NONE\s+)?AS\s.*)$`)
	alterForm        = regexp.MustCompile(`(?s)^ALTER TABLE (\w+)\s+(.*)$`)
	dropForm         = regexp.MustCompile(`^DROP (TABLE|VIEW) IF EXISTS (\w+)( SYNC)?$`)
	fromForm         = regexp.MustCompile(`(?i)\b(FROM|JOIN)(\s+)(\w+)\b`)
)

// statement words one statement, which may take two: one for what the nodes store, one for the Distributed table before it.
func (n Name) statement(database, s string) ([]string, error) {
	switch {
	case tableForm.MatchString(s):
		return n.table(database, tableForm.FindStringSubmatch(s))
	case materializedForm.MatchString(s):
		return n.materialized(database, materializedForm.FindStringSubmatch(s))
	case viewForm.MatchString(s):
		found := viewForm.FindStringSubmatch(s)
		return []string{found[1] + n.On() + found[2]}, nil
	case alterForm.MatchString(s):
		found := alterForm.FindStringSubmatch(s)
		return n.alter(found[1], found[2])
	case dropForm.MatchString(s):
		found := dropForm.FindStringSubmatch(s)
		return n.drop(found[1], found[2], found[3]), nil
	case strings.HasPrefix(s, "SELECT "):
		return []string{s}, nil
	}
	return nil, ErrShape
}

func (n Name) table(database string, found []string) ([]string, error) {
	table, columns, engine, arguments, rest := found[1], found[2], found[3], found[4], found[5]
	place, err := placed(table)
	if err != nil {
		return nil, err
	}
	if arguments != "" {
		arguments = ", " + arguments
	}
	if place.everywhere {
		return []string{fmt.Sprintf("CREATE TABLE IF NOT EXISTS %s%s\n%sENGINE = Replicated%s('/clickhouse/tables/everywhere/{database}/{table}', '{shard}-{replica}'%s)%s",
			table, n.On(), columns, engine, arguments, rest)}, nil
	}
	comment := ""
	if said := tableComment.FindStringSubmatch(rest); said != nil {
		comment = " COMMENT " + said[1]
	}
	return []string{
		fmt.Sprintf("CREATE TABLE IF NOT EXISTS %s%s\n%sENGINE = Replicated%s('/clickhouse/tables/{shard}/{database}/{table}', '{replica}'%s)%s",
			n.Local(table), n.On(), columns, engine, arguments, rest),
		fmt.Sprintf("CREATE TABLE IF NOT EXISTS %s%s AS %s\nENGINE = Distributed(%s, %s, %s, %s)%s",
			table, n.On(), inside(database, n.Local(table)), quoted(string(n)), quoted(database), n.Local(table), place.key, comment),
	}, nil
}

// materialized lets each node take from its own rows what it was just given; the target sends nothing on, so a row
// that comes from a shard's events stays on that shard.
func (n Name) materialized(database string, found []string) ([]string, error) {
	view, target, query := found[1], found[2], found[3]
	if _, err := placed(target); err != nil {
		return nil, err
	}
	if sources := fromForm.FindAllStringSubmatch(query, -1); len(sources) != 1 {
		return nil, ErrShape
	}
	query = fromForm.ReplaceAllStringFunc(query, func(source string) string {
		parts := fromForm.FindStringSubmatch(source)
		return parts[1] + parts[2] + inside(database, n.Local(parts[3]))
	})
	return []string{fmt.Sprintf("CREATE MATERIALIZED VIEW IF NOT EXISTS %s%s TO %s AS\n%s", view, n.On(), inside(database, n.Local(target)), query)}, nil
}

var (
	// What changes the columns of a table has to change those of the Distributed one too, which knows nothing else to alter.
	columnCommands = regexp.MustCompile(`(?m)(?:^|,\n)\s*(ADD|DROP|MODIFY|RENAME|COMMENT|CLEAR|ALTER) COLUMN\b`)
	otherCommands  = regexp.MustCompile(`(?m)(?:^|,\n)\s*(?:MODIFY (?:TTL|SETTING|COMMENT|ORDER BY)|ADD INDEX|DROP INDEX|MATERIALIZE|RESET SETTING)\b`)
	queryCommand   = regexp.MustCompile(`^MODIFY (?:QUERY|SQL SECURITY)\b`)
)

func (n Name) alter(table, commands string) ([]string, error) {
	local := fmt.Sprintf("ALTER TABLE %s %s", n.Stored(table), commands)
	whole := fmt.Sprintf("ALTER TABLE %s%s %s", table, n.On(), commands)
	columns, others := columnCommands.FindAllStringSubmatch(commands, -1), otherCommands.MatchString(commands)
	if queryCommand.MatchString(commands) { // of a view, which has no place of its own
		return []string{whole}, nil
	}
	if _, err := placed(table); err != nil {
		return nil, err
	}
	switch {
	case len(columns) == 0 && !others, len(columns) > 0 && others:
		return nil, ErrShape
	case others || n.Local(table) == table:
		return []string{local}, nil
	case columns[0][1] == "DROP": // nobody may ask a shard for what it has no more
		return []string{whole, local}, nil
	}
	return []string{local, whole}, nil
}

func (n Name) drop(kind, name, sync string) []string {
	all := []string{fmt.Sprintf("DROP %s IF EXISTS %s%s%s", kind, name, n.On(), sync)}
	if n.Local(name) != name {
		all = append(all, fmt.Sprintf("DROP %s IF EXISTS %s%s%s", kind, n.Local(name), n.On(), sync))
	}
	return all
}

// inside is the full name of a table. Some servers look for a short one in their own default database when the statement
// comes from another node.
func inside(database, table string) string { return quoted(database) + "." + table }

func quoted(name string) string { return "`" + name + "`" }

func placed(table string) (placement, error) {
	place, ok := placements()[table]
	if !ok {
		return place, fmt.Errorf("table %s has no place in schema/cluster/placement.go: say there by what it is sharded, or that it is everywhere", table)
	}
	return place, nil
}

func firstLine(statement string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(statement), "\n")
	return line
}
