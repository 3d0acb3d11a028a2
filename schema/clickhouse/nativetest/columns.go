package nativetest

import (
	"fmt"
	"slices"
	"time"

	"github.com/ClickHouse/ch-go/proto"
)

// columns are those of one insert, in the order of its statement.
type columns struct {
	of       []Column
	decoders []decoder
}

// decoder holds the last block's values of a column.
type decoder struct {
	column proto.Column
	value  func(row int) any
}

func (s *Server) columns(table string, names []string) (*columns, error) {
	known, ok := s.options.Tables[table]
	if !ok {
		return nil, fmt.Errorf("table %s does not exist", table)
	}
	list := &columns{}
	for _, name := range names {
		at := slices.IndexFunc(known, func(c Column) bool { return c.Name == name })
		if at < 0 {
			return nil, fmt.Errorf("no such column %s in table %s", name, table)
		}
		decoder, ok := newDecoder(known[at].Type)
		if !ok {
			return nil, fmt.Errorf("column %s has the type %s, which is not known here", name, known[at].Type)
		}
		list.of = append(list.of, known[at])
		list.decoders = append(list.decoders, decoder)
	}
	return list, nil
}

// newDecoder knows the types that our tables have.
func newDecoder(kind string) (decoder, bool) {
	switch kind {
	case "String":
		return plain(new(proto.ColStr)), true
	case "LowCardinality(String)":
		return plain(new(proto.ColStr).LowCardinality()), true
	case "Map(LowCardinality(String), String)":
		return plain(proto.NewMap(new(proto.ColStr).LowCardinality(), new(proto.ColStr))), true
	case "Map(LowCardinality(String), Float32)":
		return plain(proto.NewMap(new(proto.ColStr).LowCardinality(), new(proto.ColFloat32))), true
	case "DateTime('UTC')":
		return plain(&proto.ColDateTime{Location: time.UTC}), true
	case "DateTime64(3, 'UTC')":
		return plain(new(proto.ColDateTime64).WithPrecision(proto.PrecisionMilli).WithLocation(time.UTC)), true
	case "IPv6":
		addresses := new(proto.ColIPv6)
		return decoder{addresses, func(row int) any { return addresses.Row(row).ToIP() }}, true
	case "UInt8":
		return plain(new(proto.ColUInt8)), true
	case "UInt16":
		return plain(new(proto.ColUInt16)), true
	case "UInt32":
		return plain(new(proto.ColUInt32)), true
	case "UInt64":
		return plain(new(proto.ColUInt64)), true
	case "Float32":
		return plain(new(proto.ColFloat32)), true
	case "Float64":
		return plain(new(proto.ColFloat64)), true
	}
	return decoder{}, false
}

func plain[V any](column proto.ColumnOf[V]) decoder {
	return decoder{column, func(row int) any { return column.Row(row) }}
}

// sample is the empty block that tells a client the columns.
func (c *columns) sample() proto.Input {
	input := make(proto.Input, len(c.of))
	for i, column := range c.of {
		input[i] = proto.InputColumn{Name: column.Name, Data: proto.Alias(c.decoders[i].column, proto.ColumnType(column.Type))}
	}
	return input
}

// target takes a block of just these columns, in this order.
func (c *columns) target() proto.Results {
	results := make(proto.Results, len(c.of))
	for i, column := range c.of {
		results[i] = proto.ResultColumn{Name: column.Name, Data: c.decoders[i].column}
	}
	return results
}

// rows are those of the block that was read last.
func (c *columns) rows() []map[string]any {
	rows := make([]map[string]any, c.decoders[0].column.Rows())
	for i := range rows {
		rows[i] = make(map[string]any, len(c.of))
		for j, column := range c.of {
			rows[i][column.Name] = c.decoders[j].value(i)
		}
	}
	return rows
}
