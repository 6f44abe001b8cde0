package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"andon/cmd/andon/config"
	"andon/pipeline/clickhouse"
)

// configCmd is `andon config`.
type configCmd struct {
	Check checkCmd `cmd:"" help:"Say whether all that run needs is in place, and if not, what to do."`
}

// checkCmd is `andon config check`.
type checkCmd struct{ configured }

// Help is shown by --help.
func (checkCmd) Help() string {
	return `Reads the configuration, connects to Kafka and ClickHouse, and looks for the topics and tables. Changes nothing.`
}

// Run checks and prints what is in place.
func (c checkCmd) Run(ctx context.Context) error {
	cfg, err := c.read()
	if err != nil {
		return err
	}
	fmt.Println("ok  configuration", c.Config)
	return errors.Join(checkKafka(ctx, cfg), checkClickHouse(ctx, cfg))
}

// checkEngines says what a process of this configuration lacks, before it starts.
func checkEngines(ctx context.Context, cfg config.Config) error {
	if err := checkKafka(ctx, cfg); err != nil {
		return err
	}
	if slices.Contains(cfg.Roles, config.RoleLoad) {
		return checkClickHouse(ctx, cfg)
	}
	return nil
}

func checkKafka(ctx context.Context, cfg config.Config) error {
	client, err := reachKafka(ctx, cfg.Kafka)
	if err != nil {
		return err
	}
	defer client.Close()
	return nil
}

func checkClickHouse(ctx context.Context, cfg config.Config) error {
	conn, err := reachClickHouse(ctx, cfg.ClickHouse)
	if err != nil {
		return err
	}
	defer conn.Close()
	db, err := clickhouse.New(ctx, conn, cfg.ClickHouse.Database)
	if err != nil {
		return err
	}
	return db.Check(ctx)
}
