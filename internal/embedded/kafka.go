package embedded

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"text/template"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

//go:embed server.properties
var kafkaProperties string

//go:embed log4j2.xml
var kafkaLogging string

// kafkaCluster is the cluster id of every broker we start: they never meet.
const kafkaCluster = "YW5kb24tZW1iZWRkZWQtMQ"

// Kafka is one Apache Kafka broker, its own controller, in a child process with a heap of 512 MiB. Methods are not for
// concurrent use; clients may come and go at any time.
type Kafka struct {
	dir, java, jars string // dir holds server.properties, log4j2.xml, kafka.log and data/
	ports           []int  // clients, controller, then the guard's listeners
	guard           KafkaGuard
	process         *process
}

// KafkaGuard is what a broker has besides the listener in the clear that Addr names.
type KafkaGuard struct {
	Listeners  []KafkaListener
	Properties string            // further lines of server.properties: certificates, users of SASL PLAIN, an authorizer
	Users      map[string]string // of SCRAM-SHA-512, name -> password, made when the data directory is
}

// KafkaListener is one further listener.
type KafkaListener struct {
	Name     string // upper case; in the guard's properties listener.name.<in lower case>.
	Protocol string // SSL, SASL_SSL or SASL_PLAINTEXT
}

// StartKafka starts a broker that stores everything under dir (made and formatted when new) and returns when it serves
// clients. ctx bounds the start only. The caller stops it.
func StartKafka(ctx context.Context, dir string) (*Kafka, error) {
	return StartGuardedKafka(ctx, dir, KafkaGuard{})
}

// StartGuardedKafka starts a broker that has what the guard says.
func StartGuardedKafka(ctx context.Context, dir string, guard KafkaGuard) (*Kafka, error) {
	jars, err := fetched("kafka")
	if err != nil {
		return nil, fmt.Errorf("kafka: %w", err)
	}
	java, err := exec.LookPath("java")
	if err != nil {
		return nil, fmt.Errorf("kafka: %w: no java on the path: run make engines", ErrMissing)
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return nil, fmt.Errorf("kafka: data directory: %w", err)
	}
	ports, err := freePorts(2 + len(guard.Listeners))
	if err != nil {
		return nil, fmt.Errorf("kafka: %w", err)
	}
	k := &Kafka{dir: dir, java: java, jars: jars, ports: ports, guard: guard}
	if err := k.start(ctx); err != nil {
		return nil, err
	}
	return k, nil
}

// Addr is the bootstrap address, as host:port.
func (k *Kafka) Addr() string { return fmt.Sprintf("127.0.0.1:%d", k.ports[0]) }

// GuardedAddr is the bootstrap address of one of the guard's listeners, as host:port.
func (k *Kafka) GuardedAddr(name string) string {
	i := slices.IndexFunc(k.guard.Listeners, func(l KafkaListener) bool { return l.Name == name })
	return fmt.Sprintf("127.0.0.1:%d", k.ports[2+i])
}

// Running says whether the broker process is there.
func (k *Kafka) Running() bool { return k.process.running() }

// Stop ends the broker in order and returns when it is gone.
func (k *Kafka) Stop() error { return k.process.stop() }

// Kill ends the broker with SIGKILL and returns when it is gone. Every record it has acknowledged is kept, as long as the
// machine stays up.
func (k *Kafka) Kill() { k.process.kill() }

// Restart starts the broker again on the same directory and ports, stopping it first when it runs.
func (k *Kafka) Restart(ctx context.Context) error {
	if err := k.Stop(); err != nil {
		return err
	}
	return k.start(ctx)
}

func (k *Kafka) start(ctx context.Context) error {
	if err := k.configure(); err != nil {
		return fmt.Errorf("kafka: %w", err)
	}
	if err := k.format(ctx); err != nil {
		return fmt.Errorf("kafka: %w", err)
	}
	p, err := k.jvm("kafka.Kafka", k.path("server.properties"))
	if err != nil {
		return fmt.Errorf("kafka: start: %w", err)
	}
	k.process = p
	if err := await(ctx, k.process, k.ping); err != nil {
		k.Kill()
		return fmt.Errorf("kafka did not start on %s: %w", k.Addr(), err)
	}
	return nil
}

// configure writes the configuration of the drawn ports. Dying here leaves files that the next start writes again.
func (k *Kafka) configure() error {
	if err := os.MkdirAll(k.dir, 0o755); err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	properties, err := template.New("server.properties").Parse(kafkaProperties)
	if err != nil {
		return fmt.Errorf("configuration: %w", err)
	}
	var text strings.Builder
	var listeners, protocols strings.Builder
	for _, l := range k.guard.Listeners {
		fmt.Fprintf(&listeners, ",%s://%s", l.Name, k.GuardedAddr(l.Name))
		fmt.Fprintf(&protocols, ",%s:%s", l.Name, l.Protocol)
	}
	if err := properties.Execute(&text, map[string]any{
		"Dir": k.dir, "Port": k.ports[0], "ControllerPort": k.ports[1],
		"Listeners": listeners.String(), "Protocols": protocols.String(), "Further": k.guard.Properties,
	}); err != nil {
		return fmt.Errorf("configuration: %w", err)
	}
	return errors.Join(
		os.WriteFile(k.path("server.properties"), []byte(text.String()), 0o644),
		os.WriteFile(k.path("log4j2.xml"), []byte(kafkaLogging), 0o644),
	)
}

// format prepares a new data directory; one that is formatted already is left as it is. Dying half way leaves a directory
// without meta.properties, which is formatted again.
func (k *Kafka) format(ctx context.Context) error {
	if exists(k.path("data", "meta.properties")) {
		return nil
	}
	args := []string{"kafka.tools.StorageTool", "format", "--cluster-id", kafkaCluster, "--config", k.path("server.properties")}
	for name, password := range k.guard.Users {
		args = append(args, "--add-scram", fmt.Sprintf("SCRAM-SHA-512=[name=%s,password=%s]", name, password))
	}
	p, err := k.jvm(args...)
	if err != nil {
		return fmt.Errorf("format: %w", err)
	}
	select {
	case <-p.done:
	case <-ctx.Done():
		p.kill()
		return fmt.Errorf("format: %w", ctx.Err())
	}
	if !p.cmd.ProcessState.Success() {
		return fmt.Errorf("format: %s", p.lastWords())
	}
	return nil
}

func (k *Kafka) jvm(args ...string) (*process, error) {
	return spawn(k.path("kafka.log"), k.java, append([]string{
		"-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", // it lives for seconds: do not optimise for hours
		"-Dlog4j2.configurationFile=file:" + k.path("log4j2.xml"), "-cp", filepath.Join(k.jars, "*"),
	}, args...)...)
}

func (k *Kafka) path(name ...string) string {
	return filepath.Join(append([]string{k.dir}, name...)...)
}

// ping succeeds once the controller has let the broker in.
func (k *Kafka) ping(ctx context.Context) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(k.Addr()), kgo.RequestRetries(0))
	if err != nil {
		return err
	}
	defer client.Close()
	metadata, err := kadm.NewClient(client).BrokerMetadata(ctx)
	if err != nil {
		return err
	}
	if len(metadata.Brokers) != 1 {
		return errors.New("the controller has not let the broker in")
	}
	return nil
}
