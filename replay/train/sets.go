package train

import (
	"andon/detectors/feature"
	"andon/pipeline/scorer/bundle"
)

// Sets tells the reader of bundles which features this program computes; see bundle.Sets.
func Sets(name string) (version int, columns []bundle.Column) {
	set := feature.Of(name)
	if set == nil {
		return 0, nil
	}
	for _, f := range set.Features {
		columns = append(columns, bundle.Column{Name: f.Name, Unit: f.Unit, Missing: bundle.Missing(f.Missing.String())})
	}
	return set.Version, columns
}
