package privacy

import (
	"bytes"
	"slices"
)

func isRun(c byte) bool { return isAlnum(c) || c == '-' || c == '_' }

// findJWTs marks signed tokens: base64 of {" and at least one dot.
func (s *scrubber) findJWTs() {
	f := s.folded
	for i := 0; i+shortRun <= len(f); i++ {
		if f[i] != 'e' || f[i+1] != 'y' || f[i+2] != 'J' || i > 0 && isAlnum(f[i-1]) {
			continue
		}
		end, dots := i, 0
		for end < len(f) && (isRun(f[end]) || f[end] == '.') {
			if f[end] == '.' {
				dots++
			}
			end++
		}
		if dots > 0 && end-i >= shortRun {
			s.mark(i, end, markToken)
		}
		i = end
	}
}

// findUUIDs marks 8-4-4-4-12 hexadecimal digits.
func (s *scrubber) findUUIDs() {
	const form = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"
	f := s.folded
next:
	for i := 0; i+len(form) <= len(f); i++ {
		if i > 0 && isAlnum(f[i-1]) || i+len(form) < len(f) && isAlnum(f[i+len(form)]) {
			continue
		}
		for k := range len(form) {
			if form[k] == 'x' && !isHex(f[i+k]) || form[k] == '-' && f[i+k] != '-' {
				continue next
			}
		}
		s.mark(i, i+len(form), s.uuid)
	}
}

// shortCredential is the fewest characters that a credential after its scheme has.
const shortCredential = 8

// findCredentials marks what follows Bearer or Basic, unless it is a word.
func (s *scrubber) findCredentials() {
	f := s.folded
	for i := range f {
		var size int
		switch {
		case hasFold(f[i:], "bearer "):
			size = len("bearer ")
		case hasFold(f[i:], "basic "):
			size = len("basic ")
		default:
			continue
		}
		from := skip(f, i+size, isBlank)
		end := skip(f, from, isCredential)
		if end-from >= shortCredential && bytes.ContainsAny(f[from+1:end], "0123456789=ABCDEFGHIJKLMNOPQRSTUVWXYZ") {
			s.mark(from, end, markToken)
		}
	}
}

func isCredential(c byte) bool { return isRun(c) || bytes.IndexByte([]byte("._~+/="), c) >= 0 }

