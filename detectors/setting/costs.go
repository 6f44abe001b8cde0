package setting

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
)

// Costs is what a piece of work, a carton or a shipment is priced with, in minor units of Currency. A figure that is null is unknown, and so is what
// needs it; it never counts as zero. The defaults are the reference figures of the domain reference, 4.2.
type Costs struct {
	Currency string `yaml:"currency" json:"currency"` // ISO 4217

	LabourMinorPerH *int64 `yaml:"labour_minor_per_h" json:"labour_minor_per_h"` // an hour of warehouse work, loaded

	// What a piece of work takes when events do not tell, and the longest span between two events that is work and not a pause (0: no
	// limit). Seconds.
	PickLineS     *int64 `yaml:"pick_line_s" json:"pick_line_s"`
	PickPauseS    int64  `yaml:"pick_pause_s" json:"pick_pause_s"`
	PackCartonS   *int64 `yaml:"pack_carton_s" json:"pack_carton_s"`
	PackPauseS    int64  `yaml:"pack_pause_s" json:"pack_pause_s"`
	ReceiveLineS  *int64 `yaml:"receive_line_s" json:"receive_line_s"`
	ReceivePauseS int64  `yaml:"receive_pause_s" json:"receive_pause_s"`
	MaterialMinor *int64 `yaml:"material_minor" json:"material_minor"` // a carton with its filling
	FreightMinor  *int64 `yaml:"freight_minor" json:"freight_minor"`   // a shipment whose manifest does not state it
}

// DefaultCosts are the reference figures: 3000 minor units an hour, 71 lines picked an hour, one to three minutes a carton, 1347 a parcel. A pause is
// five times the usual span. What a receipt line takes and what a carton costs nobody has published: unknown.
func DefaultCosts() Costs {
	return Costs{
		Currency: "USD", LabourMinorPerH: new(int64(3000)),
		PickLineS: new(int64(51)), PickPauseS: 255, PackCartonS: new(int64(120)), PackPauseS: 600, ReceivePauseS: 600,
		FreightMinor: new(int64(1347)),
	}
}

// Version names the figures: 16 hexadecimal digits of SHA-256 over their JSON.
func (c Costs) Version() string { return digest(c) }

func digest(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic("setting: " + err.Error()) // strings and integers cannot fail to encode
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8])
}
