package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"andon/cmd/andon/config"
	"andon/pipeline/clickhouse"
	"andon/pipeline/kafka"
	"andon/pipeline/wire"

	client "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/twmb/franz-go/pkg/kgo"
)

// connectBudget is how long an engine may take to answer when a command starts. Later outages are the roles' to sit out.
const connectBudget = 10 * time.Second

// reachKafka returns a client once a broker has answered. The caller closes it.
func reachKafka(ctx context.Context, c config.Kafka, options ...kgo.Opt) (*kgo.Client, error) {
	return kafka.Dial(ctx, toolConfig(c), slog.New(slog.DiscardHandler), options...)
}

// toolConfig is what the adapter is told for a command that takes no part in the deployment.
func toolConfig(c config.Kafka) kafka.Config {
	return kafka.Config{Brokers: c.Brokers, Instance: "tool", TLS: kafkaTLS(c.TLS), SASL: kafkaUser(c.SASL)}
}

// kafkaTLS is what the adapter is told of TLS; nil without it.
func kafkaTLS(t config.KafkaTLS) *wire.TLS {
	if !t.Enabled {
		return nil
	}
	return &wire.TLS{Section: "kafka.tls", CAFile: t.CAFile, CertFile: t.CertFile, KeyFile: t.KeyFile}
}

// kafkaUser is what the adapter is told of the user; nil without one.
func kafkaUser(s config.SASL) *kafka.SASL {
	if s.Mechanism == "" {
		return nil
	}
	mechanism := map[string]string{config.MechanismPlain: kafka.Plain, config.MechanismScram: kafka.ScramSHA512}[s.Mechanism]
	return &kafka.SASL{Mechanism: mechanism, User: s.User, Password: s.Password, PasswordSource: config.KafkaPasswordVariable}
}

// reachClickHouse returns a connection once the server has answered, with the database that queries name or none. The caller closes it.
func reachClickHouse(ctx context.Context, c config.ClickHouse) (driver.Conn, error) {
	var secured *wire.TLS
	if c.TLS.Enabled {
		secured = &wire.TLS{Section: "clickhouse.tls", CAFile: c.TLS.CAFile}
	}
	dial, err := secured.Dialer()
	if err != nil {
		return nil, err
	}
	conn, err := client.Open(&client.Options{
		Addr:        []string{c.Addr},
		Auth:        client.Auth{Username: c.User, Password: string(c.Password)},
		DialContext: clickhouse.Dial(dial),
		DialTimeout: connectBudget,
	})
	if err != nil {
		return nil, fmt.Errorf("clickhouse client: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, connectBudget)
	defer cancel()
	if err := conn.Ping(ctx); err != nil {
		conn.Close()
		return nil, unreached(ctx, c, err)
	}
	return conn, nil
}

// openDatabase is the deployment's database on a connection that the caller closes.
func openDatabase(ctx context.Context, c config.ClickHouse) (*clickhouse.DB, io.Closer, error) {
	conn, err := reachClickHouse(ctx, c)
	if err != nil {
		return nil, nil, err
	}
	db, err := clickhouse.New(ctx, conn, c.Database)
	if err != nil {
		conn.Close()
		return nil, nil, err
	}
	return db, conn, nil
}

// unreached says which setting keeps ClickHouse from answering. The error has no kind: while a process runs, its server may come back mended.
func unreached(ctx context.Context, c config.ClickHouse, err error) error {
	if !c.TLS.Enabled {
		err = wire.CheckPlain(ctx, "clickhouse.tls", c.Addr, err)
	}
	if mistake, ok := errors.AsType[*wire.Error](err); ok {
		return mistake // says it all
	}
	if _, ok := errors.AsType[*client.Exception](err); ok {
		return fmt.Errorf("clickhouse at %s refuses user %s (clickhouse.user, %s): %w", c.Addr, c.User, config.PasswordVariable, oneLine(err))
	}
	return fmt.Errorf("clickhouse at %s (clickhouse.addr) does not answer: %w", c.Addr, oneLine(err))
}

// oneLine is err with its text in one line.
func oneLine(err error) error {
	if text := err.Error(); strings.Contains(text, "\n") {
		return errors.New(strings.Join(strings.Fields(text), " "))
	}
	return err
}
