package main

import (
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"andon/cmd/andon/config"
	"andon/detectors/setting"
	"andon/internal/embedded"
	"andon/internal/enginetest"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// The passwords of the guarded engines; wrongPassword is nobody's. None may show anywhere.
const (
	kafkaPassword      = "sesame-4711"
	clickHousePassword = "mellon-4712"
	wrongPassword      = "guessed-4713"
)

// guarded are a Kafka and a ClickHouse that want to know who calls, and the deployment's way in: by default as user andon over SASL_SSL.
type guarded struct {
	*testing.T
	ours, theirs *authority // theirs is trusted by nobody
	kafka        *embedded.Kafka
	clickHouse   *embedded.ClickHouse
	admin        *kadm.Client // as a super user
}

// The users of Kafka. The others lack one right each, or have none.
var kafkaUsers = []string{"andon", "no_topic", "no_write", "no_settings", "no_group", "no_transaction", "no_writer", "no_load_group", "no_create", "no_sender", "no_redriver", "reader", "nobody"}

func newGuarded(t *testing.T) *guarded {
	t.Helper()
	enginetest.Needed(t)
	dir := t.TempDir()
	g := &guarded{T: t, ours: newAuthority(t, dir, "ours"), theirs: newAuthority(t, dir, "theirs")}
	certFile, keyFile, serverFile := g.ours.issue("server", time.Hour)
	_, _, staleFile := g.ours.issue("stale", -time.Hour)
	var err error
	if g.kafka, err = embedded.StartGuardedKafka(t.Context(), filepath.Join(dir, "kafka"), kafkaGuard(g.ours.file(), serverFile, staleFile)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.kafka.Kill)
	users := clickHouseUser("andon", migrateGrants("scram", "mutual")...) + clickHouseUser("helpless", "GRANT SELECT ON system.one") +
		clickHouseUser("loader", "GRANT SELECT, INSERT ON scram.*", "GRANT SELECT, INSERT ON mutual.*")
	behind := embedded.ClickHouseGuard{CertFile: certFile, KeyFile: keyFile, Users: users}
	if g.clickHouse, err = embedded.StartGuardedClickHouse(t.Context(), filepath.Join(dir, "clickhouse"), behind); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.clickHouse.Kill)
	client, err := kgo.NewClient(kgo.SeedBrokers(g.kafka.Addr()), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	g.admin = kadm.NewClient(client)
	return g
}

// kafkaGuard has a listener for each way in. Who comes in the clear, the broker itself among them, is a super user.
func kafkaGuard(ca, server, stale string) embedded.KafkaGuard {
	plain := []string{}
	scram := map[string]string{}
	for _, user := range kafkaUsers {
		plain = append(plain, fmt.Sprintf("user_%s=%q", user, kafkaPassword))
		scram[user] = kafkaPassword
	}
	const module = "org.apache.kafka.common.security."
	properties := []string{
		"authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
		"super.users=User:ANONYMOUS",
		"ssl.keystore.type=PEM", "ssl.keystore.location=" + server, "ssl.truststore.type=PEM", "ssl.truststore.location=" + ca,
		"listener.name.mutual.ssl.client.auth=required",
		"listener.name.stale.ssl.keystore.type=PEM", "listener.name.stale.ssl.keystore.location=" + stale,
		"listener.name.login.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-512",
		"listener.name.open.sasl.enabled.mechanisms=SCRAM-SHA-512",
		"listener.name.login.plain.sasl.jaas.config=" + module + "plain.PlainLoginModule required " + strings.Join(plain, " ") + ";",
	}
	for _, listener := range []string{"login", "open"} {
		properties = append(properties, "listener.name."+listener+".scram-sha-512.sasl.jaas.config="+module+"scram.ScramLoginModule required;")
	}
	return embedded.KafkaGuard{
		Listeners: []embedded.KafkaListener{
			{Name: "SECURE", Protocol: "SSL"}, {Name: "MUTUAL", Protocol: "SSL"}, {Name: "STALE", Protocol: "SSL"},
			{Name: "LOGIN", Protocol: "SASL_SSL"}, {Name: "OPEN", Protocol: "SASL_PLAINTEXT"},
		},
		Properties: strings.Join(properties, "\n"), Users: scram,
	}
}

// clickHouseUser is a user with what is granted, as ClickHouse's users section has it.
func clickHouseUser(name string, grants ...string) string {
	return fmt.Sprintf("<%[1]s><password_sha256_hex>%[2]x</password_sha256_hex><networks><ip>127.0.0.1</ip></networks>"+
		"<profile>default</profile><quota>default</quota><grants><query>%[3]s</query></grants></%[1]s>",
		name, sha256.Sum256([]byte(clickHousePassword)), strings.Join(grants, "</query><query>"))
}

// migrateGrants are what docs/guides/operate.md lists for andon migrate, for databases.
func migrateGrants(databases ...string) (grants []string) {
	for _, database := range databases {
		grants = append(grants, "GRANT CREATE DATABASE, CREATE TABLE, CREATE VIEW, DROP TABLE, SELECT, INSERT ON "+database+".*")
	}
	return append(grants, "GRANT TABLE ENGINE ON ReplacingMergeTree", "GRANT TABLE ENGINE ON MergeTree")
}

// config is the configuration of a deployment of its own, by SASL_SSL as user andon and by TLS to ClickHouse.
func (g *guarded) config(name string) config.Config {
	c := config.Default()
	c.Instance = name + ".one"
	c.Kafka.InputPrefix, c.Kafka.OwnPrefix, c.Kafka.Partitions, c.Kafka.ReplicationFactor = name+".in.", name+".own.", 2, 1
	c.Kafka.Brokers = []string{g.kafka.GuardedAddr("LOGIN")}
	c.Kafka.TLS = config.KafkaTLS{Enabled: true, CAFile: g.ours.file()}
	c.Kafka.SASL = config.SASL{Mechanism: config.MechanismScram, User: "andon"}
	c.ClickHouse.Addr, c.ClickHouse.Database, c.ClickHouse.User = g.clickHouse.SecureAddr(), name, "andon"
	c.ClickHouse.TLS = config.ClickHouseTLS{Enabled: true, CAFile: g.ours.file()}
	c.Load.FlushMS, c.HTTP.Addr, c.Settings.Clock = 100, "127.0.0.1:0", setting.Log
	return c
}

// passwords puts these into the environment of the commands that follow.
func passwords(t *testing.T, kafka, clickHouse string) {
	t.Setenv(config.KafkaPasswordVariable, kafka)
	t.Setenv(config.PasswordVariable, clickHouse)
}

// checkNoSecret fails the test when a password shows.
func checkNoSecret(t *testing.T, said string) {
	t.Helper()
	for _, secret := range []string{kafkaPassword, clickHousePassword, wrongPassword} {
		if strings.Contains(said, secret) {
			t.Errorf("a password shows: %s", said)
		}
	}
}

// TestWires runs deployments on guarded engines: right ones, which must flow, and wrong ones, which must say in one line what is wrong.
func TestWires(t *testing.T) {
	g := newGuarded(t)
	passwords(t, kafkaPassword, clickHousePassword)
	g.permit()
	g.Run("SASL_SSL", func(t *testing.T) { g.flows(t, g.config("scram"), "scram") })
	g.Run("mTLS", func(t *testing.T) { g.flows(t, g.mutual("mutual"), "mutual") })
	g.Run("Kafka refuses", g.kafkaRefuses)
	g.Run("rights", g.rightsAreMissing)
	g.Run("ClickHouse refuses", g.clickHouseRefuses)
}

// mutual is a configuration by mTLS as CN=andon.
func (g *guarded) mutual(name string) config.Config {
	c := g.config(name)
	c.Kafka.Brokers, c.Kafka.SASL = []string{g.kafka.GuardedAddr("MUTUAL")}, config.SASL{}
	c.Kafka.TLS.CertFile, c.Kafka.TLS.KeyFile, _ = g.ours.issue("andon", time.Hour)
	return c
}

// flows lays a deployment out and runs a made-up day through it, all of it the way its configuration says, until the rows are in ClickHouse.
func (g *guarded) flows(t *testing.T, c config.Config, name string) {
	l := &line{T: t, cfg: c, admin: g.admin}
	l.cfg.Kafka.Brokers = []string{g.kafka.Addr()} // the test looks on in the clear
	var err error
	if l.rows, err = reachClickHouse(t.Context(), config.ClickHouse{Addr: g.clickHouse.Addr(), User: "default"}); err != nil {
		t.Fatal(err)
	}
	defer l.rows.Close()
	for _, args := range []string{"migrate", "topics apply", "config check", "simulate --orders 20"} {
		out, err := command(t, append(strings.Fields(args), "--config", writeConfig(t, c))...).CombinedOutput()
		if checkNoSecret(t, string(out)); err != nil {
			t.Fatalf("%s by %s: %v: %s", args, name, err, out)
		}
		c.ClickHouse.User = "loader" // who may not change the tables
	}
	p := l.start(c)
	await(t, "events and exceptions in ClickHouse", func() bool {
		done, all := l.judged()
		return p.over() || done == all && l.number("SELECT count() FROM %s.events") > 0 && l.number("SELECT count() FROM %s.exceptions") > 0
	})
	p.stop()
	checkNoSecret(t, p.said())
}
