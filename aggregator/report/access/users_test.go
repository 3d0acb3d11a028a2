package access

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const (
	right = "correct horse battery"
	wrong = "correct horse batterx"
)

func added(t *testing.T, file string, c Caller) {
	t.Helper()
	if err := AddUser(file, c, right, time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)); err != nil {
		t.Fatal(err)
	}
}

func TestAUserLogsInWithTheirPasswordOnly(t *testing.T) {
	file := filepath.Join(t.TempDir(), "tokens.yaml")
	tokens := Open(file)
	added(t, file, Caller{Name: "aigerim", Role: Officer, Sites: []string{"demo"}})
	create(t, file, Caller{Name: "aigerim", Role: Ops}) // a program of the same name
	for _, tt := range []struct {
		name, user, password string
		want                 bool
	}{
		{"the right password", "aigerim", right, true},
		{"a wrong one", "aigerim", wrong, false},
		{"none", "aigerim", "", false},
		{"a name that nobody has", "nobody", right, false},
		{"the password of the comparison for nobody", "nobody", strings.Repeat("\x00", 32), false},
		{"an endless one", "aigerim", strings.Repeat("x", 1<<20), false},
	} {
		got, _, ok, err := tokens.Login(tt.user, tt.password)
		if err != nil || ok != tt.want {
			t.Errorf("%s: %v, %v", tt.name, ok, err)
		}
		if want := (Caller{Name: "aigerim", Role: Officer, Sites: []string{"demo"}, User: true}); ok && !cmp.Equal(want, got) {
			t.Errorf("%s: %+v", tt.name, got)
		}
	}
	text, err := os.ReadFile(file)
	if err != nil || strings.Contains(string(text), right) || !strings.Contains(string(text), "$argon2id$v=19$m=65536,t=3,p=1$") {
		t.Errorf("error %v, the file:\n%s", err, text)
	}
	if listed, err := ListUsers(file); err != nil || len(listed) != 1 || listed[0].Who() != "user aigerim" {
		t.Errorf("listed %+v, %v", listed, err)
	}
}

func TestSessionsEnd(t *testing.T) {
	now := time.Unix(1e9, 0)
	file := filepath.Join(t.TempDir(), "tokens.yaml")
	tokens := Open(file)
	added(t, file, Caller{Name: "aigerim", Role: Officer})
	sessions := NewSessions(tokens, func() time.Time { return now })
	begin := func() (secret, check string) {
		held, err := tokens.current()
		if err != nil {
			t.Fatal(err)
		}
		return sessions.Begin(held.Users[0].caller(), held.Users[0].Hash)
	}
	holds := func(when, secret string, want bool) {
		t.Helper()
		if c, _, ok, err := sessions.Caller(secret); err != nil || ok != want || ok && c.Who() != "user aigerim" {
			t.Errorf("%s: %v, %v", when, ok, err)
		}
	}
	one, check := begin()
	other, another := begin()
	if one == other || check == another || one == check {
		t.Error("two secrets are the same")
	}
	holds("at first", one, true)
	holds("of a wrong secret", one+"x", false)
	holds("of the check", check, false)
	sessions.End(one)
	holds("after logging out", one, false)
	holds("of another session", other, true)
	now = now.Add(idle + time.Second)
	holds("unused for long", other, false)

	third, _ := begin()
	for range 30 {
		now = now.Add(25 * time.Minute)
		_, _, _, _ = sessions.Caller(third)
	}
	holds("used all the time for more than twelve hours", third, false)

	fourth, _ := begin()
	if err := SetPassword(file, "aigerim", right+"!"); err != nil {
		t.Fatal(err)
	}
	holds("with another password", fourth, false)
	fifth, _ := begin()
	if err := RemoveUser(file, "aigerim"); err != nil {
		t.Fatal(err)
	}
	holds("of a user who was removed", fifth, false)
	for range 2 * mostSessions {
		sessions.Begin(Caller{Name: "aigerim"}, "entry")
	}
	if len(sessions.held) > mostSessions {
		t.Errorf("%d sessions are held", len(sessions.held))
	}
}

func TestBadUsersAreNotMade(t *testing.T) {
	file := filepath.Join(t.TempDir(), "tokens.yaml")
	added(t, file, Caller{Name: "aigerim", Role: Officer})
	for _, tt := range []struct {
		caller   Caller
		password string
		want     string
	}{
		{Caller{Name: "aigerim", Role: Officer}, right, "exists already"},
		{Caller{Name: "a b", Role: "boss", Sites: []string{"A"}}, "short", "want 1 to 64 letters"},
		{Caller{Name: "x", Role: Ops}, "eleven_char", "11 characters: want at least 12"},
		{Caller{Name: "x", Role: "boss"}, right, "there are analyst ops security officer"},
	} {
		if err := AddUser(file, tt.caller, tt.password, time.Now()); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("AddUser(%+v) error = %v, want %q", tt.caller, err, tt.want)
		}
	}
	if err := RemoveUser(file, "nobody"); err == nil || !strings.Contains(err.Error(), "there are aigerim") {
		t.Errorf("RemoveUser error = %v", err)
	}
}

