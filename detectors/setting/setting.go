// Package setting holds what an engine is told: which clock moves it, each rule's numbers, and what its sources send. A lane begins with those of the
// configuration and goes on with those of andon.control; their hash stands in every journal entry.
package setting

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
	Forget  Forget                      `yaml:"forget" json:"forget"`
	Costs   Costs                       `yaml:"costs" json:"costs"`

	Reference Reference `yaml:"reference" json:"reference,omitzero"`
}

// Forget says when the timeline of an entity ends: that long after the later of its last event and its last due time. An event older than ClosedS
// never begins a timeline. Zero is never: for imported history.
type Forget struct {
	ClosedS int64 `yaml:"closed_s" json:"closed_s"` // of an entity whose story is over (delivered, returned, manifested, received); seconds
	OpenS   int64 `yaml:"open_s" json:"open_s"`     // of one that just went silent; seconds
}

// Source declares what one sender is expected to send, so that rules about silence stay silent about what never comes.
type Source struct {
	Family   string   `yaml:"family" json:"family"`               // asn, carrier or pickpack
	Carrier  string   `yaml:"carrier" json:"carrier"`             // on the carrier topic: the carrier it speaks for; empty = any
	Site     string   `yaml:"site" json:"site"`                   // on the other topics: the site it speaks for; empty = any
	Types    []string `yaml:"types" json:"types,omitempty"`       // event types it sends; empty = all of the family
	Statuses []string `yaml:"statuses" json:"statuses,omitempty"` // carrier statuses it sends; empty = all
}

// Default is the live clock with every rule's own numbers, sources that send everything, the reference figures of costs, and timelines that end 10
// days after the story is over or 45 days after it went silent.
func Default() Settings {
	return Settings{Clock: Wall, Forget: Forget{ClosedS: 10 * 86_400, OpenS: 45 * 86_400}, Costs: DefaultCosts()}
}

// Hash names the settings: 16 hexadecimal digits of SHA-256 over their JSON (map keys sorted). Settings written alike
// have one hash; naming a default is another writing.
func (s Settings) Hash() string { return digest(s) }
