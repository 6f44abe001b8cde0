package kafka

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"andon/pipeline"
	"andon/pipeline/wire"
)

// SASL is the user of the broker, and how its password is shown. Nil: none.
type SASL struct {
	Mechanism      string // Plain or ScramSHA512
	User           string
	Password       wire.Secret
	PasswordSource string // where a person sets the password, for errors
}

// The mechanisms, by their names in the protocol.
const (
	Plain       = "PLAIN"         // the password itself: readable on the way unless by TLS
	ScramSHA512 = "SCRAM-SHA-512" // a proof that we know it
)

// secured are the options that every client of the cluster has.
func (c Config) secured() ([]kgo.Opt, error) {
	dial, err := c.TLS.Dialer()
	if err != nil {
		return nil, pipeline.Fail(pipeline.Refused, err)
	}
	options := []kgo.Opt{kgo.Dialer(c.Reach.watch(dial))}
	if c.SASL != nil {
		options = append(options, kgo.SASL(c.SASL.mechanism()))
	}
	return options, nil
}

func (s *SASL) mechanism() sasl.Mechanism {
	if s.Mechanism == Plain {
		return plain.Auth{User: s.User, Pass: string(s.Password)}.AsMechanism()
	}
	return scram.Auth{User: s.User, Pass: string(s.Password)}.AsSha512Mechanism()
}

// explain names the setting because of which no broker answered: then the error is of kind Refused. Any other error is returned as it is.
func (c Config) explain(ctx context.Context, err error) error {
	mistake, wired := errors.AsType[*wire.Error](err)
	brokers := strings.Join(c.Brokers, ", ")
	switch {
	case wired:
		return pipeline.Fail(pipeline.Refused, mistake) // its own word, without what the client put around it
	case errors.Is(err, kerr.SaslAuthenticationFailed):
		return misconfigured("kafka.sasl.user: %s does not let user %s in: check the name and its password (%s): %w", brokers, c.SASL.User, c.SASL.PasswordSource, err)
	case errors.Is(err, kerr.UnsupportedSaslMechanism):
		_, offered := c.ask(ctx, c.TLS)
		return misconfigured("kafka.sasl.mechanism: %s does not take %s but %s: choose one of those", brokers, c.SASL.Mechanism, strings.Join(offered, ", "))
	case errors.Is(err, kerr.IllegalSaslState):
		return misconfigured("kafka.sasl: %s asks nobody for a password: name the port that does in kafka.brokers, or remove kafka.sasl", brokers)
	}
	return c.explainSilence(ctx, err)
}

// explainSilence asks a broker that hung up what it had expected.
func (c Config) explainSilence(ctx context.Context, err error) error {
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" || ctx.Err() != nil { // nobody is there
		return err
	}
	if c.TLS != nil {
		if answers, _ := c.ask(ctx, nil); answers {
			return pipeline.Fail(pipeline.Refused, c.TLS.InTheClear(strings.Join(c.Brokers, ", ")))
		}
	}
	if c.SASL == nil {
		if _, offered := c.ask(ctx, c.TLS); len(offered) > 0 {
			return misconfigured("kafka.sasl: %s asks for a password: set kafka.sasl.mechanism (it takes %s) and kafka.sasl.user", strings.Join(c.Brokers, ", "), strings.Join(offered, ", "))
		}
	}
	for i := 0; c.TLS == nil && i < len(c.Brokers); i++ {
		if mistake, wired := errors.AsType[*wire.Error](wire.CheckPlain(ctx, "kafka.tls", c.Brokers[i], err)); wired {
			return pipeline.Fail(pipeline.Refused, mistake)
		}
	}
	return err
}

// ask connects without a user and says whether a broker answers, and which mechanisms it takes passwords by. It sends no secret.
func (c Config) ask(ctx context.Context, by *wire.TLS) (answers bool, offered []string) {
	dial, err := by.Dialer()
	if err != nil {
		return false, nil
	}
	cl, err := kgo.NewClient(kgo.SeedBrokers(c.Brokers...), kgo.ClientID("andon-"+c.Instance), kgo.Dialer(dial))
	if err != nil {
		return false, nil
	}
	defer cl.Close()
	for _, b := range cl.SeedBrokers() {
		req := kmsg.NewPtrSASLHandshakeRequest()
		req.Mechanism = "none"
		if resp, err := b.Request(ctx, req); err == nil {
			return true, resp.(*kmsg.SASLHandshakeResponse).SupportedMechanisms
		}
	}
	return false, nil
}

// misconfigured is an error that a person has to mend.
func misconfigured(format string, args ...any) error {
	return pipeline.Fail(pipeline.Refused, fmt.Errorf(format, args...))
}
