package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"time"

	"andon/detectors"
)

// snapshotPart is how large a part of a snapshot is, as the loop asks for them.
const snapshotPart = 512 << 10

// snapshot writes the engine's state to a file, drops the engine, and loads the state into a new one.
func (g *growth) snapshot(values map[string]float64) (err error) {
	f, err := os.CreateTemp("", "andon-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(f.Name())) }()
	out := bufio.NewWriterSize(f, 1<<20)
	start := time.Now()
	g.engine.Freeze()
	values["freeze_ms"] = milli(time.Since(start))
	var part []byte
	var took, longest time.Duration
	var size float64
	for last := false; !last; {
		start := time.Now()
		part, last = g.engine.Frozen(part[:0], snapshotPart)
		took, longest = took+time.Since(start), max(longest, time.Since(start))
		size += float64(len(part))
		_, _ = out.Write(binary.LittleEndian.AppendUint32(nil, uint32(len(part))))
		_, _ = out.Write(part)
	}
	if err := out.Flush(); err != nil { // keeps the first error of all writes
		return err
	}
	values["snapshot_s"], values["part_max_ms"], values["snapshot_mb"] = took.Seconds(), milli(longest), size/1e6
	g.engine = nil
	runtime.GC()
	if g.engine, err = g.empty(); err == nil {
		values["load_s"], err = loaded(f, g.engine)
	}
	if err == nil && g.engine.Size().Entities != g.parcels {
		err = fmt.Errorf("%d of %d parcels came back from the snapshot", g.engine.Size().Entities, g.parcels)
	}
	return err
}

// loaded says how long an engine takes to load what is in a file, reading it apart.
func loaded(f *os.File, e *detectors.Engine) (seconds float64, err error) {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return 0, err
	}
	in := bufio.NewReaderSize(f, 1<<20)
	var took time.Duration
	for last := false; !last; {
		var head [4]byte
		if _, err := io.ReadFull(in, head[:]); err != nil {
			return 0, err
		}
		part := make([]byte, binary.LittleEndian.Uint32(head[:]))
		if _, err := io.ReadFull(in, part); err != nil {
			return 0, err
		}
		_, err := in.Peek(1)
		last = err != nil
		start := time.Now()
		if err := e.Load(part, last); err != nil {
			return 0, err
		}
		took += time.Since(start)
	}
	return took.Seconds(), nil
}

func milli(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
