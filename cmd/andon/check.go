package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"andon/cmd/andon/config"
	"andon/pipeline/kafka"
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
	for _, warning := range cfg.Warnings() {
		fmt.Println("warning:", warning)
	}
	log := slog.New(slog.DiscardHandler)
	var wrong []error
	for _, part := range []struct {
		what  string
		check func() error
	}{
		{"kafka " + strings.Join(cfg.Kafka.Brokers, ", ") + ", its topics", func() error { return checkKafka(ctx, cfg, log) }},
		{"clickhouse " + cfg.ClickHouse.Addr + ", its tables and settings", func() error { return checkClickHouse(ctx, cfg) }},
	} {
		err := part.check()
		if err == nil {
			fmt.Println("ok ", part.what)
		}
		wrong = append(wrong, err)
	}
	return errors.Join(wrong...)
}

// checkEngines says what a process of this configuration lacks, before it starts.
func checkEngines(ctx context.Context, cfg config.Config, log *slog.Logger) error {
	if err := checkKafka(ctx, cfg, log); err != nil {
		return err
	}
	if slices.Contains(cfg.Roles, config.RoleLoad) {
		return checkClickHouse(ctx, cfg)
	}
	return nil
}

// checkKafka looks for what each role of the configuration needs.
func checkKafka(ctx context.Context, cfg config.Config, log *slog.Logger) error {
	at := kafkaConfig(cfg)
	if slices.Contains(cfg.Roles, config.RoleDetect) {
		if err := kafka.Check(ctx, at, log); err != nil {
			return err
		}
	}
	if slices.Contains(cfg.Roles, config.RoleLoad) {
		for _, l := range loaders(cfg, log, nil) {
			if err := kafka.CheckLoad(ctx, at, l.group, l.topics, log); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkClickHouse(ctx context.Context, cfg config.Config) error {
	db, conn, err := openDatabase(ctx, cfg.ClickHouse)
	if err != nil {
		return err
	}
	defer conn.Close()
	return db.Check(ctx)
}
