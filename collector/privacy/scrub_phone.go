package privacy

import "bytes"

// group is a run of digits within a chain.
type group struct{ first, size int }

// maxGroups is more than anybody writes a telephone number in.
const maxGroups = 7

// phoneAt is the length in digits of the telephone number that begins at digit i of the chain, or 0. A number begins
// with a group. Years, dates, prices, versions, coordinates and short numbers have other groups or first digits.
func (s *scrubber) phoneAt(i int) int {
	d, f, at := s.digits, s.folded, s.digits[i].at
	if i > 0 && adjacent(d, i) || f[at] == gone {
		return 0
	}
	var room [maxGroups]group
	groups := s.groups(room[:0], i)
	before := f[max(at-2, 0):at]
	open := bytes.HasSuffix(before, []byte("("))
	switch {
	case bytes.HasSuffix(before, []byte("+")), string(before) == "+(":
		return international(groups, d[i].value == 7)
	case len(before) == 2 && isDigit(before[0]) && before[1] == '.':
		return 0 // decimals
	}
	total := 0
	for n, g := range groups {
		total += g.size
		vague := total == 10 && local(groups[:n+1], d[i:], open) || n+1 == len(groups) && dialled(groups[0], total, d[i:])
		if total == 11 && national(groups[:n+1], d[i:]) || vague && s.isUsual(i, total) {
			return total
		}
	}
	return 0
}

// isUsual tells whether nothing but the usual separators stands between these digits: three numbers of a list, and a time with its
// fraction, are grouped like a telephone number too.
func (s *scrubber) isUsual(first, count int) bool {
	for _, c := range s.folded[s.digits[first].at:s.digits[first+count-1].at] {
		if isRareSeparator(c) {
			return false
		}
	}
	return true
}

// dialled: 00 and an international number.
func dialled(first group, total int, d []digit) bool {
	return total >= 11 && total <= 17 && first.size > 1 && d[0].value == 0 && d[1].value == 0
}

// groups are the runs of digits from digit i on.
func (s *scrubber) groups(dst []group, i int) []group {
	for first := i; first < len(s.digits) && len(dst) < maxGroups; {
		end := first + 1
		for end < len(s.digits) && adjacent(s.digits, end) {
			end++
		}
		dst = append(dst, group{first, end - first})
		first = end
	}
	return dst
}

// international: +7 and ten digits, or any other country's 9 to 15.
func international(groups []group, seven bool) int {
	const shortest, longest, ofSeven = 9, 15, 11
	total := 0
	for _, g := range groups {
		if seven && total == ofSeven || total+g.size > longest {
			break
		}
		total += g.size
	}
	if total < shortest {
		return 0
	}
	return total
}

// national: 8 or 7, an area code that does not begin with 0, 1 or 2, and the rest: 8 (701) 123-45-67, 87011234567.
func national(groups []group, d []digit) bool {
	if d[0].value != 7 && d[0].value != 8 || d[1].value < 3 {
		return false
	}
	switch groups[0].size {
	case 1:
		return groups[1].size >= 3
	case 4, 5, 6, 7, 11:
		return true
	}
	return false
}

// local: the same without the 8.
func local(groups []group, d []digit, open bool) bool {
	if open {
		return groups[0].size >= 3 && groups[0].size <= 5 && d[0].value >= 3
	}
	switch groups[0].size {
	case 10:
		return d[0].value == 7 || d[0].value == 9
	case 3:
		return d[0].value >= 3 && len(groups) >= 2 && (groups[1].size == 7 || groups[1].size == 3 && !thousands(groups))
	}
	return false
}

// thousands tells 700 000 000 0 apart, which no telephone number is grouped like.
func thousands(groups []group) bool {
	return len(groups) > 2 && groups[2].size != 2 && groups[2].size != 4
}
