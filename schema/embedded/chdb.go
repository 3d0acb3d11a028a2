//nolint:gosec // calling C without cgo is unsafe by nature; every such call stands here or in connection.go
package embedded

import (
	"fmt"
	"runtime"
	"unsafe"

	"github.com/ebitengine/purego"
)

// handle is a pointer that the library gave us; Go never reads behind it.
type handle = unsafe.Pointer

// library is the C interface of libchdb, as far as it is used. A call blocks its thread until the engine
// is done with it.
type library struct {
	setSignalHandlers   func(enabled int32)
	resetSignalHandlers func()
	version             func() string

	connect  func(argc int32, argv **byte) handle
	close    func(conn handle)
	shutdown func() int32
	classify func(conn handle, sql *byte, sqlLen uintptr, db *byte, dbLen uintptr, out *analysis) int32

	query       func(conn handle, sql *byte, sqlLen uintptr, format *byte, formatLen uintptr, names **byte, nameLens *uintptr, values **byte, valueLens *uintptr, count uintptr) handle
	streamQuery func(conn handle, sql *byte, sqlLen uintptr, format *byte, formatLen uintptr, names **byte, nameLens *uintptr, values **byte, valueLens *uintptr, count uintptr) handle
	fetch       func(conn, stream handle) handle
	cancelQuery func(conn, stream handle)

	insert        func(conn handle, sql *byte, sqlLen uintptr, format *byte, formatLen uintptr, names **byte, nameLens *uintptr, values **byte, valueLens *uintptr, count uintptr) handle
	insertError   func(stream handle) string
	appendData    func(stream handle, data *byte, size uintptr) int32
	insertDone    func(stream handle) handle
	cancelInsert  func(stream handle)
	destroyInsert func(stream handle)

	destroyResult func(result handle)
	resultError   func(result handle) string
	resultBuffer  func(result handle) handle
	resultLength  func(result handle) uintptr
	rowsRead      func(result handle) uint64
	bytesRead     func(result handle) uint64
	rowsWritten   func(result handle) uint64
	bytesWritten  func(result handle) uint64
}

// analysis is chdb_query_analysis_v1: what the engine's own parser found in a text, without running it.
type analysis struct {
	structSize     uint32
	statementCount uint32
	_              uint32 // flags
	queryClass     uint32
}

// loadLibrary opens the shared library without cgo. It must happen once a process: the engine cannot be
// unloaded. Its signal handlers are switched off, because SIGTERM and a Go crash are Go's to handle.
func loadLibrary(path string) (*library, error) {
	if err := checkWhole(path); err != nil {
		return nil, err
	}
	file, err := purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_LOCAL)
	if err != nil {
		return nil, fmt.Errorf("load the engine library: %w", err)
	}
	lib := &library{}
	for name, target := range map[string]any{
		"chdb_set_signal_handlers_enabled": &lib.setSignalHandlers,
		"chdb_reset_signal_handlers":       &lib.resetSignalHandlers,
		"chdb_version":                     &lib.version,
		"chdb_connect":                     &lib.connect,
		"chdb_close_conn":                  &lib.close,
		"chdb_shutdown":                    &lib.shutdown,
		"chdb_classify_query_n":            &lib.classify,
		"chdb_query_with_params_n":         &lib.query,
		"chdb_stream_query_with_params_n":  &lib.streamQuery,
		"chdb_stream_fetch_result":         &lib.fetch,
		"chdb_stream_cancel_query":         &lib.cancelQuery,
		"chdb_stream_insert_with_params_n": &lib.insert,
		"chdb_stream_insert_error":         &lib.insertError,
		"chdb_stream_append":               &lib.appendData,
		"chdb_stream_done":                 &lib.insertDone,
		"chdb_stream_cancel_insert":        &lib.cancelInsert,
		"chdb_destroy_insert_stream":       &lib.destroyInsert,
		"chdb_destroy_query_result":        &lib.destroyResult,
		"chdb_result_error":                &lib.resultError,
		"chdb_result_buffer":               &lib.resultBuffer,
		"chdb_result_length":               &lib.resultLength,
		"chdb_result_rows_read":            &lib.rowsRead,
		"chdb_result_bytes_read":           &lib.bytesRead,
		"chdb_result_rows_written":         &lib.rowsWritten,
		"chdb_result_bytes_written":        &lib.bytesWritten,
	} {
		address, err := purego.Dlsym(file, name)
		if err != nil {
			return nil, fmt.Errorf("the engine library has no %s; it is damaged or of another version: %w", name, err)
		}
		purego.RegisterFunc(target, address)
	}
	lib.setSignalHandlers(0)
	return lib, nil
}

// bytesOf gives the address of a text, and a valid one for an empty text too.
func bytesOf(text string) (*byte, uintptr) {
	if text == "" {
		return new(byte), 0
	}
	return unsafe.StringData(text), uintptr(len(text))
}

// parameters are the {name:Type} values of a statement, laid out as the library wants them.
type parameters struct {
	names, values       []*byte
	nameSizes, valSizes []uintptr
	pinned              runtime.Pinner
}

func newParameters(values map[string]string) *parameters {
	p := &parameters{}
	for name, value := range values {
		address, size := bytesOf(name)
		p.pinned.Pin(address)
		p.names, p.nameSizes = append(p.names, address), append(p.nameSizes, size)
		address, size = bytesOf(value)
		p.pinned.Pin(address)
		p.values, p.valSizes = append(p.values, address), append(p.valSizes, size)
	}
	return p
}

// start runs one of the three calls that begin a statement; they share their signature.
func (p *parameters) start(
	call func(handle, *byte, uintptr, *byte, uintptr, **byte, *uintptr, **byte, *uintptr, uintptr) handle,
	conn handle, sql, format string,
) handle {
	defer p.pinned.Unpin()
	sqlAddress, sqlSize := bytesOf(sql)
	formatAddress, formatSize := bytesOf(format)
	result := call(conn, sqlAddress, sqlSize, formatAddress, formatSize,
		unsafe.SliceData(p.names), unsafe.SliceData(p.nameSizes),
		unsafe.SliceData(p.values), unsafe.SliceData(p.valSizes), uintptr(len(p.names)))
	runtime.KeepAlive(sql)
	runtime.KeepAlive(format)
	runtime.KeepAlive(p)
	return result
}
