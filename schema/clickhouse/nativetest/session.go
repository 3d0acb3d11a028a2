package nativetest

import (
	"errors"
	"fmt"
	"net"
	"regexp"
	"strings"

	"github.com/ClickHouse/ch-go/compress"
	"github.com/ClickHouse/ch-go/proto"
)

var errDropped = errors.New("dropped on demand")

// session is one connection.
type session struct {
	server     *Server
	conn       net.Conn
	in         *proto.Reader
	out        proto.Buffer
	compressor *compress.Writer
	revision   int // of the protocol, the lower of both sides'
}

func newSession(server *Server, conn net.Conn) *session {
	return &session{server: server, conn: conn, in: proto.NewReader(conn), compressor: compress.NewWriter(compress.LevelZero, compress.LZ4)}
}

func (s *session) run() error {
	if err := s.greet(); err != nil {
		return fmt.Errorf("hello: %w", err)
	}
	for {
		code, err := s.packet()
		if err != nil {
			return err
		}
		switch code {
		case proto.ClientCodePing:
			proto.ServerCodePong.Encode(&s.out)
			err = s.flush()
		case proto.ClientCodeQuery:
			err = s.query()
		case proto.ClientCodeCancel:
			return nil
		default:
			err = fmt.Errorf("unexpected packet %d", code)
		}
		if err != nil {
			return err
		}
	}
}

// packet reads what kind of packet follows. It is a variable-length number, but no code is so large that it takes two bytes.
func (s *session) packet() (proto.ClientCode, error) {
	code, err := s.in.ReadByte()
	return proto.ClientCode(code), err
}

func (s *session) greet() error {
	code, err := s.packet()
	if err != nil {
		return err
	}
	if code != proto.ClientCodeHello {
		return fmt.Errorf("the first packet is %d", code)
	}
	var client proto.ClientHello
	if err := client.Decode(s.in); err != nil {
		return err
	}
	if client.User != s.server.options.User || client.Password != s.server.options.Password {
		s.exception(proto.ErrAuthenticationFailed, client.User+": Authentication failed: password is incorrect, or there is no user with such name.")
		return errors.Join(s.flush(), errDropped)
	}
	s.revision = min(client.ProtocolVersion, proto.Version)
	hello := proto.ServerHello{Name: "ClickHouse", Major: 26, Minor: 7, Patch: 3, Revision: proto.Version, Timezone: "UTC", DisplayName: "nativetest"}
	hello.EncodeAware(&s.out, s.revision)
	if err := s.flush(); err != nil {
		return err
	}
	s.server.mu.Lock()
	s.server.logins++
	s.server.mu.Unlock()
	if proto.FeatureAddendum.In(s.revision) {
		_, err = s.in.Str() // the quota key
	}
	return err
}

func (s *session) query() error {
	var query proto.Query
	if err := query.DecodeAware(s.in, s.revision); err != nil {
		return fmt.Errorf("query: %w", err)
	}
	compressed := query.Compression == proto.CompressionEnabled
	if end, err := s.readBlock(compressed, nil); err != nil || !end {
		return fmt.Errorf("the query ends with no empty block: %w", err)
	}
	if statement := insertStatement().FindStringSubmatch(query.Body); statement != nil {
		return s.insert(statement[1], strings.Split(statement[2], ", "), query, compressed)
	}
	if query.Body != "SELECT 1" {
		s.exception(proto.ErrSyntaxError, "not understood: "+query.Body)
		return s.flush()
	}
	one := proto.ColUInt8{1}
	if err := s.writeBlock(proto.Input{{Name: "1", Data: &one}}, 1, compressed); err != nil {
		return err
	}
	proto.ServerCodeEndOfStream.Encode(&s.out)
	return s.flush()
}

func insertStatement() *regexp.Regexp {
	return regexp.MustCompile(`^INSERT INTO (\w+) \(([\w, ]+)\)`)
}

func (s *session) insert(table string, names []string, query proto.Query, compressed bool) error {
	insert := &Insert{Table: table, Settings: map[string]string{}, Compressed: compressed}
	for _, setting := range query.Settings {
		insert.Settings[setting.Key] = setting.Value
	}
	fault := s.server.begin(insert)
	if fault.When == AtQuery {
		return s.fail(fault)
	}
	columns, err := s.server.columns(table, names)
	if err != nil {
		s.exception(proto.ErrUnknownTable, err.Error())
		return s.flush()
	}
	proto.TableColumns{First: table, Second: "columns format version: 1"}.EncodeAware(&s.out, s.revision)
	if err := s.writeBlock(columns.sample(), 0, compressed); err != nil {
		return err
	}
	if err := s.flush(); err != nil {
		return err
	}
	if fault.When == InBlock {
		if _, err := s.in.ReadRaw(64); err != nil {
			return err
		}
		return errors.Join(s.fail(fault), errDropped) // what is left of the block cannot be told from another packet
	}
	for {
		end, err := s.readBlock(compressed, columns)
		if err != nil {
			return err
		}
		if end {
			break
		}
		s.server.take(insert, columns.rows())
	}
	if fault.When == AfterRows {
		return s.fail(fault)
	}
	proto.ServerCodeEndOfStream.Encode(&s.out)
	return s.flush()
}

// fail answers the fault's exception, or ends the connection.
func (s *session) fail(fault Fault) error {
	if fault.Code == 0 {
		return errDropped
	}
	s.exception(proto.Error(fault.Code), "asked for by the test, of a row with 2.132.0.1 in it")
	return s.flush()
}

// readBlock reads one packet of data. The empty block ends them.
func (s *session) readBlock(compressed bool, columns *columns) (end bool, err error) {
	code, err := s.packet()
	if err != nil {
		return false, err
	}
	if code != proto.ClientCodeData {
		return false, fmt.Errorf("packet %d, not a block", code)
	}
	var data proto.ClientData
	if err := data.DecodeAware(s.in, s.revision); err != nil {
		return false, err
	}
	if compressed {
		s.in.EnableCompression()
		defer s.in.DisableCompression()
	}
	var block proto.Block
	var target proto.Result
	if columns != nil {
		target = columns.target()
	}
	if err := block.DecodeBlock(s.in, s.revision, target); err != nil {
		return false, fmt.Errorf("decode a block: %w", err)
	}
	return block.End(), nil
}

func (s *session) writeBlock(input proto.Input, rows int, compressed bool) error {
	proto.ServerCodeData.Encode(&s.out)
	s.out.PutString("") // no temporary table
	begin := len(s.out.Buf)
	block := proto.Block{Info: proto.BlockInfo{BucketNum: -1}, Columns: len(input), Rows: rows}
	if err := block.EncodeBlock(&s.out, s.revision, input); err != nil {
		return fmt.Errorf("encode a block: %w", err)
	}
	if !compressed {
		return nil
	}
	if err := s.compressor.Compress(s.out.Buf[begin:]); err != nil {
		return fmt.Errorf("compress a block: %w", err)
	}
	s.out.Buf = append(s.out.Buf[:begin], s.compressor.Data...)
	return nil
}

func (s *session) exception(code proto.Error, text string) {
	proto.ServerCodeException.Encode(&s.out)
	exception := proto.Exception{Code: code, Name: "DB::Exception", Message: "DB::Exception: " + text}
	exception.EncodeAware(&s.out, s.revision)
}

func (s *session) flush() error {
	defer s.out.Reset()
	_, err := s.conn.Write(s.out.Buf)
	return err
}
