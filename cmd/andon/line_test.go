package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"andon/cmd/andon/config"
	"andon/detectors/setting"
	"andon/internal/enginetest"
	"andon/schemas/event"
	"andon/schemas/exception"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/goccy/go-yaml"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

func TestMain(m *testing.M) {
	if os.Getenv(asAndon) != "" {
		main() // the test binary is the program: no second build, and it covers what the tests run
	}
	enginetest.Main(m)
}

// asAndon in the environment turns the test binary into andon.
const asAndon = "ANDON_TEST_AS_ANDON"

// line is one deployment on the real engines: topics and a database of its own, laid out.
type line struct {
	*testing.T
	cfg   config.Config
	admin *kadm.Client
	kafka *kgo.Client
	rows  driver.Conn
}

// newLine lays out topics and tables for a deployment with these settings.
func newLine(t *testing.T, settings setting.Settings) *line {
	t.Helper()
	kafka, clickHouse := enginetest.Kafka(t), enginetest.ClickHouse(t)
	prefix := enginetest.Prefix(t)
	l := &line{T: t, cfg: config.Default()}
	l.cfg.Instance = prefix + "one"
	l.cfg.Kafka.Brokers, l.cfg.Kafka.ReplicationFactor, l.cfg.Kafka.Partitions = []string{kafka.Addr()}, 1, 4
	l.cfg.Kafka.InputPrefix, l.cfg.Kafka.OwnPrefix = prefix+"in.", prefix+"own."
	l.cfg.ClickHouse.Addr, l.cfg.ClickHouse.Database = clickHouse.Addr(), enginetest.Database(t, clickHouse)
	l.cfg.Load.FlushMS = 100
	l.cfg.HTTP.Addr = "127.0.0.1:0"
	l.cfg.Settings = settings
	var err error
	if l.kafka, err = reachKafka(t.Context(), l.cfg.Kafka, kgo.RecordPartitioner(kgo.ManualPartitioner())); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.kafka.Close)
	l.admin = kadm.NewClient(l.kafka)
	if l.rows, err = reachClickHouse(t.Context(), l.cfg.ClickHouse); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.rows.Close() })
	file := l.file(l.cfg)
	l.andon("topics", "apply", "--config", file)
	l.andon("migrate", "--config", file)
	return l
}

// file writes a configuration.
func (l *line) file(cfg config.Config) string {
	l.Helper()
	return writeConfig(l.T, cfg)
}

func writeConfig(t *testing.T, cfg config.Config) string {
	t.Helper()
	text, err := yaml.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "andon.yaml")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// command is andon with arguments, as a process.
func command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), program, args...)
	c.Env = append(os.Environ(), asAndon+"=1")
	return c
}

// andon runs a command to its end, which must be a good one.
func (l *line) andon(args ...string) {
	l.Helper()
	if out, err := command(l.T, args...).CombinedOutput(); err != nil {
		l.Fatalf("andon %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// process is a running andon run.
type process struct {
	t    *testing.T
	cmd  *exec.Cmd
	done chan struct{}
	addr string // of its HTTP server

	mu  sync.Mutex
	log bytes.Buffer
}

var observedAt = regexp.MustCompile(`http=(\S+)`)

// start runs a configuration and returns when it can be observed.
func (l *line) start(cfg config.Config) *process {
	l.Helper()
	p := &process{t: l.T, cmd: command(l.T, "run", "--config", l.file(cfg)), done: make(chan struct{})}
	p.cmd.Stderr = p
	if err := p.cmd.Start(); err != nil {
		l.Fatal(err)
	}
	go func() {
		_ = p.cmd.Wait()
		close(p.done)
	}()
	l.Cleanup(func() {
		p.kill()
		if l.Failed() {
			l.Logf("log of %s:\n%s", cfg.Instance, p.said())
		}
	})
	await(l.T, cfg.Instance+" to be observable", func() bool {
		if m := observedAt.FindStringSubmatch(p.said()); m != nil {
			p.addr = m[1]
		}
		return p.addr != "" || p.over()
	})
	if p.addr == "" {
		l.Fatalf("%s ended:\n%s", cfg.Instance, p.said())
	}
	return p
}

// Write takes the log of the process.
func (p *process) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.Write(b)
}

func (p *process) said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.String()
}

func (p *process) over() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// kill ends the process as a power cut does.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
}

// stop asks the process to end, which must go well.
func (p *process) stop() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	await(p.t, "the end of the process", p.over)
	if code := p.cmd.ProcessState.ExitCode(); code != exitOK {
		p.t.Fatalf("exit code %d:\n%s", code, p.said())
	}
}

func (p *process) ready() bool {
	reply, err := http.Get("http://" + p.addr + "/readyz")
	if err != nil {
		return false
	}
	reply.Body.Close()
	return reply.StatusCode == http.StatusOK
}

