package kafka

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// The guide lists each right that is asked for, and no other.
func TestTheGuideListsEveryRight(t *testing.T) {
	c := Config{Instance: "<instance>", InputPrefix: "fulfillment.", OwnPrefix: "andon."}
	var load []need
	for _, group := range LoadGroups {
		load = append(load, c.toLoad(c.Group(group), c.loaded(group))...)
	}
	appends := append(c.toAppend(c.Decisions()), c.toAppend(c.Control())...)
	want := map[string]string{}
	guards := slices.Concat(c.toGuard(), c.toAudit(), c.toRecall(), c.toAppend(c.Control()))
	for column, needs := range [][]need{c.toDetect(), load, c.toApply(), c.toRedrive(), appends, guards} {
		for _, n := range needs {
			do := n.do
			if column == 2 && n.kind == onTopic {
				do = append([]kmsg.ACLOperation{create}, do...)
			}
			cells := strings.Split(want[n.kind+" "+n.name]+"|||||", "|")[:6]
			cells[column] = operationNames(do)
			want[n.kind+" "+n.name] = strings.Join(cells, "|")
		}
	}
	got := listedRights(t)
	for resource, cells := range want {
		if got[resource] != cells {
			t.Errorf("%s: asked for are %q, the guide lists %q (detect|load|topics apply|deadletter redrive|decide, control apply|guard)", resource, cells, got[resource])
		}
		delete(got, resource)
	}
	if len(got) > 0 {
		t.Errorf("the guide lists rights that nobody asks for: %v", got)
	}
}

// listedRights reads the table of docs/guides/operate.md: kind and name of a resource -> its six cells.
func listedRights(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("../../docs/guides/operate.md")
	if err != nil {
		t.Fatal(err)
	}
	rights := map[string]string{}
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.Trim(line, "|\n"), "|")
		kind, _, _ := strings.Cut(strings.ReplaceAll(strings.TrimSpace(cells[0]), "transactional id", onTransaction), " ")
		if kind = strings.TrimSuffix(kind, "s"); len(cells) != 7 || kind != onTopic && kind != onGroup && kind != onTransaction {
			continue
		}
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		for i, name := range strings.Split(cells[0], "`") {
			if i%2 == 1 {
				rights[kind+" "+name] = strings.Join(cells[1:], "|")
			}
		}
	}
	return rights
}