func TestAHashThatCostsTooMuchOrIsNoneIsRefused(t *testing.T) {
	good := hashed(right)
	parts := strings.Split(good, "$")
	with := func(costs string) string { return strings.Replace(good, parts[3], costs, 1) }
	for _, bad := range []string{
		"", right, strings.Replace(good, "argon2id", "argon2i", 1), with("m=99999999,t=3,p=1"), with("m=65536,t=0,p=1"), with("m=65536,t=3,p=0"),
		with("m=65536,t=999,p=1"), good[:len(good)-30], strings.Replace(good, parts[4], "", 1), good + "$x",
	} {
		if _, err := parseSecret(bad); err == nil {
			t.Errorf("%q was taken", bad)
		} else if bad != "" && strings.Contains(err.Error(), bad) {
			t.Errorf("the error quotes the hash: %v", err)
		}
	}
	s, err := parseSecret(good)
	if err != nil || !s.matches(right) || s.matches(wrong) {
		t.Errorf("the hash of a password: %v", err)
	}
}

// FuzzSecret: no text in the file makes the program fail or take what it cannot afford.
func FuzzSecret(f *testing.F) {
	f.Add("$argon2id$v=19$m=65536,t=3,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	f.Add("$argon2id$v=19$m=8,t=1,p=255$$")
	f.Fuzz(func(t *testing.T, text string) {
		if s, err := parseSecret(text); err == nil && (s.memoryKiB > mostKiB || s.passes > mostPasses || s.lanes == 0) {
			t.Errorf("%+v", s)
		}
	})
}

func TestPasswordsAreNotLookedAtWhileTooManyWereWrong(t *testing.T) {
	now := time.Unix(1e9, 0)
	f := NewFailures(func() time.Time { return now })
	one, other := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	for i := range failuresAtOnce {
		if wait := f.Wait(one, "aigerim"); wait != 0 {
			t.Fatalf("before failure %d it waits %v", i+1, wait)
		}
		f.Failed(one, "aigerim")
	}
	for _, tt := range []struct {
		client netip.Addr
		user   string
		waits  bool
	}{{one, "aigerim", true}, {one, "somebody", false}, {other, "aigerim", false}, {other, "somebody", false}} {
		if wait := f.Wait(tt.client, tt.user); wait > 0 != tt.waits {
			t.Errorf("%s as %s waits %v", tt.client, tt.user, wait)
		}
	}
	now = now.Add(failureInterval)
	if wait := f.Wait(one, "aigerim"); wait != 0 {
		t.Errorf("after the wait it waits another %v", wait)
	}
	for i := range 200 {
		f.Failed(one, fmt.Sprint("name ", i))
	}
	if wait := f.Wait(one, "somebody"); wait == 0 {
		t.Error("an address may try every name")
	}
}

// Whoever knows a name can have wrong passwords counted for it. The person must get in all the same.
func TestNobodyCanLockAnotherPersonOut(t *testing.T) {
	now := time.Unix(1e9, 0)
	f := NewFailures(func() time.Time { return now })
	office, home := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8:1::1")
	f.Succeeded(office, "aigerim")
	for i := range 20 {
		attacker := netip.AddrFrom4([4]byte{203, 0, 113, byte(i)})
		for range failuresAtOnce {
			f.Failed(attacker, "aigerim")
		}
	}
	if wait := f.Wait(office, "aigerim"); wait != 0 {
		t.Errorf("where she has logged in before, she waits %v", wait)
	}
	if wait := f.Wait(home, "aigerim"); wait == 0 {
		t.Error("from anywhere else, a name may be tried for ever")
	}
	if now = now.Add(36 * time.Second); f.Wait(home, "aigerim") != 0 {
		t.Error("anywhere else she cannot log in after the wait")
	}
	for i := range addressesKept {
		f.Succeeded(netip.AddrFrom4([4]byte{198, 51, 100, byte(i)}), "aigerim")
	}
	if n := len(f.known["aigerim"]); n != addressesKept || f.Wait(office, "aigerim") != 0 {
		t.Errorf("%d addresses are remembered", n)
	}
	f.Failed(home, "aigerim")
	if f.Wait(office, "aigerim") == 0 {
		t.Error("an address of long ago is remembered")
	}
}

func BenchmarkPassword(b *testing.B) {
	s, err := parseSecret(hashed(right))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if s.matches(wrong) {
			b.Fatal("a wrong password is right")
		}
	}
}
