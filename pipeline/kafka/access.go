package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"andon/pipeline"
	"andon/schemas/event"
)

// need is what this process must be allowed to do with one resource of the cluster.
type need struct {
	kind string // as kafka-acls.sh calls it: topic, group or transactional-id
	name string
	do   []kmsg.ACLOperation // Describe comes with each of them
}

const (
	onTopic       = "topic"
	onGroup       = "group"
	onTransaction = "transactional-id"
)

const (
	read      = kmsg.ACLOperationRead
	write     = kmsg.ACLOperationWrite
	create    = kmsg.ACLOperationCreate
	configure = kmsg.ACLOperationDescribeConfigs
)

// toDetect is what a Member needs.
func (c Config) toDetect() []need {
	needs := []need{
		{onTransaction, c.Instance, []kmsg.ACLOperation{write}},
		{onGroup, c.Group(Detect), []kmsg.ACLOperation{read}},
		{onTopic, c.Exceptions(), []kmsg.ACLOperation{read, write}},
		{onTopic, c.Verdicts(), []kmsg.ACLOperation{write, configure}},
		{onTopic, c.Costs(), []kmsg.ACLOperation{write, configure}},
		{onTopic, c.Journal(), []kmsg.ACLOperation{read, write, configure}},
		{onTopic, c.DeadLetter(), []kmsg.ACLOperation{write, configure}},
		{onTopic, c.Snapshots(), []kmsg.ACLOperation{read, write}},
		{onTopic, c.Control(), []kmsg.ACLOperation{read}},
	}
	for _, topic := range c.laneTopics() {
		needs = append(needs, need{onTopic, topic, []kmsg.ACLOperation{read, configure}})
	}
	return needs
}

// toLoad is what a LoadLog needs for a group by its full name.
func (c Config) toLoad(group string, topics []string) []need {
	needs := []need{{onGroup, group, []kmsg.ACLOperation{read}}}
	for _, topic := range topics {
		needs = append(needs, need{onTopic, topic, []kmsg.ACLOperation{read}})
	}
	return needs
}

// toGuard is what the role of guards needs besides an Appender to Control.
func (c Config) toGuard() []need {
	needs := []need{{onGroup, c.Group(Guard), []kmsg.ACLOperation{read}}}
	for _, topic := range []string{c.Control(), c.Decisions(), c.Verdicts()} {
		needs = append(needs, need{onTopic, topic, []kmsg.ACLOperation{read}})
	}
	return needs
}

// toRedrive is what a Redriver needs.
func (c Config) toRedrive() []need {
	needs := []need{
		{onTransaction, c.Group(redrives), []kmsg.ACLOperation{write}},
		{onGroup, c.Group(Detect), []kmsg.ACLOperation{read}},
		{onTopic, c.DeadLetter(), []kmsg.ACLOperation{read, write}},
	}
	for _, f := range event.Families {
		needs = append(needs, need{onTopic, c.Side(f), []kmsg.ACLOperation{write}})
	}
	return needs
}

// toAppend is what an Appender needs.
func (c Config) toAppend(topic string) []need {
	return []need{{onTransaction, c.appender(topic), []kmsg.ACLOperation{write}}, {onTopic, topic, []kmsg.ACLOperation{read, write}}}
}

// toApply is what Apply needs of the topics that are there, its groups and its own transactions.
func (c Config) toApply() []need {
	needs := []need{{onTransaction, c.Group("apply"), []kmsg.ACLOperation{write}}}
	for _, group := range append([]string{Detect}, LoadGroups...) {
		needs = append(needs, need{onGroup, c.Group(group), []kmsg.ACLOperation{read}})
	}
	for _, topic := range c.allTopics() {
		do := []kmsg.ACLOperation{read, configure} // read: or it may not commit first offsets
		if topic == c.Journal() {
			do = []kmsg.ACLOperation{read, write, configure}
		}
		needs = append(needs, need{onTopic, topic, do})
	}
	return needs
}

// CheckWrite refuses topics that this process may not write to.
func CheckWrite(ctx context.Context, cl *kgo.Client, c Config, topics ...string) error {
	var needs []need
	for _, topic := range topics {
		needs = append(needs, need{onTopic, topic, []kmsg.ACLOperation{write}})
	}
	return c.allowed(ctx, cl, needs)
}

// allowed asks the cluster what this process may do and refuses the first need that is not met, saying what to grant. A topic or group that does
// not exist is passed over. Whether a transactional id may be written to only its first use tells; here a need for it is met when it may be seen.
func (c Config) allowed(ctx context.Context, cl *kgo.Client, needs []need) error {
	may, err := topicRights(ctx, cl, names(needs, onTopic))
	for i := 0; err == nil && i < len(needs); i++ {
		n := needs[i]
		switch n.kind {
		case onGroup:
			may[n.name], err = groupRights(ctx, cl, n.name)
		case onTransaction:
			may[n.name], err = transactionRights(ctx, cl, n.name)
		}
		if missing := may[n.name].without(n.do); err == nil && len(missing) > 0 {
			return c.lacks(n.kind, n.name, missing...)
		}
	}
	if err != nil {
		return pipeline.Fail(pipeline.Lost, fmt.Errorf("ask what this process may do: %w", err))
	}
	return nil
}

