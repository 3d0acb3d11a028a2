// Package consent is what a visitor chose at a site, as the site's cookie carries it.
//
//	__Host-mayak-SITE=1.LEVEL.POLICY.DAY.ID     1.analytics.2026-11.2026-11-22.Zm9vYmFyYmF6cXV4cXV1eA
//	__Host-mayak-SITE=1.LEVEL.POLICY.DAY        1.refused.2026-11.2026-11-22
//
// The prefix __Host- has the browser refuse the cookie from everybody but the collector's own host, over HTTPS or on the machine itself, so
// that no neighbour of the same domain can choose for a visitor or give them a number that it knows.
//
// LEVEL is what was chosen, POLICY the version of the policy that it was chosen under, DAY the day (UTC) on which, and ID 16
// random bytes in base64url. Only who consented has an ID; the cookie of one who did not holds the word and nothing to know
// the browser by. The choice travels with the visitor, so collectors share nothing. It counts for Lifetime; a consent counts only
// under the policy that it was given to, while a refusal stands until another choice is made.
package consent

import (
	"crypto/rand"
	"encoding/base64"
	"strings"
	"time"

	"mayak/schema/event"
)

// Lifetime is how long a choice counts.
const Lifetime = 180 * 24 * time.Hour

const (
	prefix  = "__Host-mayak-"
	version = "1"
)

// ID is what a browser of somebody who consented is known by. The zero ID is none.
type ID [16]byte

// NewID makes an ID that nobody can guess.
func NewID() (id ID) {
	_, _ = rand.Read(id[:]) // never fails
	return id
}

// ParseID reads an ID as it stands in a cookie.
func ParseID(text string) (ID, bool) {
	var id ID
	if base64.RawURLEncoding.DecodedLen(len(text)) != len(id) {
		return ID{}, false
	}
	n, err := base64.RawURLEncoding.Strict().Decode(id[:], []byte(text))
	return id, err == nil && n == len(id) && id != ID{}
}

func (id ID) String() string { return base64.RawURLEncoding.EncodeToString(id[:]) }

// Choice is what a visitor chose. The zero Choice is none.
type Choice struct {
	Level  event.Level
	Policy string    // version of the policy that was in force
	Day    time.Time // its midnight, UTC
	ID     ID        // of who consented
}

// Made tells whether there is a choice.
func (c Choice) Made() bool { return !c.Day.IsZero() }

// Name is the name of a site's cookie.
func Name(site string) string { return prefix + site }

// Read finds a site's choice in a Cookie header. Without one, with one that is not of the form, and with two, of which one must
// be from somewhere else, it is the zero Choice.
func Read(header, site string) Choice {
	found := ""
	for rest := header; rest != ""; {
		var pair string
		pair, rest, _ = strings.Cut(rest, ";")
		pair = strings.Trim(pair, " \t")
		value, ours := valueOf(pair, site)
		switch {
		case !ours:
		case found != "":
			return Choice{}
		default:
			found = value
		}
	}
	choice, _ := Parse(found)
	return choice
}

func valueOf(pair, site string) (string, bool) {
	rest, ours := strings.CutPrefix(pair, prefix)
	if !ours {
		return "", false
	}
	name, value, _ := strings.Cut(rest, "=")
	return value, name == site
}

// Parse reads a cookie's value.
func Parse(value string) (Choice, bool) {
	number, rest, _ := strings.Cut(value, ".")
	word, rest, _ := strings.Cut(rest, ".")
	level, known := event.ParseLevel(word)
	if number != version || !known {
		return Choice{}, false
	}
	c := Choice{Level: level}
	if level.Consents() {
		dot := strings.LastIndexByte(rest, '.')
		if dot < 0 {
			return Choice{}, false
		}
		if c.ID, known = ParseID(rest[dot+1:]); !known {
			return Choice{}, false
		}
		rest = rest[:dot]
	}
	// A policy's version may have dots of its own.
	dot := strings.LastIndexByte(rest, '.')
	if dot <= 0 {
		return Choice{}, false
	}
	day, err := time.Parse(time.DateOnly, rest[dot+1:])
	if err != nil {
		return Choice{}, false
	}
	c.Policy, c.Day = rest[:dot], day
	return c, true
}

// Value is the inverse of Parse.
func (c Choice) Value() string {
	value := version + "." + c.Level.String() + "." + c.Policy + "." + c.Day.Format(time.DateOnly)
	if c.Level.Consents() {
		value += "." + c.ID.String()
	}
	return value
}

// Under is the level that the choice gives now, under a policy of this version. No choice, a consent to another policy and a
// choice that is too old are essential.
func (c Choice) Under(policy string, now time.Time) event.Level {
	switch {
	case !c.lasts(now):
		return event.Essential
	case c.Policy != policy:
		return min(c.Level, event.Essential)
	default:
		return c.Level
	}
}

// Asks tells whether the visitor is to be asked, for the first time or again.
func (c Choice) Asks(policy string, now time.Time) bool { return !c.lasts(now) || c.Policy != policy }

// lasts allows for a clock that was a day ahead when the choice was made.
func (c Choice) lasts(now time.Time) bool {
	age := now.Sub(c.Day)
	return c.Made() && age >= -24*time.Hour && age < Lifetime+24*time.Hour
}

// To is the choice of another level, made now. Who consents keeps the ID that there is, so that what was kept under it can still be
// found; who does not has none.
func (c Choice) To(level event.Level, policy string, now time.Time) Choice {
	next := Choice{Level: level, Policy: policy, Day: now.UTC().Truncate(24 * time.Hour)}
	if level.Consents() {
		if next.ID = c.ID; next.ID == (ID{}) {
			next.ID = NewID()
		}
	}
	return next
}
