package kafka

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"andon/pipeline"
	"andon/schemas/event"
	"andon/schemas/journal"
)

// told is what the journal says of a lane: its first and last entry, and where its newest snapshots were completed.
type told struct {
	first, last journal.Entry
	snapshots   pipeline.Marks
}

// begin writes the genesis entries that are missing, then gives every group without offsets its first ones: detection those at the end of each
// lane's journal, loaders the starts of their topics. Dying between leaves entries without offsets, which the next run commits.
func (a *applied) begin(ctx context.Context) error {
	starts, err := listOffsets(ctx, a.cl, a.everyPartition(), startOffset)
	if err != nil {
		return err
	}
	known, err := a.committed(ctx, Detect)
	if err != nil {
		return err
	}
	var without []pipeline.Lane
	for _, l := range a.lanes() {
		if !known.has(a.Input(l.Family), l.Partition) || !known.has(a.Side(l.Family), l.Partition) {
			without = append(without, l)
		}
	}
	journals, err := a.readJournal(ctx, len(without) > 0)
	if err != nil {
		return err
	}
	if err := a.genesis(ctx, journals, starts, without); err != nil {
		return err
	}
	if err := a.commitLanes(ctx, without, journals); err != nil {
		return err
	}
	for _, group := range LoadGroups {
		if err := a.commitStarts(ctx, group, starts, a.loaded(group)...); err != nil {
			return err
		}
	}
	return nil
}

// genesis checks the lanes the journal knows and writes the first entries of the others, all or none. Without are the lanes without offsets.
func (a *applied) genesis(ctx context.Context, journals map[pipeline.Lane]told, starts map[string]map[int32]int64, without []pipeline.Lane) error {
	known := len(journals)
	var out outgoing
	for _, l := range a.lanes() {
		j, has := journals[l]
		if !has && !slices.Contains(without, l) { // offsets are committed after the entries
			return pipeline.Fail(pipeline.Refused, fmt.Errorf("%w: lane %s has committed offsets and %s no entry of it, they are deleted: give it unlimited retention, "+
				"and start over under a new kafka.own_prefix", pipeline.ErrNoJournal, l, a.Journal()))
		}
		if err := a.checkLane(l, j, has, known > 0); err != nil {
			return err
		}
		if !has {
			o := pipeline.Outcome{Lane: l, Entry: a.first(l, starts)}
			o.Seal("")
			out.add(a.Config, &o)
			journals[l] = told{o.Entry, o.Entry, pipeline.Marks{pipeline.Nowhere, pipeline.Nowhere}}
		}
	}
	if len(out.records) == 0 {
		return nil
	}
	records := make([]*kgo.Record, len(out.records))
	for i := range records {
		records[i] = &out.records[i]
	}
	if err := a.cl.BeginTransaction(); err != nil {
		return fmt.Errorf("begin a transaction: %w", err)
	}
	if err := a.cl.ProduceSync(ctx, records...).FirstErr(); errors.Is(err, kerr.TransactionalIDAuthorizationFailed) {
		return a.lacks(onTransaction, a.Group("apply"), write)
	} else if err != nil {
		return errors.Join(fmt.Errorf("write the genesis entries: %w", err), a.cl.EndTransaction(ctx, kgo.TryAbort))
	}
	if err := a.cl.EndTransaction(ctx, kgo.TryCommit); err != nil {
		return fmt.Errorf("write the genesis entries: %w: run it again", err)
	}
	a.say("wrote the genesis entries of %d lanes", len(records))
	return nil
}

// commitLanes commits the offsets of lanes that have none from the end of their journal, which is what they were.
func (a *applied) commitLanes(ctx context.Context, lanes []pipeline.Lane, journals map[pipeline.Lane]told) error {
	offsets := kadm.Offsets{}
	for _, l := range lanes {
		e := journals[l].last
		for side, at := range map[bool]int64{false: e.Input.To, true: e.Side.To} {
			offsets.Add(kadm.Offset{Topic: a.Topic(l.Family, side), Partition: l.Partition, At: at, LeaderEpoch: -1, Metadata: place{e.Seq, journals[l].snapshots}.String()})
		}
		if e.Seq > 0 {
			a.say("lane %s had no committed offsets: committed those of its last journal entry, %d", l, e.Seq)
		}
	}
	return a.commit(ctx, Detect, offsets)
}

// commitStarts commits the first offsets of a loader's partitions that have none.
func (a *applied) commitStarts(ctx context.Context, group string, starts map[string]map[int32]int64, topics ...string) error {
	known, err := a.committed(ctx, group)
	if err != nil {
		return err
	}
	offsets := kadm.Offsets{}
	for _, topic := range topics {
		for p, at := range starts[topic] {
			if !known.has(topic, p) {
				offsets.AddOffset(topic, p, at, -1)
			}
		}
	}
	return a.commit(ctx, group, offsets)
}

// commit commits first offsets; only a group without members takes them.
func (a *applied) commit(ctx context.Context, group string, offsets kadm.Offsets) error {
	n := 0
	offsets.Each(func(kadm.Offset) { n++ })
	if n == 0 {
		return nil
	}
	err := a.admin.CommitAllOffsets(ctx, a.Group(group), offsets)
	if errors.Is(err, kerr.UnknownMemberID) {
		return pipeline.Fail(pipeline.Refused, fmt.Errorf("group %s lacks offsets but has running members: stop them and run andon topics apply again: %w", a.Group(group), err))
	}
	if errors.Is(err, kerr.GroupAuthorizationFailed) {
		return a.lacks(onGroup, a.Group(group), read)
	}
	if err != nil {
		return fmt.Errorf("commit the first offsets of group %s: %w", a.Group(group), err)
	}
	a.say("committed %d first offsets of group %s", n, a.Group(group))
	return nil
}

