package visitor_test

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"mayak/schema/clickhouse/clickhousetest"
	"mayak/schema/visitor"
)

func TestCollectorsAgreeThroughTheDatabase(t *testing.T) {
	db := clickhousetest.Migrated(t)
	conn := db.Conn(t)
	a, b := visitor.NewDatabase(conn, time.Now), visitor.NewDatabase(db.Conn(t), time.Now)
	today, yesterday := time.Now().UTC().Format(time.DateOnly), time.Now().UTC().AddDate(0, 0, -1).Format(time.DateOnly)
	first, second := visitor.Salt{0xA1, 1, 2, 3}, visitor.Salt{0xB2, 9, 8, 7}

	for _, step := range []struct {
		database *visitor.Database
		day      string
		mine     visitor.Salt
		want     visitor.Salt
	}{
		{a, today, first, first},
		{b, today, second, first},
		{a, today, first, first},
		{b, yesterday, second, second},
	} {
		got, err := step.database.Agree(t.Context(), step.day, step.mine)
		if err != nil {
			t.Fatal(err)
		}
		if got != step.want {
			t.Errorf("Agree(%s, %x) = %x, want %x", step.day, step.mine, got, step.want)
		}
	}

	if err := a.Forget(t.Context(), today); err != nil {
		t.Fatal(err)
	}
	var days []string
	if err := conn.QueryRow(t.Context(), "SELECT groupArray(toString(day)) FROM salts").Scan(&days); err != nil {
		t.Fatal(err)
	}
	if len(days) != 1 || days[0] != today {
		t.Errorf("days in the table = %v, want today", days)
	}
}

// The database keeps the file of what is being read while it is dropped.
func TestASaltThatIsBeingReadGoesFromTheDiskToo(t *testing.T) {
	db := clickhousetest.Migrated(t)
	conn := db.Conn(t)
	shared := visitor.NewDatabase(conn, time.Now)
	today, yesterday := time.Now().UTC().Format(time.DateOnly), time.Now().UTC().AddDate(0, 0, -1).Format(time.DateOnly)
	for _, day := range []string{yesterday, today} {
		if _, err := shared.Agree(t.Context(), day, visitor.Salt{1}); err != nil {
			t.Fatal(err)
		}
	}
	count := func(query string) (n uint64) {
		t.Helper()
		if err := conn.QueryRow(t.Context(), query).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	var read errgroup.Group
	read.Go(func() error {
		var slept uint64
		return db.Conn(t).QueryRow(t.Context(), "SELECT sum(sleepEachRow(0.4)) AS slow FROM salts").Scan(&slept)
	})
	for count("SELECT count() FROM system.processes WHERE current_database = currentDatabase() AND query LIKE '%AS slow%' AND query NOT LIKE '%processes%'") == 0 {
		if t.Context().Err() != nil {
			t.Fatal("nothing reads")
		}
	}
	if err := shared.Forget(t.Context(), today); err != nil {
		t.Fatal(err)
	}
	if n := count("SELECT count() FROM system.parts WHERE database = currentDatabase() AND table = 'salts' AND rows > 0 AND partition = '" + yesterday + "'"); n != 0 {
		t.Errorf("%d files of a salt that was destroyed are there", n)
	}
	if err := read.Wait(); err != nil {
		t.Error(err)
	}
}

func TestAnEarlierOfferWinsOverOneThatWasSeenFirst(t *testing.T) {
	conn := clickhousetest.Migrated(t).Conn(t)
	now := time.Now()
	day := now.UTC().Format(time.DateOnly)
	late := visitor.NewDatabase(conn, func() time.Time { return now })
	if _, err := late.Agree(t.Context(), day, visitor.Salt{2}); err != nil {
		t.Fatal(err)
	}
	// A collector that inserted at the same moment, before it could see the other's offer.
	batch, err := conn.PrepareBatch(t.Context(), "INSERT INTO salts (day, salt, made)")
	if err != nil {
		t.Fatal(err)
	}
	if err := batch.Append(now, "01000000000000000000000000000000", now.Add(-time.Second)); err != nil {
		t.Fatal(err)
	}
	if err := batch.Send(); err != nil {
		t.Fatal(err)
	}
	got, err := late.Agree(t.Context(), day, visitor.Salt{2})
	if err != nil || got != (visitor.Salt{1}) {
		t.Errorf("Agree() = %x, %v; want the earlier offer", got, err)
	}
}

func TestTheDatabaseKnowsWhoseItsIDsAre(t *testing.T) {
	conn := clickhousetest.Migrated(t).Conn(t)
	first, other := openKey(t, filepath.Join(t.TempDir(), "visitor.key")), openKey(t, filepath.Join(t.TempDir(), "visitor.key"))
	now := time.Now()
	for _, step := range []struct {
		name string
		do   func() error
		want error
	}{
		{"before anybody told it", func() error { return first.Check(t.Context(), conn) }, visitor.ErrNoKey},
		{"the first to register", func() error { return first.Register(t.Context(), conn, now) }, nil},
		{"again", func() error { return first.Register(t.Context(), conn, now.Add(time.Second)) }, nil},
		{"checked", func() error { return first.Check(t.Context(), conn) }, nil},
		{"another", func() error { return other.Register(t.Context(), conn, now.Add(-time.Hour)) }, visitor.ErrOtherKey},
		{"another, checked", func() error { return other.Check(t.Context(), conn) }, visitor.ErrOtherKey},
		{"another is adopted", func() error { return other.Adopt(t.Context(), conn, now.Add(-time.Hour)) }, nil},
		{"adopted again", func() error { return other.Adopt(t.Context(), conn, now) }, nil},
		{"the adopted one", func() error { return other.Check(t.Context(), conn) }, nil},
		{"the one before", func() error { return first.Register(t.Context(), conn, now) }, visitor.ErrOtherKey},
	} {
		if err := step.do(); !errors.Is(err, step.want) {
			t.Errorf("%s: error %v, want %v", step.name, err, step.want)
		}
	}
}
