package embedded

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2/lib/column"
	native "github.com/ClickHouse/clickhouse-go/v2/lib/proto"
)

// recoder turns the engine's Native blocks (revision 0) into those of the revision that the client asked for: with
// block info in front and a byte about serialization in each column. The engine has no setting for it.
type recoder struct {
	revision uint64
	buffer   proto.Buffer
}

// recode appends every block of a chunk to out.
func (r *recoder) recode(chunk []byte, out io.Writer) error {
	reader := proto.NewReader(bytes.NewReader(chunk))
	for {
		block := native.Block{ServerContext: &column.ServerContext{}}
		err := block.Decode(reader, 0)
		if errors.Is(err, io.EOF) && len(block.Columns) == 0 {
			return nil
		}
		if err != nil {
			return refuse(codeNotImplemented, "NOT_IMPLEMENTED", "Cannot send the result in the Native format of revision %d: %v", r.revision, err)
		}
		r.buffer.Reset()
		if err := block.Encode(&r.buffer, r.revision); err != nil {
			return fmt.Errorf("encode a native block: %w", err)
		}
		if _, err := out.Write(r.buffer.Buf); err != nil {
			return fmt.Errorf("send a native block: %w", err)
		}
	}
}