// known are the committed offsets of a group.
type known struct{ kadm.OffsetResponses }

func (k known) has(topic string, partition int32) bool {
	o, ok := k.Lookup(topic, partition)
	return ok && o.Err == nil && o.At >= 0
}

// committed fetches a group's offsets. A new cluster needs a while to make the topic it keeps them in.
func (a *applied) committed(ctx context.Context, group string) (known, error) {
	var offsets kadm.OffsetResponses
	err := patiently(ctx, func() (err error) {
		offsets, err = a.admin.FetchOffsets(ctx, a.Group(group))
		return err
	})
	if err != nil && !errors.Is(err, kerr.GroupIDNotFound) {
		return known{}, fmt.Errorf("fetch the offsets of group %s: %w", a.Group(group), err)
	}
	return known{offsets}, nil
}

// lanes are all lanes there are.
func (a *applied) lanes() (lanes []pipeline.Lane) {
	for _, f := range event.Families {
		for p := range int32(len(a.topics[a.Input(f)].Partitions)) {
			lanes = append(lanes, pipeline.Lane{Family: f, Partition: p})
		}
	}
	return lanes
}

func (a *applied) everyPartition() map[string][]int32 {
	all := map[string][]int32{}
	for topic, t := range a.topics {
		all[topic] = t.Partitions.Numbers()
	}
	return all
}

// first is the genesis entry of a lane: it stands where its logs start.
func (a *applied) first(l pipeline.Lane, starts map[string]map[int32]int64) journal.Entry {
	input, side := starts[a.Input(l.Family)][l.Partition], starts[a.Side(l.Family)][l.Partition]
	return journal.Entry{
		Version: journal.Version, Lane: l.String(),
		Input: journal.Range{From: input, To: input}, InputID: a.topics[a.Input(l.Family)].ID.String(),
		Side: journal.Range{From: side, To: side}, SideID: a.topics[a.Side(l.Family)].ID.String(),
	}
}

// checkLane refuses a lane whose topics are not those of its genesis entry, and a lane that the journal does not know though it knows others.
func (a *applied) checkLane(l pipeline.Lane, j told, has, others bool) error {
	switch {
	case !has && others:
		return a.refuse("the journal knows other lanes but not %s: the number of partitions of %s was changed, which splits timelines; start over under a new kafka.own_prefix",
			l, a.Input(l.Family))
	case !has:
		return nil
	case j.first.Seq != 0:
		return pipeline.Fail(pipeline.Refused, fmt.Errorf("%w: lane %s begins with entry %d: give %s unlimited retention, and start over under a new kafka.own_prefix",
			pipeline.ErrJournalGap, l, j.first.Seq, a.Journal()))
	}
	for topic, id := range map[string]string{a.Input(l.Family): j.first.InputID, a.Side(l.Family): j.first.SideID} {
		if now := a.topics[topic].ID.String(); now != id {
			return pipeline.Fail(pipeline.Refused, fmt.Errorf("%w: %s has id %s, the journal is about %s: start over under a new kafka.own_prefix",
				pipeline.ErrTopicID, topic, now, id))
		}
	}
	return nil
}

// readJournal reads what the journal says of the lanes: their first entries, and if ends is set, which reads all of it, their last ones.
func (a *applied) readJournal(ctx context.Context, ends bool) (map[pipeline.Lane]told, error) {
	parts := map[string][]int32{a.Journal(): a.topics[a.Journal()].Partitions.Numbers()}
	starts, err := listOffsets(ctx, a.cl, parts, startOffset)
	if err != nil {
		return nil, err
	}
	highs, err := listOffsets(ctx, a.cl, parts, endOffset)
	if err != nil {
		return nil, err
	}
	names := map[string]pipeline.Lane{}
	open := map[int32]int{} // lanes of a partition not met yet
	for _, l := range a.lanes() {
		names[l.String()] = l
		open[l.Partition]++
	}
	found := map[pipeline.Lane]told{}
	for _, p := range parts[a.Journal()] {
		r := &reader{config: a.Config, log: a.log, topic: a.Journal(), partition: p, next: starts[a.Journal()][p], end: highs[a.Journal()][p]}
		err := readLanes(ctx, r, names, found, open[p], ends)
		r.close()
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

func readLanes(ctx context.Context, r *reader, names map[string]pipeline.Lane, found map[pipeline.Lane]told, open int, ends bool) error {
	for ends || open > 0 {
		record, err := r.one(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		l, known := names[string(record.Key)]
		if !known {
			continue
		}
		var e journal.Entry
		if err := journal.Decode(record.Value, &e); err != nil {
			return pipeline.Fail(pipeline.Refused, fmt.Errorf("%w: %s partition %d offset %d: %w", pipeline.ErrJournalGap, r.topic, r.partition, record.Offset, err))
		}
		j, met := found[l]
		if !met {
			j.first, j.snapshots = e, pipeline.Marks{pipeline.Nowhere, pipeline.Nowhere}
			open--
		}
		j.last = e
		j.snapshots = j.snapshots.With(&pipeline.Outcome{Entry: e, EntryAt: record.Offset})
		found[l] = j
	}
	return nil
}
