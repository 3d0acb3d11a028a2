package embedded

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// exception is an error as a ClickHouse server words it: "Code: 60. DB::Exception: … (UNKNOWN_TABLE)". Clients branch on
// its number, so what this package finds wrong by itself is worded and numbered alike.
type exception struct {
	code int
	text string
}

func (e *exception) Error() string { return e.text }

// Numbers of ClickHouse's exceptions that this package raises or translates itself.
const (
	codeBadArguments         = 36
	codeNotImplemented       = 48
	codeSyntaxError          = 62
	codeUnknownDatabase      = 81
	codeReadOnly             = 164
	codeTooManyStatements    = 202
	codeCannotDecompress     = 271
	codeAuthenticationFailed = 516
	codeStandardException    = 1001
)

// newException takes over what the engine said, which is already worded as a server does it.
func newException(text string) *exception {
	code := codeStandardException
	if _, rest, found := strings.Cut(text, "Code: "); found {
		digits, _, _ := strings.Cut(rest, ".")
		if number, err := strconv.Atoi(digits); err == nil && number > 0 {
			code = number
		}
	}
	return &exception{code: code, text: strings.TrimRight(text, "\n")}
}

// refuse is an exception found by this package, not by the engine.
func refuse(code int, name, format string, arguments ...any) *exception {
	return &exception{code: code, text: fmt.Sprintf("Code: %d. DB::Exception: %s. (%s)", code, fmt.Sprintf(format, arguments...), name)}
}

// httpStatus answers with the status that a server gives for an exception.
func httpStatus(code int) int {
	switch code {
	case 194: // a password is required
		return http.StatusUnauthorized
	case 192, 193, codeAuthenticationFailed, 291, 497, 512: // unknown user, wrong password, access denied, role not granted
		return http.StatusForbidden
	case 6, 25, 26, 27, 38, 41, 43, 42, 53, 72, 117, 321, 427, codeBadArguments, codeSyntaxError, codeCannotDecompress:
		return http.StatusBadRequest // what cannot be parsed, or has a wrong type
	case 46, 47, 50, 56, 60, 63, 73, 78, codeUnknownDatabase, 109, 115, 336:
		return http.StatusNotFound // an unknown function, column, table, format, setting …
	case 159: // max_execution_time has passed
		return http.StatusRequestTimeout
	case 229: // larger than max_query_size
		return http.StatusRequestEntityTooLarge
	case 373: // the session is taken
		return http.StatusLocked
	case codeNotImplemented:
		return http.StatusNotImplemented
	case codeTooManyStatements, 209, 439:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}
