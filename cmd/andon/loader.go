package main

import (
	"context"
	"log/slog"
	"time"

	"andon/cmd/andon/config"
	"andon/pipeline"
	"andon/pipeline/clickhouse"
	"andon/pipeline/kafka"
	"andon/pipeline/load"
	tables "andon/schemas/clickhouse"
	"andon/schemas/event"

	"github.com/prometheus/client_golang/prometheus"
)

// loader is one table's part of the role load: topics to rows.
type loader struct {
	cfg     config.Config
	table   string
	group   string // as kafka.Config.Group takes it
	topics  []string
	rows    func(*clickhouse.DB) load.Table
	log     *slog.Logger
	metrics prometheus.Registerer
	reach   *kafka.Reach // nil: it does not run
}

// loaders are the role load.
func loaders(cfg config.Config, log *slog.Logger, metrics prometheus.Registerer) []loader {
	at := kafkaConfig(cfg)
	var inputs []string // with the side topics: what was sent again is an event too
	for _, side := range []bool{false, true} {
		for _, f := range event.Families {
			inputs = append(inputs, at.Topic(f, side))
		}
	}
	return []loader{
		{cfg, tables.Exceptions, kafka.LoadExceptions, []string{at.Exceptions()},
			func(db *clickhouse.DB) load.Table { return db.Exceptions(log) }, log, metrics, nil},
		{cfg, tables.Costs, kafka.LoadCosts, []string{at.Costs()},
			func(db *clickhouse.DB) load.Table { return db.Costs(log) }, log, metrics, nil},
		{cfg, tables.Verdicts, kafka.LoadVerdicts, []string{at.Verdicts()},
			func(db *clickhouse.DB) load.Table { return db.Verdicts(log) }, log, metrics, nil},
		{cfg, tables.Decisions, kafka.LoadDecisions, []string{at.Decisions()},
			func(db *clickhouse.DB) load.Table { return db.Decisions(log) }, log, metrics, nil},
		{cfg, tables.Health, kafka.LoadHealth, []string{at.Control()},
			func(db *clickhouse.DB) load.Table { return db.Health(log) }, log, metrics, nil},
		{cfg, tables.Events, kafka.LoadEvents, inputs,
			func(db *clickhouse.DB) load.Table { return db.Events(families(at)) }, log, metrics, nil},
	}
}

// families says which family's events an input or side topic carries.
func families(at kafka.Config) map[string]event.Family {
	of := map[string]event.Family{}
	for _, f := range event.Families {
		of[at.Input(f)], of[at.Side(f)] = f, f
	}
	return of
}

func (l loader) role() role {
	return role{config.RoleLoad + " " + l.table, l.run, func(err error) bool { return pipeline.KindOf(err) == pipeline.Refused }}
}

// run loads until ctx ends: then the partitions are handed over. A block under way is finished by whoever gets them.
func (l loader) run(ctx context.Context) error {
	db, conn, err := openDatabase(ctx, l.cfg.ClickHouse)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := db.Check(ctx); err != nil {
		return err
	}
	at := kafkaConfig(l.cfg)
	at.Reach = l.reach
	from, err := kafka.JoinLoad(ctx, at, l.group, l.topics, l.log)
	if err != nil {
		return err
	}
	defer from.Close()
	err = load.Run(ctx, load.Config{
		Table: l.table, Group: at.Group(l.group), Linger: time.Duration(l.cfg.Load.FlushMS) * time.Millisecond, BlockRows: l.cfg.Load.RowsMax,
		Logger: l.log, Registerer: l.metrics,
	}, from, l.rows(db))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveBudget)
	defer cancel()
	return from.Leave(ctx)
}
