package kafka

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"andon/detectors/setting"
	"andon/pipeline"
	"andon/schemas/event"
	"andon/schemas/journal"
)

// wait returns what the loop ends with.
func (n *node) wait() error {
	await(n.t, "the end of the process", func() bool {
		select {
		case <-n.done:
			return true
		default:
			return false
		}
	})
	if err := n.member.Leave(n.t.Context()); err != nil {
		n.t.Error(err)
	}
	n.member.Close()
	return n.err
}

// TestALaneRefusesToStart spoils what is on the broker under a lane that has run, one site each, and starts again.
func TestALaneRefusesToStart(t *testing.T) {
	for name, c := range map[string]struct {
		spoil    func(*site)
		settings setting.Settings
		want     error
		says     string
	}{
		"the offsets are gone":                   {(*site).dropOffsets, logClock, pipeline.ErrNoOffsets, "run andon topics apply"},
		"the offsets were moved":                 {func(s *site) { s.moveOffset(0, 0, "0") }, logClock, pipeline.ErrJournalEnd, "somebody moved the group's offsets"},
		"the offsets were reset by another tool": {func(s *site) { s.moveOffset(0, 0, "") }, logClock, pipeline.ErrJournalEnd, "delete the offsets"},
		"the offsets are of two entries":         {func(s *site) { s.commit(s.position(0, 0, "0", true)) }, logClock, pipeline.ErrJournalEnd, `carry "1" and "0"`},
		"the journal goes on":                    {func(s *site) { s.forge(5) }, logClock, pipeline.ErrJournalGap, "two deployments"},
		"the journal is ahead":                   {func(s *site) { s.forge(0) }, logClock, pipeline.ErrJournalEnd, "andon topics apply"},
		"the settings changed": {func(*site) {}, setting.Settings{Clock: setting.Log, Rules: map[string]map[string]int64{"CA-04": {"grace_s": 1}}},
			pipeline.ErrSettings, "change settings back"},
		"the topic was made again": {func(s *site) { s.recreate(s.Input(event.Carrier)); s.moveOffset(0, 1, "1"); s.moveOffset(1, 0, "0") }, logClock, pipeline.ErrTopicID, "own_prefix"},
		"the records are deleted":  {func(s *site) { s.cut(s.Input(event.Carrier)) }, logClock, pipeline.ErrLogLost, "begins at 1"},
		"the side records are deleted": {func(s *site) {
			s.cl.ProduceSync(s.t.Context(), &kgo.Record{Topic: s.Side(event.Carrier), Value: []byte("{}")})
			s.cut(s.Side(event.Carrier))
		}, logClock, pipeline.ErrLogLost, "side.carrier partition 0 begins at 1, lane carrier/0 needs it from 0: give the topic longer retention"},
		"the journal is deleted": {func(s *site) { s.cut(s.Journal()) }, logClock, pipeline.ErrNoJournal,
			"its entries are deleted: give the journal topic unlimited retention"},
	} {
		t.Run(name, func(t *testing.T) {
			s := real(t)
			n := s.start(s.Config, logClock)
			s.send(lane(0), manifest(1, start, start+event.Day))
			await(t, "the promise", func() bool { return s.folded(lane(0)) == 1 })
			n.stop()
			c.spoil(s)
			err := s.start(s.Config, c.settings).wait()
			t.Log(err)
			refused(t, err, c.want, c.says)
		})
	}
}

// moveOffset commits another position of a carrier lane, as an operator's tool would.
func (s *site) moveOffset(partition int32, at int64, meta string) {
	s.t.Helper()
	s.commit(s.position(partition, at, meta, false), s.position(partition, 0, meta, true))
}

func (s *site) position(partition int32, at int64, meta string, side bool) kadm.Offset {
	return kadm.Offset{Topic: s.Topic(event.Carrier, side), Partition: partition, At: at, LeaderEpoch: -1, Metadata: meta}
}

func (s *site) commit(positions ...kadm.Offset) {
	s.t.Helper()
	offsets := kadm.Offsets{}
	for _, p := range positions {
		offsets.Add(p)
	}
	commit := func() error { return s.admin.CommitAllOffsets(s.t.Context(), s.Group(Detect), offsets) }
	if err := patiently(s.t.Context(), commit); err != nil { // a topic just made is not known everywhere at once
		s.t.Fatal(err)
	}
}

// forge writes an entry that follows the lane's last one after a gap.
func (s *site) forge(gap int64) {
	s.t.Helper()
	e := s.entries(lane(0))[1]
	e.Before, e.Outputs = journal.HashOf(journal.Append(nil, &e)), ""
	e.Seq += 1 + gap
	e.Input.From = e.Input.To
	e.Counts.Read, e.Counts.Done, e.Start = 0, 0, e.End
	r := &kgo.Record{Topic: s.Journal(), Key: []byte(e.Lane), Value: journal.Append(nil, &e)}
	if err := s.cl.ProduceSync(s.t.Context(), r).FirstErr(); err != nil {
		s.t.Fatal(err)
	}
}

// cut deletes all records of partition 0.
func (s *site) cut(topic string) { s.cutIn(topic, 0) }

// cutIn deletes all records of a partition.
func (s *site) cutIn(topic string, partition int32) {
	s.t.Helper()
	ends, err := listOffsets(s.t.Context(), s.cl, map[string][]int32{topic: {partition}}, endOffset)
	if err != nil {
		s.t.Fatal(err)
	}
	offsets := kadm.Offsets{}
	offsets.AddOffset(topic, partition, ends[topic][partition], -1)
	deleted, err := s.admin.DeleteRecords(s.t.Context(), offsets)
	if err == nil {
		err = deleted.Error()
	}
	if err != nil {
		s.t.Fatal(err)
	}
}
