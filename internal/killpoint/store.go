package killpoint

import "bytes"

// storeTalk follows one connection to ClickHouse. An insert is a turn of talk: the query goes, the table's columns come back, the rows go in one or
// many pieces, the end of the stream comes back.
type storeTalk struct{ at stage }

type stage int

const (
	idle stage = iota
	asked
	begun // the server knows of the insert and waits for rows
	sending
	sent // all is on its way
)

// wrote follows a write.
func (s *storeTalk) wrote(b []byte) {
	switch {
	case bytes.Contains(b, []byte("INSERT INTO")):
		s.at = asked
	case s.at == begun:
		s.at = sending
	}
}

// waits names the point passed when the client turns to reading.
func (s *storeTalk) waits() string {
	if s.at == sending {
		s.at = sent
		return "insert.sent"
	}
	return ""
}

// read names the points of an answer.
func (s *storeTalk) read() []string {
	switch s.at {
	case asked:
		s.at = begun
		return []string{"insert.begun"}
	case sent:
		s.at = idle
		return []string{"insert.answered"}
	case idle, begun, sending:
	}
	return nil
}
