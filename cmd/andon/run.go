package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"slices"

	"andon/cmd/andon/config"
	"andon/pipeline/kafka"
	"andon/pipeline/scorer"
	"andon/replay/train"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// gcPercent lets the heap grow to three times what is live before it is collected: most of it is facts, which live long. GOGC overrides it.
const gcPercent = 200

// runCmd is `andon run`.
type runCmd struct {
	configured
	Roles []string `placeholder:"ROLE,..." help:"Only these roles, instead of the configuration's: detect, load, guard."`
}

// Help is shown by --help.
func (runCmd) Help() string {
	return `Runs until SIGTERM or Ctrl-C: detect turns events into exceptions, load brings both into ClickHouse, guard watches the models of
models.dir. More processes of one deployment share the work, one of them guards; give each an instance name of its own. Needs what andon topics apply and andon migrate create.

http.addr serves /metrics, /healthz and /readyz.`
}

// Run runs the roles.
func (c runCmd) Run(ctx context.Context) error {
	cfg, err := c.read()
	if err != nil {
		return err
	}
	if len(c.Roles) > 0 {
		if err := config.CheckRoles(c.Roles); err != nil {
			return usageError{fmt.Errorf("--roles: %w", err)}
		}
		cfg.Roles = c.Roles
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, nil)).With("instance", cfg.Instance)
	if err := checkEngines(ctx, cfg, log); err != nil {
		return err
	}
	for _, warning := range cfg.Warnings() {
		log.Warn("readable on the way", "warning", warning)
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	ended := context.AfterFunc(ctx, func() { log.Info("stopping: the beat under way is finished and the lanes are handed over") })
	defer ended()
	metrics := prometheus.NewRegistry()
	metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return work(ctx, cfg, log, metrics, func(addr string) {
		log.Info("andon runs", "version", version, "roles", fmt.Sprint(cfg.Roles), "http", addr)
	})
}

// work runs the roles of a configuration until ctx ends, and tells where it is observed once it is.
func work(ctx context.Context, cfg config.Config, log *slog.Logger, metrics *prometheus.Registry, observed func(addr string)) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	reach := kafka.NewReach(log)
	var roles []role
	var checks []func() error
	detects, guards := slices.Contains(cfg.Roles, config.RoleDetect), slices.Contains(cfg.Roles, config.RoleGuard) && cfg.Models.Dir != ""
	if detects || guards {
		models := scorer.New(cfg.Models.Dir, train.Sets, log, metrics)
		if err := models.Load(ctx); err != nil {
			return err
		}
		defer models.Close()
		roles = append(roles, modelRole(models))
		if detects {
			d := newDetector(cfg, log, metrics, reach, models)
			roles, checks = append(roles, d.role()), append(checks, d.live.ready)
		}
		if guards {
			roles = append(roles, newGuards(cfg, models, log, metrics, reach).role())
		}
	}
	if slices.Contains(cfg.Roles, config.RoleLoad) {
		for _, l := range loaders(cfg, log, metrics) {
			l.reach = reach
			roles = append(roles, l.role())
		}
	}
	addr, err := serve(ctx, cfg.HTTP.Addr, metrics, func() error {
		var why []error
		for _, check := range checks {
			why = append(why, check())
		}
		return errors.Join(why...)
	})
	if err != nil {
		return err
	}
	observed(addr)
	return runRoles(ctx, log, roles)
}
