package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"runtime"

	"github.com/ebitengine/purego"
)

// engine is the loaded library. One per process.
type engine struct {
	queryCommandLine func(argc int32, argv **byte) uintptr
	resultError      func(result uintptr) string
}

// load opens the library and turns its signal handlers off, so that SIGTERM stays ours. That also gives SIGSEGV and its
// kin back to the system: a crash ends the process at once, which is what the parent can act on.
func load(library string) (*engine, error) {
	path, err := filepath.Abs(library) // a bare name would be looked up in the system's library path
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", library, err)
	}
	handle, err := purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_LOCAL)
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", library, err)
	}
	var e engine
	var setSignalHandlers func(enabled int32)
	for _, symbol := range []struct {
		name string
		into any
	}{
		{"chdb_set_signal_handlers_enabled", &setSignalHandlers},
		{"chdb_query_cmdline", &e.queryCommandLine},
		{"chdb_result_error", &e.resultError},
	} {
		address, err := purego.Dlsym(handle, symbol.name)
		if err != nil {
			return nil, fmt.Errorf("%s has no %s: %w", library, symbol.name, err)
		}
		purego.RegisterFunc(symbol.into, address)
	}
	setSignalHandlers(0)
	return &e, nil
}

// serve runs one command line of the engine and returns when its last query ends: it was killed, which is how the server
// is stopped, or the engine could not go on. Why stands on standard error, sometimes also in the result; an end is always
// an error here, and the caller knows whether it asked for it.
func (e *engine) serve(args []string) error {
	argv := make([]*byte, len(args)+1)
	for i, arg := range args {
		argv[i] = &append([]byte(arg), 0)[0]
	}
	result := e.queryCommandLine(int32(len(args)), &argv[0])
	runtime.KeepAlive(argv)
	if result != 0 {
		if text := e.resultError(result); text != "" {
			return fmt.Errorf("the engine stopped: %s", text)
		}
	}
	return errors.New("the engine stopped")
}
