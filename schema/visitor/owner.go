package visitor

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// ErrOtherKey says that nobody in the database would be found with this key.
var ErrOtherKey = errors.New("the ids in this database are made with another visitor key: MAYAK_VISITOR_KEY must name the file that the collectors had; if that is lost for good, see aggregator subject adopt-key")

// ErrNoKey says that nobody can tell yet whether the key is the right one.
var ErrNoKey = errors.New("this database was told of no visitor key yet: a collector tells it before the first rows that it delivers")

// Fingerprint tells the key from others, and nothing of what it makes.
func (k *Key) Fingerprint() string {
	sum := k.Derive("fingerprint")
	return hex.EncodeToString(sum[:8])
}

// Check compares the key with the one that the ids in the database are made with.
func (k *Key) Check(ctx context.Context, conn driver.Conn) error {
	_, known, err := currentKey(ctx, conn)
	switch {
	case err != nil:
		return err
	case known == "":
		return ErrNoKey
	case known != k.Fingerprint():
		return ErrOtherKey
	}
	return nil
}

// Known is the fingerprint of the database's key, empty where it was told of none.
func Known(ctx context.Context, conn driver.Conn) (string, error) {
	_, known, err := currentKey(ctx, conn)
	return known, err
}

// Register checks for who makes ids: the first one tells the database.
func (k *Key) Register(ctx context.Context, conn driver.Conn, now time.Time) error {
	err := k.Check(ctx, conn)
	if !errors.Is(err, ErrNoKey) {
		return err
	}
	if err := k.tell(ctx, conn, 0, now); err != nil {
		return err
	}
	return k.Check(ctx, conn) // of two that come at the same moment one is first
}

// Adopt makes it the database's key from now on. Who is known by ids of another one is found no more.
func (k *Key) Adopt(ctx context.Context, conn driver.Conn, now time.Time) error {
	generation, known, err := currentKey(ctx, conn)
	if err != nil || known == k.Fingerprint() {
		return err
	}
	if known != "" {
		generation++
	}
	if err := k.tell(ctx, conn, generation, now); err != nil {
		return err
	}
	return k.Check(ctx, conn) // of two that come at the same moment one is first
}

func (k *Key) tell(ctx context.Context, conn driver.Conn, generation uint32, now time.Time) error {
	batch, err := conn.PrepareBatch(ctx, "INSERT INTO visitor_keys (generation, fingerprint, made)")
	if err != nil {
		return fmt.Errorf("tell the visitor key: %w", err)
	}
	defer func() { _ = batch.Close() }() // it was sent, or the error is told
	if err := batch.Append(generation, k.Fingerprint(), now.UTC()); err != nil {
		return fmt.Errorf("tell the visitor key: %w", err)
	}
	if err := batch.Send(); err != nil {
		return fmt.Errorf("tell the visitor key: %w", err)
	}
	return nil
}

// currentKey is the fingerprint that counts, empty when there is none.
func currentKey(ctx context.Context, conn driver.Conn) (generation uint32, fingerprint string, err error) {
	rows, err := conn.Query(ctx, "SELECT generation, fingerprint FROM visitor_keys ORDER BY generation DESC, made, fingerprint LIMIT 1")
	if err != nil {
		return 0, "", fmt.Errorf("ask for the visitor key: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := rows.Scan(&generation, &fingerprint); err != nil {
			return 0, "", fmt.Errorf("ask for the visitor key: %w", err)
		}
	}
	return generation, fingerprint, rows.Err()
}
