package main

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// constants are the rows of constants.tsv, by their names.
type constants struct {
	CollectCPU      float64 `row:"collect_cpu"`
	DeliverCPU      float64 `row:"deliver_cpu"`
	InsertCPU       float64 `row:"insert_cpu"`
	RollupCPU       float64 `row:"rollup_cpu"`
	EventBytes      float64 `row:"event_bytes"`
	NetworkBytes    float64 `row:"network_bytes"`
	RollupShare     float64 `row:"rollup_share"`
	SpoolBytes      float64 `row:"spool_bytes"`
	CollectorMemory float64 `row:"collector_memory"`
	EngineMemory    float64 `row:"engine_memory"`
	ReportCPU       float64 `row:"report_cpu"`
	Busy            float64 `row:"busy"`
	Full            float64 `row:"full"`

	rows []row
}

type row struct{ name, value, unit, source string }

// readConstants refuses a table that lacks a row, has one that nobody reads, or a figure without a source.
func readConstants(text string) (*constants, error) {
	c := &constants{}
	fields := map[string]reflect.Value{}
	for field, value := range reflect.ValueOf(c).Elem().Fields() {
		if name := field.Tag.Get("row"); name != "" {
			fields[name] = value
		}
	}
	var problems []error
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		columns := strings.Split(line, "\t")
		if len(columns) != 4 || columns[3] == "" {
			problems = append(problems, fmt.Errorf("%q: want name, value, unit and source", line))
			continue
		}
		field, known := fields[columns[0]]
		number, err := strconv.ParseFloat(columns[1], 64)
		switch {
		case !known:
			problems = append(problems, fmt.Errorf("%s: nobody reads this figure, or it is there twice", columns[0]))
		case err != nil || number <= 0:
			problems = append(problems, fmt.Errorf("%s: %q is no positive number", columns[0], columns[1]))
		default:
			field.SetFloat(number)
			c.rows = append(c.rows, row{columns[0], columns[1], columns[2], columns[3]})
		}
		delete(fields, columns[0])
	}
	for name := range fields {
		problems = append(problems, fmt.Errorf("%s: the figure is missing", name))
	}
	return c, errors.Join(problems...)
}