// samples are the values of a metric of the process, one for each set of labels; none when it does not answer.
func (p *process) samples(name string) (values []float64) {
	p.t.Helper()
	reply, err := http.Get("http://" + p.addr + "/metrics")
	if err != nil {
		return nil
	}
	defer reply.Body.Close()
	text, err := io.ReadAll(reply.Body)
	if err != nil {
		return nil
	}
	for row := range strings.Lines(string(text)) {
		rest, ok := strings.CutPrefix(row, name)
		if !ok || rest[0] != '{' && rest[0] != ' ' {
			continue
		}
		v, err := strconv.ParseFloat(strings.TrimSpace(rest[strings.LastIndexByte(rest, ' '):]), 64)
		if err != nil {
			p.t.Fatalf("metric %s: %v", row, err)
		}
		values = append(values, v)
	}
	return values
}

// sum is a metric summed over its labels.
func (p *process) sum(name string) (total float64) {
	p.t.Helper()
	for _, v := range p.samples(name) {
		total += v
	}
	return total
}

// await waits until a condition holds.
func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for !ok() {
		select {
		case <-ctx.Done():
			t.Fatalf("waited in vain for %s", what)
		case <-again.C:
		}
	}
}

// inputTopics are the three topics events come on.
func (l *line) inputTopics() (topics []string) {
	for _, f := range event.Families {
		topics = append(topics, l.cfg.Kafka.InputPrefix+f.String())
	}
	return topics
}

// judged is how many input records the detection group has committed, and how many there are.
func (l *line) judged() (done, all int64) {
	l.Helper()
	ends, err := l.admin.ListEndOffsets(l.Context(), l.inputTopics()...)
	if err != nil {
		l.Fatal(err)
	}
	committed, err := l.admin.FetchOffsets(l.Context(), kafkaConfig(l.cfg).Group("detect"))
	if err != nil {
		l.Fatal(err)
	}
	ends.Each(func(o kadm.ListedOffset) {
		all += o.Offset
		if c, ok := committed.Lookup(o.Topic, o.Partition); ok {
			done += c.At
		}
	})
	return done, all
}

// topic reads all committed records of a topic as of now, in order within each partition.
func (l *line) topic(name string) (records []*kgo.Record) {
	l.Helper()
	ends, err := l.admin.ListCommittedOffsets(l.Context(), name)
	if err != nil {
		l.Fatal(err)
	}
	partitions, left := map[int32]kgo.Offset{}, map[int32]int64{}
	ends.Each(func(o kadm.ListedOffset) {
		if o.Offset > 0 {
			partitions[o.Partition], left[o.Partition] = kgo.NewOffset().AtStart(), o.Offset
		}
	})
	if len(left) == 0 {
		return nil
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(l.cfg.Kafka.Brokers...), kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.KeepControlRecords(),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{name: partitions}))
	if err != nil {
		l.Fatal(err)
	}
	defer client.Close()
	for len(left) > 0 {
		fetches := client.PollFetches(l.Context())
		if err := fetches.Err(); err != nil {
			l.Fatal(err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			if !r.Attrs.IsControl() {
				records = append(records, r)
			}
			if r.Offset+1 >= left[r.Partition] {
				delete(left, r.Partition)
			}
		})
	}
	return records
}

// exceptions reads the exceptions topic: every revision. A revision that stands there twice is an error.
func (l *line) exceptions() (revisions []exception.Exception) {
	l.Helper()
	seen := map[string]bool{}
	for _, r := range l.topic(l.cfg.Kafka.OwnPrefix + "exceptions") {
		var x exception.Exception
		if err := exception.Decode(r.Value, &x); err != nil {
			l.Fatal(err)
		}
		name := fmt.Sprintf("%s revision %d", x.ID, x.Revision)
		if seen[name] {
			l.Errorf("%s stands twice in the topic", name)
		}
		seen[name] = true
		revisions = append(revisions, x)
	}
	return revisions
}

// idle reports whether the process answers and has no timer armed.
func (p *process) idle() bool {
	p.t.Helper()
	return len(p.samples("andon_timers")) > 0 && p.sum("andon_timers") == 0
}

// settle waits until the process has judged every record and no timer is armed, and ClickHouse has as many rows as the topics have records.
func (l *line) settle(p *process) (revisions []exception.Exception) {
	l.Helper()
	await(l.T, "all records to be judged", func() bool {
		done, all := l.judged()
		return p.over() || done == all && p.idle()
	})
	if p.over() {
		l.Fatalf("the process ended:\n%s", p.said())
	}
	revisions = l.exceptions()
	await(l.T, "the exceptions in ClickHouse", func() bool { return l.number("SELECT count() FROM %s.exceptions FINAL") == len(revisions) })
	return revisions
}

// number asks ClickHouse for one number; %s is the database.
func (l *line) number(query string) int {
	l.Helper()
	var n uint64
	if err := l.rows.QueryRow(l.Context(), fmt.Sprintf(query, l.cfg.ClickHouse.Database)).Scan(&n); err != nil {
		l.Fatalf("%s: %v", query, err)
	}
	return int(n)
}
