package detectors

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"andon/detectors/feature"
	"andon/detectors/rule"
	"andon/schemas/control"
)

// coreVersion is of all that decides beside the rules: how events become facts, the encoding of timelines and snapshots, when timers fire and
// timelines end, how findings become exceptions and costs, and what settings there are. Raise it when the same records may come out otherwise.
const coreVersion = 4

// Logic names how this build judges: 16 hexadecimal digits of SHA-256 over the version of the core, code, version and default settings of each rule,
// and the versions of what models are fed. Two builds of the same logic come to the same outputs from the same records and settings.
func Logic() string {
	h := sha256.New()
	fmt.Fprintf(h, "core %d control %d\n", coreVersion, control.Language)
	for _, list := range [...][]*rule.Rule{rule.All, rule.Risks} {
		for _, r := range list {
			fmt.Fprintf(h, "%s %d %v %+v\n", r.Code, r.Version, r.Settings, r.Stake)
		}
	}
	for _, s := range feature.All {
		fmt.Fprintln(h, s.ID())
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}
