package figure

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// between is what stands between the markers of a table: <!-- figures: NAME --> and <!-- end -->.
var between = regexp.MustCompile(`(?s)(<!-- figures: ([a-z-]+) -->\n)(.*?)(<!-- end -->)`)

// Pages lists the Markdown files of a checkout that may hold tables.
func Pages(root string) (pages []string, err error) {
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/*/*.md"} {
		found, e := filepath.Glob(filepath.Join(root, pattern))
		pages, err = append(pages, found...), errors.Join(err, e)
	}
	return pages, err
}

// Fill returns the text of a page with each table made anew of the figures in dir. A table of a measurement never made says so.
func Fill(dir, text string) (string, error) {
	var failed error
	filled := between.ReplaceAllStringFunc(text, func(found string) string {
		part := between.FindStringSubmatch(found)
		table, err := Table(dir, part[2])
		if err != nil {
			failed = errors.Join(failed, err)
			return found
		}
		return part[1] + "\n" + table + "\n" + part[4]
	})
	if begun, whole := strings.Count(text, "<!-- figures:"), len(between.FindAllString(text, -1)); begun != whole {
		failed = errors.Join(failed, fmt.Errorf("%d tables begin with <!-- figures: NAME --> and %d end with <!-- end -->", begun, whole))
	}
	return filled, failed
}

// FillPages rewrites the pages whose tables are not what the figures give, and lists them.
func FillPages(dir, root string) (changed []string, err error) {
	pages, err := Pages(root)
	if err != nil {
		return nil, err
	}
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			return changed, err
		}
		filled, err := Fill(dir, string(text))
		if err != nil {
			return changed, fmt.Errorf("%s: %w", page, err)
		}
		if filled == string(text) {
			continue
		}
		// Dying here leaves a page cut short, which version control has whole.
		if err := os.WriteFile(page, []byte(filled), 0o644); err != nil {
			return changed, err
		}
		changed = append(changed, page)
	}
	return changed, nil
}
