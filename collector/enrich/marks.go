package enrich

import "strings"

// markIndex finds the first of a table's marks that an agent holds in one pass over the agent, however long the table is:
// by the hash of the three bytes that a mark begins with.
type markIndex struct {
	marks []string
	at    [markBuckets][]uint16 // positions in marks
}

const markBuckets = 1024

func indexMarks[T any](table []T, markOf func(T) string) *markIndex {
	m := new(markIndex)
	for i, entry := range table {
		mark := markOf(entry)
		at := bucket(mark) % markBuckets
		m.at[at] = append(m.at[at], uint16(i))
		m.marks = append(m.marks, mark)
	}
	return m
}

// first is the position of the mark that stands first in the table and where a word of the agent starts, as hasWord has it:
// "cros" is in no Microsoft, "ios/" in no CriOS. It is -1 when there is none.
func (m *markIndex) first(ua *scanned) int {
	found := len(m.marks)
	inWord := false
	for i := 0; i+botHead <= len(ua.lower); i++ {
		follows := inWord
		inWord = isAlphanumeric(ua.lower[i])
		if inWord && follows {
			continue
		}
		for _, at := range m.at[bucket(ua.lower[i:])%markBuckets] {
			if int(at) < found && strings.HasPrefix(ua.lower[i:], m.marks[at]) {
				found = int(at)
			}
		}
	}
	if found == len(m.marks) {
		return -1
	}
	return found
}
