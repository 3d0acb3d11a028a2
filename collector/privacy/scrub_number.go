package privacy

import "strings"

// digit is one digit of a chain: digits with nothing but a few separators between them.
type digit struct {
	value byte
	at    int // in the folded text
}

// maxGap is how many separators may stand between two digits of one number, as in "+7 (701) - 123".
const maxGap = 3

func isSeparator(c byte) bool {
	switch c {
	case ' ', '-', '.', '(', ')', '/', '_', '+':
		return true
	}
	return isRareSeparator(c)
}

// isRareSeparator knows those that mostly stand between numbers, or in times, and seldom within one.
func isRareSeparator(c byte) bool { return c == ',' || c == '*' || c == ':' || c == '|' }

// findNumbers marks cards, identity numbers and telephone numbers.
func (s *scrubber) findNumbers() {
	f := s.folded
	for i := 0; i < len(f); {
		if !isDigit(f[i]) {
			i++
			continue
		}
		s.digits = s.digits[:0]
		gap := 0
		for ; i < len(f) && gap <= maxGap; i++ {
			switch {
			case isDigit(f[i]):
				s.digits, gap = append(s.digits, digit{f[i] - '0', i}), 0
				continue
			case isSeparator(f[i]):
				gap++
				continue
			}
			break
		}
		s.findInChain()
	}
}

// holdsNumber tells whether an id has an account, card, identity or telephone number in it. Programs make ids, out of
// clocks and counters: only a whole run of digits is looked at, or half of all nanoseconds would be somebody's number.
func (s *scrubber) holdsNumber(id string) bool {
	const fewest = 10
	digits := digitCount(id)
	if digits < fewest {
		return false
	}
	s.fold(id, false)
	s.spans = s.spans[:0]
	s.findIBANs()
	if digits <= 12 && digits+strings.Count(id, "-") == len(id) {
		s.findNumbers() // as a person writes a telephone number
	}
	if len(s.spans) > 0 {
		return true
	}
	for i := 0; i < len(id); i++ {
		s.digits = s.digits[:0]
		for ; i < len(id) && isDigit(id[i]); i++ {
			s.digits = append(s.digits, digit{id[i] - '0', i})
		}
		if len(s.digits) >= fewest && s.isNumber() {
			return true
		}
	}
	return false
}

// isNumber tells whether all the digits together are a card, identity or telephone number.
func (s *scrubber) isNumber() bool {
	d := s.digits
	switch n := len(d); {
	case n == 12 && isIIN(d), n >= 13 && n <= 19 && cardPrefix(d, n) && luhn(d):
		return true
	default:
		return n <= 13 && s.phoneAt(0) == n
	}
}

// findInChain looks at every digit of the chain as the first of a number.
func (s *scrubber) findInChain() {
	d := s.digits
	for i := 0; i < len(d); {
		n, mark := numberAt(d[i:])
		if n == 0 {
			n, mark = s.phoneAt(i), markPhone
		}
		if n == 0 {
			i++
			continue
		}
		from, to := i, i+n
		for from > 0 && adjacent(d, from) && s.folded[d[from-1].at] != gone {
			from-- // what is left of a number would only puzzle
		}
		for to < len(d) && adjacent(d, to) {
			to++
		}
		begin := d[from].at
		if mark == markPhone && begin > 0 && (s.folded[begin-1] == '+' || s.folded[begin-1] == '(') {
			begin--
			if begin > 0 && s.folded[begin-1] == '+' {
				begin--
			}
		}
		s.mark(begin, d[to-1].at+1, mark)
		i = to
	}
}

// adjacent tells whether nothing stands between d[i-1] and d[i].
func adjacent(d []digit, i int) bool { return d[i].at == d[i-1].at+1 }

// numberAt is the length in digits of the card or identity number that d begins with, or 0.
func numberAt(d []digit) (int, string) {
	for n := min(len(d), 19); n >= 13; n-- {
		if cardPrefix(d, n) && grouped(d[:n], cardGroup) && luhn(d[:n]) {
			return n, markCard
		}
	}
	if len(d) >= 12 && grouped(d[:12], iinGroup) && isIIN(d[:12]) {
		return 12, markIIN
	}
	const longest = 20 // a number with more digits is no count, date or price
	for n := 1; n <= len(d); n++ {
		if n == longest {
			return n, markToken
		}
		if n == len(d) || !adjacent(d, n) {
			break
		}
	}
	return 0, ""
}

// grouped tells whether separators stand only where the number may have them, and at most two at a place.
func grouped(d []digit, may func(n, at int) bool) bool {
	for i := 1; i < len(d); i++ {
		if gap := d[i].at - d[i-1].at - 1; gap > 2 || gap > 0 && !may(len(d), i) {
			return false
		}
	}
	return true
}

// cardGroup: in fours, or 4-6-5 and 4-6-4 for the short ones.
func cardGroup(n, at int) bool { return at%4 == 0 && n > 15 || n <= 15 && (at%4 == 0 || at == 10) }

// iinGroup: as a date and the rest, in threes or in fours.
func iinGroup(_, at int) bool {
	switch at {
	case 2, 3, 4, 6, 8, 9:
		return true
	}
	return false
}

// cardPrefix knows the issuers, those of Central Asia too. It keeps four of five numbers from being cards by chance.
func cardPrefix(d []digit, n int) bool {
	head := (int(d[0].value)*10+int(d[1].value))*100 + int(d[2].value)*10 + int(d[3].value)
	two := head / 100
	switch {
	case d[0].value == 4:
		return n == 13 || n == 16 || n == 19
	case two >= 51 && two <= 55, head >= 2221 && head <= 2720, head == 8600, head == 9860:
		return n == 16
	case two == 34, two == 37:
		return n == 15
	case two == 36, two == 38, two == 39, head >= 3000 && head <= 3059:
		return n == 14
	case head >= 2200 && head <= 2204, two == 35, two == 62, two == 64, two == 65, head == 6011:
		return n >= 16
	case two == 50, two >= 56 && two <= 69:
		return true
	}
	return false
}

func luhn(d []digit) bool {
	sum, nonZero := 0, false
	for i := range d {
		v := int(d[len(d)-1-i].value)
		nonZero = nonZero || v != 0
		if i%2 == 1 {
			if v *= 2; v > 9 {
				v -= 9
			}
		}
		sum += v
	}
	return sum%10 == 0 && nonZero
}

// isIIN checks an individual's or a business's number of Kazakhstan: a plausible date, a plausible kind, the check digit.
func isIIN(d []digit) bool {
	v := func(i int) int { return int(d[i].value) }
	month, day := v(2)*10+v(3), v(4)*10+v(5)
	individual := day >= 1 && day <= 31 && v(6) <= 6
	business := v(4) >= 4 && v(4) <= 6 && v(5) <= 4
	if month < 1 || month > 12 || !individual && !business {
		return false
	}
	first, second := 0, 0
	for i := range 11 {
		first += v(i) * (i + 1)
		second += v(i) * ((i+2)%11 + 1)
	}
	check := first % 11
	if check == 10 {
		check = second % 11
	}
	return check != 10 && check == v(11)
}
