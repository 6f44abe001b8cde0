// Package setting holds what an engine is told: which clock moves it, each rule's numbers, and what its sources send. Until settings come as
// records, they are read from the config file and their hash stands in every journal entry.
package setting

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
)

// Clock says what moves a lane's time.
type Clock string

// The clocks.
const (
	Log  Clock = "log"  // clock.tick events, where they stand in the partition: imports, simulations, replays
	Wall Clock = "wall" // broker timestamps, and the wall clock at the end of the log: live
)

// Settings of an engine. The zero value is not usable: start from Default.
type Settings struct {
	Clock   Clock                       `yaml:"clock" json:"clock,omitempty"`
	Rules   map[string]map[string]int64 `yaml:"rules" json:"rules,omitempty"`     // code -> setting name -> value; what is not named keeps the rule's default
	Sources []Source                    `yaml:"sources" json:"sources,omitempty"` // no entry for a source means that it sends everything
}

// Source declares what one sender is expected to send, so that rules about silence stay silent about what never comes.
type Source struct {
	Family   string   `yaml:"family" json:"family"`               // asn, carrier or pickpack
	Carrier  string   `yaml:"carrier" json:"carrier"`             // on the carrier topic: the carrier it speaks for; empty = any
	Site     string   `yaml:"site" json:"site"`                   // on the other topics: the site it speaks for; empty = any
	Types    []string `yaml:"types" json:"types,omitempty"`       // event types it sends; empty = all of the family
	Statuses []string `yaml:"statuses" json:"statuses,omitempty"` // carrier statuses it sends; empty = all
}

// Default is the live clock with every rule's own numbers and sources that send everything.
func Default() Settings { return Settings{Clock: Wall} }

// Hash names the settings: 16 hexadecimal digits of SHA-256 over their JSON (map keys sorted). Settings written alike
// have one hash; naming a default is another writing.
func (s Settings) Hash() string {
	b, err := json.Marshal(s)
	if err != nil {
		panic("setting: " + err.Error()) // strings and integers cannot fail to encode
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8])
}
