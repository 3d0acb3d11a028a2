package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"mayak/collector/accesslog"
	"mayak/schema/visitor"
)

// importSalts are the keys of the visitor ids of a run. On a day that still goes on somewhere the collectors' salt is in
// force, so that one who was counted by the script has the same id here. The salt of a past day is destroyed, for good: the
// run makes one of its own, from a secret that ends with it. So the visitors of a past day are told apart only within one
// run, and no id of theirs is like one that was stored before. Safe for concurrent use.
type importSalts struct {
	mu     sync.RWMutex
	secret accesslog.Secret
	made   time.Time
	days   map[string]visitor.Salt
	live   map[string]visitor.Salt
}

func newImportSalts() *importSalts {
	return &importSalts{
		secret: accesslog.NewSecret(), made: time.Now(), days: map[string]visitor.Salt{}, live: map[string]visitor.Salt{},
	}
}

// share takes the salts of the days that go on from where the collectors share them.
func (s *importSalts) share(ctx context.Context, conn driver.Conn) error {
	shared, now := visitor.NewDatabase(conn, time.Now), time.Now()
	for days := -2; days <= 1; days++ {
		day := now.UTC().AddDate(0, 0, days).Format(time.DateOnly)
		if !visitor.IsLive(day, now) {
			continue
		}
		var mine visitor.Salt
		_, _ = rand.Read(mine[:]) // never errs
		salt, err := shared.Agree(ctx, day, mine)
		if err != nil {
			return fmt.Errorf("ask the database for today's visitor ids: %w", err)
		}
		s.live[day] = salt
	}
	return nil
}

// adopt goes on with the secret of a run that was cut off.
func (s *importSalts) adopt(secret accesslog.Secret, made time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.secret, s.made = secret, made
	clear(s.days)
}

// Salt is the salt of a day.
func (s *importSalts) Salt(day string) visitor.Salt {
	if salt, ok := s.live[day]; ok {
		return salt
	}
	s.mu.RLock()
	salt, ok := s.days[day]
	s.mu.RUnlock()
	if ok {
		return salt
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	sum := sha256.Sum256(append(s.secret[:], day...))
	copy(salt[:], sum[:])
	s.days[day] = salt
	return salt
}
