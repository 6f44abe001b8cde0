package oip

import (
	"os"
	"strings"
	"testing"
	"time"

	"andon/schemas/verdict"
)

// realServers names the environment variable with addresses of real servers of the protocol, separated by spaces: URLs of any scheme we take, with
// #version where the model has one. Each serves a model named late that does what score does, of four features.
const realServers = "ANDON_OIP_SERVERS"

func TestRealServers(t *testing.T) {
	addresses := strings.Fields(os.Getenv(realServers))
	if len(addresses) == 0 {
		t.Skipf("no real server was asked: set %s to the URLs of some, separated by spaces", realServers)
	}
	for _, address := range addresses {
		t.Run(address, func(t *testing.T) {
			url, version, _ := strings.Cut(address, "#")
			config := Config{Section: "scorers.late", URL: url, Model: "late", Version: version, Features: 4, Timeout: 10 * time.Second}
			c, err := check(t, config)
			if err != nil {
				t.Fatal(err)
			}
			d := c.known.Load()
			t.Logf("describes itself as %+v", *d)
			for _, n := range []int{1, 64, 1000} {
				rows := rowsOf(n)
				start := time.Now()
				replies := ask(t.Context(), c, rows)
				t.Logf("%d rows in %v, the first reply is %+v", n, time.Since(start), replies[0])
				for i, r := range replies {
					if want := score(rows[4*i : 4*i+4]); r.Score != want || r.Reason != "" {
						t.Fatalf("row %d: %+v, want score %v", i, r, want)
					}
				}
			}
			other := config
			other.Model = "early"
			c, err = check(t, other)
			if err == nil {
				t.Error("there is a model early too")
			}
			t.Logf("another model: %v", err)
			wantReason(t, ask(t.Context(), c, rowsOf(3)), verdict.ModelMissing)
		})
	}
}
