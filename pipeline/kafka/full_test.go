package kafka

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"andon/pipeline"
)

// A broker that has no room to store a beat: the beat is given up with what is known, and the next start goes on when there is room.
func TestABrokerWithoutRoom(t *testing.T) {
	s, cluster := fake(t)
	m := s.join(s.Config, 6)
	var full atomic.Bool
	full.Store(true)
	cluster.ControlKey(int16(kmsg.Produce), func(req kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		if !full.Load() {
			return nil, nil, false
		}
		return answer(req, kerr.KafkaStorageError.Code), nil, true
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Second) // for commitTime
	defer cancel()
	err := m.Commit(ctx, timerBeat(1))
	t.Log(err)
	if pipeline.KindOf(err) != pipeline.Lost || !strings.Contains(err.Error(), "no broker stored it: every partition has a leader, so look at the brokers' logs and disks") {
		t.Fatalf("%s: %v", pipeline.KindOf(err), err)
	}
	m.Close()
	full.Store(false)
	if err := s.join(s.Config, 6).Commit(t.Context(), timerBeat(1)); err != nil {
		t.Fatal(err)
	}
	if n := len(s.entries(lane(0))) - 1; n != 1 {
		t.Errorf("%d beats are committed", n)
	}
}
