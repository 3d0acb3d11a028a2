package deliver

import (
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// refusal is an error that no second try will change.
type refusal struct{ cause error }

func (r *refusal) Error() string { return r.cause.Error() }
func (r *refusal) Unwrap() error { return r.cause }

// Codes with which ClickHouse says that these rows can never be stored: the data do not fit the table. All other
// codes (memory, too many parts, read-only, no such table or column yet, no right yet, ...) may pass.
func hopeless() []int32 {
	return []int32{
		6,   // CANNOT_PARSE_TEXT
		10,  // NOT_FOUND_COLUMN_IN_BLOCK
		26,  // CANNOT_PARSE_QUOTED_STRING
		27,  // CANNOT_PARSE_INPUT_ASSERTION_FAILED
		38,  // CANNOT_PARSE_DATE
		41,  // CANNOT_PARSE_DATETIME
		44,  // ILLEGAL_COLUMN
		50,  // UNKNOWN_TYPE
		53,  // TYPE_MISMATCH
		69,  // ARGUMENT_OUT_OF_BOUND
		70,  // CANNOT_CONVERT_TYPE
		72,  // CANNOT_PARSE_NUMBER
		117, // INCORRECT_DATA
		131, // TOO_LARGE_STRING_SIZE
		469, // VIOLATED_CONSTRAINT
	}
}

func classify(err error) error {
	var exception *clickhouse.Exception
	if errors.As(err, &exception) && slices.Contains(hopeless(), exception.Code) {
		return &refusal{err}
	}
	return err
}

// withoutText keeps the server's code and drops its text, which may quote a row.
func withoutText(err error) error {
	var exception *clickhouse.Exception
	if errors.As(err, &exception) {
		return &quiet{exception}
	}
	return err
}

// codeName is the name of the code. The server ends its text with it; what stands before may be a row's.
var codeName = regexp.MustCompile(`\(([A-Z_]{3,64})\)(?: \(version [^()]*(?:\([^()]*\))?\))?\s*$`)

type quiet struct{ exception *clickhouse.Exception }

func (q *quiet) Error() string {
	text := fmt.Sprintf("database answered code %d", q.exception.Code)
	if name := codeName.FindStringSubmatch(q.exception.Message); name != nil {
		text += " " + name[1]
	}
	return text
}

func (q *quiet) Unwrap() error { return q.exception }