// hasFold tells whether f begins with the lower-case ASCII text, in whatever case.
func hasFold(f []byte, lower string) bool {
	if len(f) < len(lower) {
		return false
	}
	for i := range len(lower) {
		c := f[i]
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

// findNamedSecrets marks the value after the name of a secret: password=..., "token": "...", тел. 250-25-25.
func (s *scrubber) findNamedSecrets() {
	f := s.folded
	for i := range f {
		if f[i] != '=' && f[i] != ':' && f[i] != '.' {
			continue
		}
		mark := s.secretBefore(i)
		switch {
		case mark == "":
		case mark == markToken && f[i] != '.':
			s.markValue(i)
		case mark != markToken:
			s.markDigits(i+1, mark)
		}
	}
}

// secretBefore is the marker for a value whose name ends before i, or "".
func (s *scrubber) secretBefore(i int) string {
	const longest = 24
	f := s.folded
	end := skipBack(f, i, func(c byte) bool { return c == ' ' || c == '"' || c == '\'' })
	begin := skipBack(f, end, func(c byte) bool { return isRun(c) || c == letter || c == letterO })
	if begin == end || end-begin > longest {
		return ""
	}
	var room [2 * longest]byte
	name := room[:0]
	for _, c := range []byte(s.source[s.at[begin]:s.at[end]]) {
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		if c != '-' && c != '_' && len(name) < cap(name) {
			name = append(name, c)
		}
	}
	return secretName(name)
}

func secretName(name []byte) string {
	switch string(name) {
	case "password", "passwd", "pwd", "pass", "passphrase", "secret", "clientsecret", "token", "accesstoken", "refreshtoken",
		"idtoken", "authtoken", "csrftoken", "csrf", "xsrf", "apikey", "auth", "authorization", "session", "sessionid", "sessid", "sid",
		"jsessionid", "phpsessid", "aspnetsessionid", "cookie", "otp", "pin", "pincode", "cvv", "cvc", "signature", "sig", "hmac", "jwt",
		"ticket", "login", "username", "passport", "пароль", "Пароль", "логин", "Логин", "токен", "құпиясөз", "Құпиясөз", "пин", "ПИН":
		return markToken
	case "tel", "phone", "phonenumber", "telephone", "mobile", "whatsapp", "fax",
		"тел", "Тел", "ТЕЛ", "телефон", "Телефон", "моб", "Моб", "факс", "Факс":
		return markPhone
	case "iin", "bin", "иин", "ИИН", "бин", "БИН", "жсн", "ЖСН", "бсн", "БСН":
		return markIIN
	}
	return ""
}

// markValue marks the value after the = or : at i. After a colon an unquoted word stays: "Password: forgotten".
func (s *scrubber) markValue(i int) {
	f := s.folded
	from := skip(f, i+1, isBlank)
	if from == len(f) || s.isMarker(from) || f[from] == '/' {
		return
	}
	if quote := f[from]; quote == '"' || quote == '\'' {
		if size := bytes.IndexByte(f[from+1:], quote); size > 0 && !s.isMarker(from+1) {
			s.mark(from+1, from+1+size, markToken)
		}
		return
	}
	end := skip(f, from, isValue)
	if end > from && (f[i] == '=' || bytes.ContainsAny(f[from:end], "0123456789")) {
		s.mark(from, end, markToken)
	}
}

func isValue(c byte) bool { return c != gone && bytes.IndexByte([]byte(" &;,\"'<>(){}#|[]"), c) < 0 }

// markDigits marks the number that begins within a few characters of i.
func (s *scrubber) markDigits(i int, mark string) {
	const fewest = 5
	f := s.folded
	from := i
	for from < len(f) && from-i <= maxGap && (isSeparator(f[from]) || f[from] == '"') {
		from++
	}
	end, digits := from, 0
	for k := from; k < len(f) && k-end <= maxGap && (isDigit(f[k]) || isSeparator(f[k])); k++ {
		if isDigit(f[k]) {
			digits++
			end = k + 1
		}
	}
	if digits >= fewest {
		s.mark(from, end, mark)
	}
}

// findTokens marks long runs of letters and digits that no word or slug looks like.
func (s *scrubber) findTokens() {
	f := s.folded
	for i := 0; i < len(f); i++ {
		if !isRun(f[i]) {
			continue
		}
		end := i
		for end < len(f) && isRun(f[end]) {
			end++
		}
		if end-i >= shortRun && opaque(f[i:end]) {
			for end < len(f) && (f[end] == '=' || f[end] == '+') {
				end++
				for end < len(f) && isRun(f[end]) {
					end++
				}
			}
			s.mark(i, end, markToken)
		}
		i = end
	}
}

// opaque looks at the pieces between hyphens and underscores that are long for a word, and counts how often letters and
// digits, capitals and small letters take turns: a random string does so at every second character, a camel at every
// sixth. A host name's punycode looks random and is none.
func opaque(run []byte) bool {
	const long, oftenDigits = 8, 4
	if hasFold(run, "xn--") {
		return false
	}
	digits, turns, size := 0, 0, 0
	for piece := range slices.Values(bytes.FieldsFunc(run, func(r rune) bool { return r == '-' || r == '_' })) {
		if len(piece) < long {
			continue
		}
		size += len(piece)
		for i := 1; i < len(piece); i++ {
			a, b := shape(piece[i-1]), shape(piece[i])
			if a != b {
				turns++
				if a == 0 || b == 0 {
					digits++
				}
			}
		}
	}
	return digits >= oftenDigits || size >= shortRun*3/4 && 2*turns >= size
}

func shape(c byte) int {
	switch {
	case isDigit(c):
		return 0
	case c >= 'a':
		return 1
	}
	return 2
}