func names(needs []need, kind string) (of []string) {
	for _, n := range needs {
		if n.kind == kind {
			of = append(of, n.name)
		}
	}
	return of
}

// rights are operations as the bits of their numbers.
type rights int32

// Two answers of brokers that are no list of operations.
const (
	everything rights = -1 << 31 // the broker does not say: nothing can be refused before it is tried
	nothing    rights = 0
)

// without lists the operations that are not among the rights.
func (r rights) without(do []kmsg.ACLOperation) (missing []kmsg.ACLOperation) {
	for _, op := range do {
		if r != everything && r&(1<<op) == 0 {
			missing = append(missing, op)
		}
	}
	return missing
}

func topicRights(ctx context.Context, cl *kgo.Client, topics []string) (map[string]rights, error) {
	req := kmsg.NewPtrMetadataRequest()
	req.IncludeTopicAuthorizedOperations = true
	for _, name := range topics {
		t := kmsg.NewMetadataRequestTopic()
		t.Topic = new(name)
		req.Topics = append(req.Topics, t)
	}
	may := map[string]rights{}
	if len(topics) == 0 {
		return may, nil
	}
	resp, err := req.RequestWith(ctx, cl)
	if err != nil {
		return nil, err
	}
	for _, t := range resp.Topics {
		switch err := kerr.ErrorForCode(t.ErrorCode); {
		case errors.Is(err, kerr.TopicAuthorizationFailed):
			may[*t.Topic] = nothing
		case err != nil:
			may[*t.Topic] = everything
		default:
			may[*t.Topic] = rights(t.AuthorizedOperations)
		}
	}
	return may, nil
}

func groupRights(ctx context.Context, cl *kgo.Client, group string) (may rights, err error) {
	req := kmsg.NewPtrDescribeGroupsRequest()
	req.Groups, req.IncludeAuthorizedOperations = []string{group}, true
	err = patiently(ctx, func() error {
		resp, err := req.RequestWith(ctx, cl)
		if err != nil {
			return err
		}
		if err := kerr.ErrorForCode(resp.Groups[0].ErrorCode); err != nil {
			return err
		}
		may = rights(resp.Groups[0].AuthorizedOperations)
		return nil
	})
	switch {
	case errors.Is(err, kerr.GroupAuthorizationFailed):
		return nothing, nil
	case errors.Is(err, kerr.GroupIDNotFound):
		return everything, nil
	}
	return may, err
}

func transactionRights(ctx context.Context, cl *kgo.Client, id string) (may rights, err error) {
	req := kmsg.NewPtrDescribeTransactionsRequest()
	req.TransactionalIDs = []string{id}
	err = patiently(ctx, func() error {
		resp, err := req.RequestWith(ctx, cl)
		if err != nil {
			return err
		}
		return kerr.ErrorForCode(resp.TransactionStates[0].ErrorCode)
	})
	switch {
	case errors.Is(err, kerr.TransactionalIDAuthorizationFailed):
		return nothing, nil
	case errors.Is(err, kerr.TransactionalIDNotFound):
		return everything, nil
	}
	return everything, err
}

// denied says whether a broker refused a request for want of a right.
func denied(err error) bool {
	return slices.ContainsFunc([]error{kerr.TopicAuthorizationFailed, kerr.GroupAuthorizationFailed, kerr.TransactionalIDAuthorizationFailed, kerr.ClusterAuthorizationFailed},
		func(target error) bool { return errors.Is(err, target) })
}

// lacks is the refusal of a process that may not do what it needs.
func (c Config) lacks(kind, name string, do ...kmsg.ACLOperation) error {
	setting, user := c.principal()
	operations := operationNames(do)
	return misconfigured("%s: %s lacks the right %s on %s %s: grant it with kafka-acls.sh --add --allow-principal %q --operation %s --%s %s (docs/guides/operate.md lists all)",
		setting, user, operations, kind, name, "User:"+user, strings.ReplaceAll(operations, ", ", " --operation "), kind, name)
}

// operationNames are operations as kafka-acls.sh calls them, with commas.
func operationNames(do []kmsg.ACLOperation) string {
	var names []string
	for _, op := range do {
		words := strings.Split(strings.ToLower(op.String()), "_") // as in DESCRIBE_CONFIGS
		for i, w := range words {
			words[i] = strings.ToUpper(w[:1]) + w[1:]
		}
		names = append(names, strings.Join(words, ""))
	}
	return strings.Join(names, ", ")
}

// principal is whom the cluster takes us for, and the setting that says so. Brokers that map names may call it otherwise.
func (c Config) principal() (setting, user string) {
	if c.SASL != nil {
		return "kafka.sasl.user", c.SASL.User
	}
	if subject := c.TLS.Subject(); subject != "" {
		return "kafka.tls.cert_file", subject
	}
	return "kafka.sasl.user", "ANONYMOUS"
}
