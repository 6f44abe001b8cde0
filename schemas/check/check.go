// Package check has what the records' own checks share: refusals that name the member and say what it may be.
package check

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Among refuses a value that is none of a list, which the error names.
func Among[S ~string](name string, value S, list ...S) error {
	if slices.Contains(list, value) {
		return nil
	}
	var names []string
	for _, s := range list {
		names = append(names, string(s))
	}
	if value == "" {
		return fmt.Errorf("%s is missing: one of %s", name, strings.Join(names, ", "))
	}
	return fmt.Errorf("%s is %q: one of %s", name, string(value), strings.Join(names, ", "))
}

// OneLine joins errors into one of a single line; nil when there is none.
func OneLine(list ...error) error {
	if err := errors.Join(list...); err != nil {
		return errors.New(strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	return nil
}
