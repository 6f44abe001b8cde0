package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"andon/cmd/andon/config"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/twmb/franz-go/pkg/kgo"
)

// connectBudget is how long an engine may take to answer when a command starts. Later outages are the roles' to sit out.
const connectBudget = 10 * time.Second

// reachKafka returns a client once a broker has answered. The caller closes it.
func reachKafka(ctx context.Context, c config.Kafka, options ...kgo.Opt) (*kgo.Client, error) {
	client, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(c.Brokers...), kgo.ClientID("andon")}, options...)...)
	if err != nil {
		return nil, fmt.Errorf("kafka client: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, connectBudget)
	defer cancel()
	if err := client.Ping(ctx); err != nil {
		client.Close()
		return nil, fmt.Errorf("kafka at %s (kafka.brokers) does not answer: %w", strings.Join(c.Brokers, ", "), oneLine(err))
	}
	return client, nil
}

// reachClickHouse returns a connection once the server has answered, with the database that queries name or none. The caller closes it.
func reachClickHouse(ctx context.Context, c config.ClickHouse) (driver.Conn, error) {
	conn, err := clickhouse.Open(&clickhouse.Options{
		Addr:        []string{c.Addr},
		Auth:        clickhouse.Auth{Username: c.User, Password: c.Password},
		DialTimeout: connectBudget,
	})
	if err != nil {
		return nil, fmt.Errorf("clickhouse client: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, connectBudget)
	defer cancel()
	if err := conn.Ping(ctx); err != nil {
		conn.Close()
		if _, ok := errors.AsType[*clickhouse.Exception](err); ok {
			return nil, fmt.Errorf("clickhouse at %s refuses user %s (clickhouse.user, %s): %w", c.Addr, c.User, config.PasswordVariable, oneLine(err))
		}
		return nil, fmt.Errorf("clickhouse at %s (clickhouse.addr) does not answer: %w", c.Addr, oneLine(err))
	}
	return conn, nil
}

// oneLine is err with its text in one line.
func oneLine(err error) error {
	if text := err.Error(); strings.Contains(text, "\n") {
		return errors.New(strings.Join(strings.Fields(text), " "))
	}
	return err
}
