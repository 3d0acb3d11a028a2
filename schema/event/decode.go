package event

import (
	"fmt"
	"math"
	"time"
	"unsafe"

	"google.golang.org/protobuf/encoding/protowire"
)

// UnmarshalBinary reads a record that AppendBinary wrote. The event's strings alias record, which must stay
// unchanged as long as they are used. A sealed network row that does not open with this sealer (its key is gone)
// leaves Network empty and tells so in sealed: the event itself is still whole. A nil sealer opens nothing.
func (r *Record) UnmarshalBinary(record []byte, sealer *Sealer) (sealed bool, err error) {
	props, vitals, attribution := r.Event.Props[:0], r.Event.Vitals[:0], r.Event.Attribution[:0]
	*r = Record{Event: Event{Props: props, Vitals: vitals, Attribution: attribution}}
	if len(record) == 0 {
		return false, fmt.Errorf("read record: %w", protowire.ParseError(-1))
	}
	if record[0] != version {
		return false, fmt.Errorf("%w: %d, this program knows %d", ErrVersion, record[0], version)
	}
	for rest := record[1:]; len(rest) > 0; {
		number, kind, n := protowire.ConsumeTag(rest)
		if n < 0 {
			return false, fmt.Errorf("read record: %w", protowire.ParseError(n))
		}
		rest = rest[n:]
		n = r.readField(number, kind, rest, sealer, &sealed)
		if n < 0 {
			return false, fmt.Errorf("read field %d: %w", number, protowire.ParseError(n))
		}
		rest = rest[n:]
	}
	return sealed, nil
}

func (r *Record) readField(number protowire.Number, kind protowire.Type, rest []byte, sealer *Sealer, sealed *bool) int {
	switch kind {
	case protowire.BytesType:
		value, n := protowire.ConsumeBytes(rest)
		if n >= 0 {
			r.setBytes(number, value, sealer, sealed)
		}
		return n
	case protowire.VarintType:
		value, n := protowire.ConsumeVarint(rest)
		if number == fieldAction {
			r.Consent.Action = Action(value) //nolint:gosec // as in setNumber.
		}
		r.Event.setNumber(number, value)
		return n
	case protowire.Fixed64Type:
		value, n := protowire.ConsumeFixed64(rest)
		r.Event.setNumber(number, value)
		return n
	case protowire.Fixed32Type:
		value, n := protowire.ConsumeFixed32(rest)
		if last := len(r.Event.Vitals) - 1; n >= 0 && number == fieldVitalValue && last >= 0 {
			r.Event.Vitals[last].Value = math.Float32frombits(value)
		}
		return n
	default:
		return protowire.ConsumeFieldValue(number, kind, rest)
	}
}

func (r *Record) setBytes(number protowire.Number, value []byte, sealer *Sealer, sealed *bool) {
	text := unsafe.String(unsafe.SliceData(value), len(value)) //nolint:gosec // the caller is told that the strings alias the record.
	e := &r.Event
	switch number {
	case fieldPropKey:
		e.Props = append(e.Props, Pair{Key: text})
	case fieldPropValue:
		if last := len(e.Props) - 1; last >= 0 {
			e.Props[last].Value = text
		}
	case fieldAttributionKey:
		e.Attribution = append(e.Attribution, Pair{Key: text})
	case fieldAttributionValue:
		if last := len(e.Attribution) - 1; last >= 0 {
			e.Attribution[last].Value = text
		}
	case fieldVitalName:
		e.Vitals = append(e.Vitals, Measure{Name: text})
	case fieldReceipt:
		r.Consent.Receipt = text
	case fieldHow:
		r.Consent.How = text
	case fieldSealed:
		var opened bool
		r.Network, opened = sealer.open(value)
		*sealed = !opened
	default:
		if field := e.text(number); field != nil {
			*field = text
		}
	}
}

// setNumber ignores what it does not know, as it is from a newer program.
//
//nolint:cyclop,gosec // a table, one line each; the conversions undo those of appendNumbers.
func (e *Event) setNumber(number protowire.Number, v uint64) {
	switch number {
	case fieldTime:
		e.Time = time.UnixMilli(int64(v)).UTC()
	case fieldReceived:
		e.Received = time.Unix(int64(v), 0).UTC()
	case fieldType:
		e.Type = Type(v)
	case fieldVisitor:
		e.Visitor = v
	case fieldConsent:
		e.Consent = Level(v)
	case fieldASN:
		e.Place.ASN = uint32(v)
	case fieldScreenWidth:
		e.Screen.Width = uint16(v)
	case fieldScreenHeight:
		e.Screen.Height = uint16(v)
	case fieldViewportWidth:
		e.Screen.ViewportWidth = uint16(v)
	case fieldViewportHeight:
		e.Screen.ViewportHeight = uint16(v)
	case fieldPixelRatio:
		e.Screen.PixelRatio = math.Float32frombits(uint32(v))
	case fieldTouch:
		e.Screen.Touch = uint8(v)
	case fieldEngagedMS:
		e.EngagedMS = uint32(v)
	case fieldScroll:
		e.Scroll = uint8(v)
	case fieldValue:
		e.Value = math.Float64frombits(v)
	case fieldErrorLine:
		e.Error.Line = uint32(v)
	case fieldErrorColumn:
		e.Error.Column = uint32(v)
	case fieldOrigin:
		e.Origin = Origin(v)
	default:
		e.setExchange(number, v)
	}
}

// setExchange goes on with the numbers that diagnostics came with.
//
//nolint:gosec // as in setNumber.
func (e *Event) setExchange(number protowire.Number, v uint64) {
	switch number {
	case fieldStatus:
		e.Exchange.Status = uint16(v)
	case fieldBytes:
		e.Exchange.Bytes = v
	case fieldServerMS:
		e.Exchange.ServerMS = math.Float32frombits(uint32(v))
	case fieldDurationMS:
		e.Exchange.DurationMS = math.Float32frombits(uint32(v))
	case fieldFingerprint:
		e.Error.Fingerprint = v
	case fieldWeight:
		e.Weight = math.Float32frombits(uint32(v))
	}
}
