package main

import (
	"net"
	"strings"
	"testing"
	"time"

	"andon/cmd/andon/config"
	"andon/detectors/setting"
	"andon/internal/embedded"
	"andon/internal/enginetest"
)

// nobody is an address on which nobody listens.
func nobody(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// refusal runs andon, which must fail soon with the code and say one line, which is returned.
func refusal(t *testing.T, code int, args ...string) string {
	t.Helper()
	begin := time.Now()
	c := command(t, args...)
	var said strings.Builder
	c.Stderr = &said
	_ = c.Run() // its exit code is looked at
	if c.ProcessState.ExitCode() != code || time.Since(begin) > 3*connectBudget {
		t.Errorf("andon %s: exit code %d after %s, want %d soon", strings.Join(args, " "), c.ProcessState.ExitCode(), time.Since(begin), code)
	}
	if strings.Count(said.String(), "\n") != 1 || !strings.HasPrefix(said.String(), "andon: ") {
		t.Errorf("andon %s: not one line: %s", strings.Join(args, " "), said.String())
	}
	return said.String()
}

func wantParts(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q does not name %q", text, part)
		}
	}
}

func TestKafkaIsNotThere(t *testing.T) {
	cfg := config.Default()
	cfg.Kafka.Brokers, cfg.Instance, cfg.Settings.Clock = []string{nobody(t)}, "absent", setting.Log
	file := writeConfig(t, cfg)
	for _, args := range [][]string{{"run"}, {"topics", "apply"}, {"simulate", "--orders", "10"}} {
		wantParts(t, refusal(t, exitFailure, append(args, "--config", file)...), cfg.Kafka.Brokers[0], "kafka.brokers")
	}
}

func TestASimulatedDayNeedsTheLogClock(t *testing.T) {
	file := writeConfig(t, config.Default())
	wantParts(t, refusal(t, exitUsage, "simulate", "--orders", "10", "--config", file), "settings.clock", "log", file)
}

func TestClickHouseIsNotThere(t *testing.T) {
	broker, err := embedded.StartFakeKafka("")
	if err != nil {
		t.Fatal(err)
	}
	defer broker.Stop()
	cfg := config.Default()
	cfg.Kafka.Brokers, cfg.Kafka.ReplicationFactor, cfg.ClickHouse.Addr, cfg.Instance = []string{broker.Addr()}, 1, nobody(t), "absent"
	file := writeConfig(t, cfg)
	if out, err := command(t, "topics", "apply", "--config", file).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, args := range [][]string{{"run"}, {"migrate"}, {"config", "check"}} {
		wantParts(t, refusal(t, exitFailure, append(args, "--config", file)...), cfg.ClickHouse.Addr, "clickhouse.addr")
	}
}

func TestWhatIsMissingIsNamed(t *testing.T) {
	kafka, clickHouse := enginetest.Kafka(t), enginetest.ClickHouse(t)
	prefix := enginetest.Prefix(t)
	cfg := config.Default()
	cfg.Instance, cfg.Kafka.Brokers, cfg.Kafka.ReplicationFactor = prefix+"one", []string{kafka.Addr()}, 1
	cfg.Kafka.InputPrefix, cfg.Kafka.OwnPrefix = prefix+"in.", prefix+"own."
	cfg.ClickHouse.Addr, cfg.ClickHouse.Database = clickHouse.Addr(), enginetest.Database(t, clickHouse)
	file := writeConfig(t, cfg)
	wantParts(t, refusal(t, exitFailure, "run", "--config", file), prefix, "andon topics apply")
	if out, err := command(t, "topics", "apply", "--config", file).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	wantParts(t, refusal(t, exitFailure, "run", "--config", file), cfg.ClickHouse.Database, "andon migrate")
	if out, err := command(t, "migrate", "--config", file).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if out, err := command(t, "config", "check", "--config", file).CombinedOutput(); err != nil {
		t.Errorf("all is in place, yet: %v: %s", err, out)
	}
}

// Other settings than those the journal was written with are refused, with what to do.
func TestOtherSettingsAreRefused(t *testing.T) {
	l := newLine(t, setting.Settings{Clock: setting.Log})
	l.andon("simulate", "--orders", "20", "--config", l.file(l.cfg))
	p := l.start(l.cfg)
	l.settle(p)
	p.stop()
	l.cfg.Settings.Rules = map[string]map[string]int64{"CA-04": {"grace_s": 1}}
	c := command(t, "run", "--config", l.file(l.cfg))
	out, _ := c.CombinedOutput()
	if c.ProcessState.ExitCode() != exitFailure {
		t.Errorf("exit code %d", c.ProcessState.ExitCode())
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	wantParts(t, lines[len(lines)-1], "andon: detect: ", "settings", "kafka.own_prefix")
}

func TestWrongUseIsExitCodeTwo(t *testing.T) {
	wantParts(t, refusal(t, exitUsage, "dance"), "dance")
	wantParts(t, refusal(t, exitUsage, "run", "--config", "none.yaml"), "none.yaml")
	wantParts(t, refusal(t, exitUsage, "replay", "--dataset", "olist"), "NAME=DIR")
	cfg := config.Default()
	wantParts(t, refusal(t, exitUsage, "run", "--config", writeConfig(t, cfg), "--roles", "watch"), "watch", "detect, load, guard")
}
