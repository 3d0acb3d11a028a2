package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	visitorkey "mayak/schema/visitor"
)

// keyring gives the visitor key to who looks for persons, as soon as it is there and only if it is that of the database: with another one
// nobody is found, and a receipt would state that nothing was kept.
type keyring struct {
	file string
	conn driver.Conn

	mu      sync.Mutex
	key     *visitorkey.Key
	checked time.Time
}

const (
	// keyCheck is how often the database is asked: another one may stand behind the address by then.
	keyCheck = time.Minute
	// keyWait is how long it may take to answer.
	keyWait = 10 * time.Second
)

// now is get for who has no context at hand.
func (r *keyring) now() (*visitorkey.Key, error) {
	ctx, cancel := context.WithTimeout(context.Background(), keyWait)
	defer cancel()
	return r.get(ctx)
}

func (r *keyring) get(ctx context.Context) (*visitorkey.Key, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.key != nil && time.Since(r.checked) < keyCheck {
		return r.key, nil
	}
	key, err := visitorkey.ReadKey(r.file)
	if err != nil {
		return nil, err
	}
	if err := key.Check(ctx, r.conn); err != nil {
		return nil, err
	}
	r.key, r.checked = key, time.Now()
	return key, nil
}

// both are the database's key and the file's.
func (r *keyring) both(ctx context.Context) (known string, key *visitorkey.Key, err error) {
	if key, err = visitorkey.ReadKey(r.file); err != nil {
		return "", nil, err
	}
	known, err = visitorkey.Known(ctx, r.conn)
	return known, key, err
}

// Ready is readiness: who asks to be forgotten waits in vain where the key is another's, or gone. Before the first collector there is none.
func (r *keyring) Ready(ctx context.Context) (string, error) {
	_, err := r.get(ctx)
	switch {
	case errors.Is(err, visitorkey.ErrNoKey), errors.Is(err, fs.ErrNotExist) && r.isNew(ctx):
		return "not made by a collector yet", nil
	case err != nil:
		return "", fmt.Errorf("requests of persons are not carried out: %w", err)
	}
	return "that of the database", nil
}

// isNew tells whether no collector has delivered to the database.
func (r *keyring) isNew(ctx context.Context) bool {
	known, err := visitorkey.Known(ctx, r.conn)
	return err == nil && known == ""
}
