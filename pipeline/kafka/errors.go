package kafka

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"andon/pipeline"
)

// What keeps a process from starting.
var (
	ErrUnreachable = errors.New("cannot reach Kafka")
	ErrTooOld      = errors.New("the cluster's transaction.version is below 2")
	ErrLayout      = errors.New("the topics are not laid out")
	ErrNameTaken   = errors.New("another process runs under the same instance name")
)

// abortable are the answers after which a transaction is known not to be committed once it is aborted, and the next one may well be: the group
// is moving, or a coordinator is.
var abortable = []error{
	kerr.IllegalGeneration, kerr.UnknownMemberID, kerr.StaleMemberEpoch, kerr.RebalanceInProgress, kerr.GroupIDNotFound,
	kerr.CoordinatorNotAvailable, kerr.CoordinatorLoadInProgress, kerr.NotCoordinator, kerr.ConcurrentTransactions,
	kerr.TransactionAbortable, kerr.OperationNotAttempted,
}

// kindOf classifies the error of a step of a commit before its end.
func kindOf(err error) pipeline.Kind {
	for _, a := range abortable {
		if errors.Is(err, a) {
			return pipeline.Aborted
		}
	}
	if errors.Is(err, kerr.FencedInstanceID) || errors.Is(err, ErrNameTaken) {
		return pipeline.Refused
	}
	return pipeline.Lost
}

// writerError classifies why this instance did not become a writer of transactions.
func (c Config) writerError(err error) error {
	if errors.Is(err, kerr.TransactionalIDAuthorizationFailed) {
		return c.lacks(onTransaction, c.Instance, write)
	}
	return pipeline.Fail(pipeline.Lost, fmt.Errorf("become the writer %s: %w", c.Instance, err))
}

// fetchError classifies what a fetch of a flowing partition, or the group, reports. Nil: the client mends it by itself.
func (m *Member) fetchError(topic string, partition int32, err error) error {
	var session *kgo.ErrGroupSession
	switch {
	case errors.Is(err, kerr.FencedInstanceID):
		return pipeline.Fail(pipeline.Refused, fmt.Errorf("%w %q: give each process a name of its own (setting instance)", ErrNameTaken, m.Instance))
	case errors.Is(err, kerr.GroupAuthorizationFailed):
		return m.lacks(onGroup, m.Group(Detect), read)
	case errors.Is(err, kerr.TopicAuthorizationFailed):
		return m.lacks(onTopic, cmp.Or(topic, m.InputPrefix+"* or "+m.OwnPrefix+"side.*"), read)
	case errors.As(err, &session):
		if !m.Reach.lacks() {
			m.log.Warn("the group session ended, joining again", "group", m.Group(Detect), "error", session.Err)
		}
		return nil
	}
	// Data loss, an offset out of range, a recreated topic: memory may hold what the log no longer does. A restore finds out and says it.
	return pipeline.Fail(pipeline.Lost, fmt.Errorf("read %s partition %d: %w", topic, partition, err))
}
