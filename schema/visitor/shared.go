package visitor

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Shared is where collectors agree on one salt a day.
type Shared interface {
	// Agree offers a salt for the day and returns the one in force: the first that was offered.
	Agree(ctx context.Context, day string, mine Salt) (winner Salt, err error)
	// Forget destroys the salts of the days before this one.
	Forget(ctx context.Context, before string) error
}

// Database shares through the table salts. A salt travels as a column of a Native block, in both directions, so that
// no statement's text, and with it no query log, ever holds one.
type Database struct {
	conn driver.Conn
	now  func() time.Time
}

// NewDatabase shares through this connection.
func NewDatabase(conn driver.Conn, now func() time.Time) *Database {
	return &Database{conn: conn, now: now}
}

// Agree inserts the salt unless the day has one, and reads which was the first. Two collectors that insert at the same
// moment both read the same first one; where replicas lag, the next round brings them together.
func (d *Database) Agree(ctx context.Context, day string, mine Salt) (Salt, error) {
	if winner, found, err := d.first(ctx, day); err != nil || found {
		return winner, err
	}
	if err := d.offer(ctx, day, mine); err != nil {
		return Salt{}, fmt.Errorf("offer a salt: %w", err)
	}
	winner, found, err := d.first(ctx, day)
	if err == nil && !found {
		err = errors.New("the salt just offered is not to be seen")
	}
	return winner, err
}

func (d *Database) offer(ctx context.Context, day string, mine Salt) error {
	date, err := time.Parse(dayForm, day)
	if err != nil {
		return err
	}
	batch, err := d.conn.PrepareBatch(ctx, "INSERT INTO salts (day, salt, made)")
	if err != nil {
		return err
	}
	if err := batch.Append(date, hex.EncodeToString(mine[:]), d.now().UTC()); err != nil {
		return errors.Join(err, batch.Abort())
	}
	return batch.Send()
}

func (d *Database) first(ctx context.Context, day string) (salt Salt, found bool, err error) {
	rows, err := d.conn.Query(ctx, "SELECT salt FROM salts WHERE day = toDate($1) ORDER BY made, salt LIMIT 1", day)
	if err != nil {
		return Salt{}, false, fmt.Errorf("read the day's salt: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return Salt{}, false, fmt.Errorf("read the day's salt: %w", err)
		}
		if n, err := hex.Decode(salt[:], []byte(text)[:min(len(text), 2*len(salt))]); err != nil || n != len(salt) {
			return Salt{}, false, errors.New("the day's salt is not 32 hexadecimal digits")
		}
		found = true
	}
	return salt, found, rows.Err()
}

// A reading of the salts takes milliseconds; after so long it is over.
const readingOver = time.Second

// Forget drops the partitions of the days that are over. What is being read at that moment the database keeps on its disk until
// its background work comes by, which on a table as quiet as this one can take ten minutes; dropped once more, it is gone at once.
func (d *Database) Forget(ctx context.Context, before string) error {
	var over []string
	if err := d.conn.QueryRow(ctx, "SELECT groupUniqArray(toString(day)) FROM salts WHERE day < toDate($1)", before).Scan(&over); err != nil {
		return fmt.Errorf("list days: %w", err)
	}
	if len(over) == 0 {
		return nil
	}
	if err := d.drop(ctx, over); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(readingOver):
	}
	return d.drop(ctx, over)
}

func (d *Database) drop(ctx context.Context, days []string) error {
	for _, day := range days {
		if err := d.conn.Exec(ctx, "ALTER TABLE salts DROP PARTITION '"+day+"'"); err != nil {
			return fmt.Errorf("drop the salts of %s: %w", day, err)
		}
	}
	return nil
}
