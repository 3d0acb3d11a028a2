package api

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Frame is what one query of a panel gave, by columns.
type Frame struct {
	Ref    string   `json:"refId"`
	Name   string   `json:"name"`
	Fields []*Field `json:"fields"`
}

// Field is one column: times in milliseconds of UTC, numbers, or texts. What is not known is null.
type Field struct {
	Name   string            `json:"name"`
	Type   string            `json:"type"`
	Labels map[string]string `json:"labels,omitempty"`
	Values []any             `json:"values"`
}

// The types of fields.
const (
	fieldTime   = "time"
	fieldNumber = "number"
	fieldString = "string"
)

// mostRows is how many rows of a query are answered.
const mostRows = 10_000

// readFrame reads rows to their end.
func readFrame(rows driver.Rows) (*Frame, error) {
	f := &Frame{Fields: []*Field{}}
	var targets []any
	for _, column := range rows.ColumnTypes() {
		scanned := column.ScanType()
		targets = append(targets, reflect.New(scanned).Interface())
		f.Fields = append(f.Fields, &Field{Name: column.Name(), Type: kindOf(scanned), Values: []any{}})
	}
	for rows.Next() {
		if len(f.Fields) > 0 && len(f.Fields[0].Values) >= mostRows {
			return nil, fmt.Errorf("more than %d rows", mostRows)
		}
		if err := rows.Scan(targets...); err != nil {
			return nil, err
		}
		for i, target := range targets {
			f.Fields[i].Values = append(f.Fields[i].Values, plain(reflect.ValueOf(target).Elem()))
		}
	}
	return f, rows.Err()
}

// kindOf is the type of a field for values of a Go type.
func kindOf(t reflect.Type) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case t == reflect.TypeFor[time.Time]():
		return fieldTime
	case t.Kind() == reflect.String:
		return fieldString
	case t.Kind() >= reflect.Bool && t.Kind() <= reflect.Float64, t.Implements(reflect.TypeFor[fmt.Stringer]()):
		return fieldNumber // decimals are structs that write themselves
	}
	return fieldString
}

// plain is a value as JSON has it.
func plain(v reflect.Value) any {
	for v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return nil
		}
		v = v.Elem()
	}
	switch {
	case v.CanInt():
		return v.Int()
	case v.CanUint():
		return v.Uint()
	case v.CanFloat():
		return finite(v.Float())
	case v.Kind() == reflect.Bool && v.Bool():
		return 1
	case v.Kind() == reflect.Bool:
		return 0
	case v.Kind() == reflect.String:
		return v.String()
	}
	switch value := v.Interface().(type) {
	case time.Time:
		return value.UnixMilli()
	case fmt.Stringer:
		if number, err := strconv.ParseFloat(value.String(), 64); err == nil {
			return finite(number)
		}
		return value.String()
	default:
		return fmt.Sprint(value)
	}
}

// finite is a number as JSON has it, which knows no infinite one.
func finite(number float64) any {
	if math.IsNaN(number) || math.IsInf(number, 0) {
		return nil
	}
	return number
}

// framesAnswer is what a panel is answered.
type framesAnswer struct {
	Frames []*Frame `json:"frames"`
	Notice string   `json:"notice,omitempty"`
	Took   int64    `json:"took_ms"`
}
