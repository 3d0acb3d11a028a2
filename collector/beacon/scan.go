package beacon

import (
	"bytes"
	"unicode/utf8"
)

// Bounds of a body. Fifty hits with all that the script tells have some 3,000 tokens.
const (
	maxDepth  = 6
	maxTokens = 4096
)

// scan checks what must hold before a body may be parsed: that it is text, and that it asks for no more memory than a
// sensible batch. The parser takes 80 bytes for a value that the body may spell in two, repeats its input in its errors
// at each depth, and takes NaN and Infinity for numbers; what scan lets through gives it no occasion. It returns
// the number of tokens.
func scan(body []byte) (int, problem) {
	if !utf8.Valid(body) {
		return 0, problem{"body", "want UTF-8"}
	}
	tokens, depth := 0, 0
	for i := 0; i < len(body); tokens++ {
		switch c := body[i]; c {
		case ' ', '\t', '\n', '\r', ',', ':':
			i++
			tokens--
		case '{', '[':
			i++
			if depth++; depth > maxDepth {
				return 0, problem{"body", "nested deeper than any key is"}
			}
		case '}', ']':
			i++
			depth--
		case '"':
			end := endOfString(body[i+1:])
			if end < 0 {
				return 0, problem{"body", "not JSON: a string does not end"}
			}
			i += 1 + end + 1
		default:
			size := sizeOfScalar(body[i:])
			if size == 0 {
				return 0, problem{"body", "not JSON"}
			}
			i += size
		}
	}
	if tokens > maxTokens {
		return 0, problem{"body", "more values than any batch has"}
	}
	return tokens, problem{}
}

// endOfString is where in b the quote is that ends the string, or -1.
func endOfString(b []byte) int {
	for from := 0; ; {
		quote := bytes.IndexByte(b[from:], '"')
		if quote < 0 {
			return -1
		}
		quote += from
		backslashes := 0
		for backslashes < quote && b[quote-1-backslashes] == '\\' {
			backslashes++
		}
		if backslashes%2 == 0 {
			return quote
		}
		from = quote + 1
	}
}

// sizeOfScalar is the length of the literal or number that b begins with; 0 when it begins with neither.
func sizeOfScalar(b []byte) int {
	for _, literal := range [...]string{"true", "false", "null"} {
		if len(b) >= len(literal) && string(b[:len(literal)]) == literal {
			return len(literal)
		}
	}
	if b[0] != '-' && (b[0] < '0' || b[0] > '9') {
		return 0
	}
	size := 1
	for size < len(b) && (b[size] >= '0' && b[size] <= '9' || bytes.IndexByte([]byte("+-.eE"), b[size]) >= 0) {
		size++
	}
	if size == 1 && b[0] == '-' {
		return 0 // "-Infinity", to the parser
	}
	return size
}
