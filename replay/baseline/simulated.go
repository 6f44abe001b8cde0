package baseline

import (
	_ "embed"
	"fmt"

	"andon/detectors/setting"
	"andon/replay/simulate"

	"github.com/goccy/go-yaml"
)

//go:embed simulated.yaml
var simulated []byte

// Simulated is what is usual in the simulator's world: tables learned from one simulated day, and the weights of its item master.
func Simulated() (setting.Reference, error) {
	var file struct {
		Reference setting.Reference `yaml:"reference"`
	}
	if err := yaml.UnmarshalWithOptions(simulated, &file, yaml.Strict()); err != nil {
		return file.Reference, fmt.Errorf("baseline: simulated.yaml: %w", err)
	}
	r := &file.Reference
	simulate.PieceWeights(func(item string, grams, sd int64) bool {
		r.Weights = append(r.Weights, setting.Weight{Item: item, N: 1000, WeightG: grams, SDMG: sd})
		return true
	})
	grams, sd := simulate.CartonWeight()
	r.Cartons = []setting.Carton{{N: 1000, WeightG: grams, SDMG: sd}}
	return *r, nil
}
