package audit

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Verified is what a check of the log found.
type Verified struct {
	Entries  int      `json:"entries"`
	Chains   int      `json:"chains"`
	Anchors  int      `json:"anchors"`  // entries that the file of this machine knows
	Expired  int      `json:"expired"`  // of these, how many are gone because their time was over
	Head     string   `json:"head"`     // hash of all chains' newest entries: to be written down elsewhere
	Problems []string `json:"problems"` // none: nothing was changed, and nothing is missing
}

// mostProblems are told one by one.
const mostProblems = 100

// check is a check under way.
type check struct {
	Verified

	edge     time.Time // what was written before may be gone
	rows     map[place]string
	links    []crossing
	heads    []string
	anchored map[place]anchored
	more     int
}

// crossing is what an entry holds of another chain.
type crossing struct {
	from place
	at   time.Time
	to   place
	hash string
}

func (c *check) tell(format string, arguments ...any) {
	if len(c.Problems) == mostProblems {
		c.more++
		return
	}
	c.Problems = append(c.Problems, fmt.Sprintf(format, arguments...))
}

// slack is how much earlier or later than by the clock of the writer the database lets rows go.
const slack = 48 * time.Hour

// Verify checks every entry, and that none is missing of those that other entries and the anchors know. Entries may be gone that are
// older than kept.
func (l *Log) Verify(ctx context.Context, kept time.Duration) (*Verified, error) {
	known, problems, err := l.anchors.read()
	if err != nil {
		return nil, err
	}
	c := &check{Verified: Verified{Problems: append([]string{}, problems...)}, edge: l.o.Now().Add(slack - kept), rows: map[place]string{}, anchored: map[place]anchored{}}
	for _, a := range known {
		c.anchored[a.place] = a
	}
	c.Anchors = len(known)
	if err := l.follow(ctx, c); err != nil {
		return nil, err
	}
	c.compare()
	slices.Sort(c.heads)
	head := link{writer: strings.Join(c.heads, " ")}
	c.Head = head.sum()
	if c.more > 0 {
		c.Problems = append(c.Problems, fmt.Sprintf("and %d more", c.more))
	}
	return &c.Verified, nil
}

// follow reads each chain from its beginning.
func (l *Log) follow(ctx context.Context, c *check) error {
	rows, err := l.o.Conn.Query(ctx, `SELECT writer, sequence, at, who, role, action, ticket, site, why, detail, previous, seen, hash
		FROM audit_log ORDER BY writer, sequence`)
	if err != nil {
		return fmt.Errorf("read audit log: %w", err)
	}
	defer func() { _ = rows.Close() }() // rows.Err tells
	var before link
	for rows.Next() {
		var now link
		err := rows.Scan(&now.writer, &now.sequence, &now.at, &now.Who, &now.Role, &now.Action, &now.Ticket, &now.Site, &now.Why, &now.Detail,
			&now.previous, &now.seen, &now.hash)
		if err != nil {
			return fmt.Errorf("read audit log: %w", err)
		}
		c.add(&before, &now)
		before = now
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read audit log: %w", err)
	}
	if before.writer != "" {
		c.heads = append(c.heads, before.hash)
	}
	return nil
}

// add looks at an entry and the one before it.
func (c *check) add(before, now *link) {
	c.Entries++
	if now.sum() != now.hash {
		c.tell("entry %s was changed", now.place())
	}
	if _, twice := c.rows[now.place()]; twice {
		c.tell("entry %s stands twice", now.place())
		return
	}
	c.rows[now.place()] = now.hash
	switch {
	case before.writer != now.writer:
		c.Chains++
		if before.writer != "" {
			c.heads = append(c.heads, before.hash)
		}
		c.begin(now)
	case now.sequence != before.sequence+1:
		c.tell("%s", missing(now.writer, before.sequence+1, now.sequence-1))
	case now.previous != before.hash:
		c.tell("entry %s does not follow the one before it: one of the two was changed", now.place())
	}
	for _, text := range now.seen {
		if to, hash, ok := parseSeen(text); ok {
			c.links = append(c.links, crossing{now.place(), now.at, to, hash})
		}
	}
}

// begin looks at the oldest entry of a chain that there is. Those before it may be gone because their time was over.
func (c *check) begin(first *link) {
	if first.sequence == 1 {
		return
	}
	last := place{first.writer, first.sequence - 1}
	if known, ok := c.anchored[last]; ok && known.at.Before(c.edge) && known.hash == first.previous {
		return
	}
	c.tell("%s", missing(first.writer, 1, last.sequence))
}

func missing(writer string, from, to uint64) string {
	if from == to {
		return fmt.Sprintf("entry %s:%d is missing", writer, from)
	}
	return fmt.Sprintf("entries %s:%d to %d are missing", writer, from, to)
}

// compare holds what is there to what others know of it.
func (c *check) compare() {
	told := map[place]bool{}
	for p, a := range c.anchored {
		hash, there := c.rows[p]
		switch {
		case !there && a.at.Before(c.edge):
			c.Expired++
		case !there:
			told[p] = true
			c.tell("entry %s is missing: the anchors know it, of %s", p, a.at.Format(time.RFC3339))
		case hash != a.hash:
			told[p] = true
			c.tell("entry %s was changed: the anchors know it otherwise", p)
		}
	}
	for _, x := range c.links {
		hash, there := c.rows[x.to]
		switch {
		case told[x.to] || !there && x.at.Add(-25*time.Hour).Before(c.edge):
		case !there:
			told[x.to] = true
			c.tell("entry %s is missing: entry %s knows it", x.to, x.from)
		case hash != x.hash:
			told[x.to] = true
			c.tell("entry %s was changed: entry %s knows it otherwise", x.to, x.from)
		}
	}
	slices.Sort(c.Problems)
}
