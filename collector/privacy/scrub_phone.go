package privacy

// group is a run of digits within a chain.
type group struct{ first, size int }

// maxGroups is more than anybody writes a telephone number in.
const maxGroups = 7

// phoneAt is the length in digits of the telephone number that begins at digit i of the chain, or 0. A number begins
// with a group. Years, dates, prices, versions, coordinates and short numbers have other groups or first digits.
func (s *scrubber) phoneAt(i int) int {
	d, f := s.digits, s.folded
	if i > 0 && adjacent(d, i) || f[d[i].at] == gone {
		return 0
	}
	at := d[i].at
	plus := at > 0 && f[at-1] == '+' || at > 1 && f[at-1] == '(' && f[at-2] == '+'
	if !plus && at > 1 && f[at-1] == '.' && isDigit(f[at-2]) {
		return 0 // decimals
	}
	var room [maxGroups]group
	groups := s.groups(room[:0], i)
	if plus {
		return international(groups, d[i].value == 7)
	}
	total := 0
	for n, g := range groups {
		total += g.size
		open := at > 0 && f[at-1] == '('
		switch {
		case total == 11 && national(groups[:n+1], d[i:]),
			total == 10 && local(groups[:n+1], d[i:], open),
			total >= 11 && total <= 15 && d[i].value == 0 && groups[0].size > 1 && d[i+1].value == 0 && n+1 == len(groups):
			return total
		}
	}
	return 0
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
