package audit

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"strings"
	"time"
)

// link is an entry in its chain: a row of audit_log.
type link struct {
	Entry

	writer   string
	sequence uint64
	at       time.Time // to the microsecond
	previous string
	seen     []string // writer:sequence:hash
	hash     string
}

// sum is the hash of everything else. Each part stands with its length, so no two entries have one text.
func (l *link) sum() string {
	parts := []string{
		"1", l.writer, strconv.FormatUint(l.sequence, 10), strconv.FormatInt(l.at.UnixMicro(), 10),
		l.Who, l.Role, l.Action, l.Ticket, l.Site, l.Why, l.Detail, l.previous, strconv.Itoa(len(l.seen)),
	}
	hash := sha256.New()
	for _, part := range append(parts, l.seen...) {
		_, _ = hash.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(part)))) // a hash never fails
		_, _ = hash.Write([]byte(part))
	}
	return hex.EncodeToString(hash.Sum(nil))
}

func (l *link) place() place { return place{l.writer, l.sequence} }

// place is where an entry stands.
type place struct {
	writer   string
	sequence uint64
}

func (p place) String() string { return p.writer + ":" + strconv.FormatUint(p.sequence, 10) }

// parseSeen reads one entry that another holds.
func parseSeen(text string) (p place, hash string, ok bool) {
	parts := strings.Split(text, ":")
	if len(parts) != 3 {
		return place{}, "", false
	}
	sequence, err := strconv.ParseUint(parts[1], 10, 64)
	return place{parts[0], sequence}, parts[2], err == nil
}
