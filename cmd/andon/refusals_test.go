package main

import (
	"crypto/tls"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"andon/cmd/andon/config"

	"github.com/twmb/franz-go/pkg/kadm"
)

// permit gives user andon what docs/guides/operate.md lists, for the names the tests use, and each of the others all but one thing.
func (g *guarded) permit() {
	all := func(user, prefix string) {
		for _, rules := range []*kadm.ACLBuilder{
			kadm.NewACLs().Topics(prefix).Operations(kadm.OpRead, kadm.OpWrite, kadm.OpCreate, kadm.OpDescribeConfigs),
			kadm.NewACLs().Groups(prefix).Operations(kadm.OpRead),
			kadm.NewACLs().TransactionalIDs(prefix).Operations(kadm.OpWrite),
		} {
			g.acl(rules.Allow("User:" + user).AllowHosts("*").ResourcePatternType(kadm.ACLPatternPrefixed))
		}
	}
	all("CN=andon", "mutual.")
	for _, user := range kafkaUsers[:len(kafkaUsers)-2] {
		all(user, "scram.")
	}
	g.acl(kadm.NewACLs().Topics("scram.").Operations(kadm.OpRead).Allow("User:reader").AllowHosts("*").ResourcePatternType(kadm.ACLPatternPrefixed))
	for user, not := range map[string]*kadm.ACLBuilder{
		"no_topic":       kadm.NewACLs().Topics("scram.own.journal").Operations(kadm.OpAll),
		"no_write":       kadm.NewACLs().Topics("scram.own.exceptions").Operations(kadm.OpWrite),
		"no_settings":    kadm.NewACLs().Topics("scram.in.carrier").Operations(kadm.OpDescribeConfigs),
		"no_group":       kadm.NewACLs().Groups("scram.own-detect").Operations(kadm.OpRead),
		"no_transaction": kadm.NewACLs().TransactionalIDs("scram.one").Operations(kadm.OpAll),
		"no_writer":      kadm.NewACLs().TransactionalIDs("scram.one").Operations(kadm.OpWrite),
		"no_load_group":  kadm.NewACLs().Groups("scram.own-load-exceptions").Operations(kadm.OpRead),
		"no_create":      kadm.NewACLs().Topics("scram.new.asn").Operations(kadm.OpCreate),
		"no_sender":      kadm.NewACLs().Topics("scram.in.asn").Operations(kadm.OpWrite),
		"no_redriver":    kadm.NewACLs().Topics("scram.own.side.carrier").Operations(kadm.OpWrite),
	} {
		g.acl(not.Deny("User:" + user).DenyHosts("*").ResourcePatternType(kadm.ACLPatternLiteral))
	}
}

// acl makes rules.
func (g *guarded) acl(rules *kadm.ACLBuilder) {
	g.Helper()
	results, err := g.admin.CreateACLs(g.Context(), rules)
	for _, r := range results {
		if err == nil {
			err = r.Err
		}
	}
	if err != nil {
		g.Fatal(err)
	}
}

// refused runs a configuration and checks it, both of which must say the one line with these parts.
func (g *guarded) refused(t *testing.T, c config.Config, parts ...string) {
	t.Helper()
	file := writeConfig(t, c)
	for _, args := range []string{"run", "config check"} {
		said := refusal(t, exitFailure, append(strings.Fields(args), "--config", file)...)
		t.Log(said)
		wantParts(t, said, parts...)
		if checkNoSecret(t, said); strings.Contains(said, "cannot reach") {
			t.Errorf("it was tried again and again: %s", said)
		}
	}
}

func (g *guarded) kafkaRefuses(t *testing.T) {
	own := func(c *config.Config, by *authority, name string, expires time.Duration) {
		c.Kafka = g.mutual("scram").Kafka
		c.Kafka.TLS.CertFile, c.Kafka.TLS.KeyFile, _ = by.issue(name, expires)
	}
	at := g.kafka.GuardedAddr
	to := func(c *config.Config, listener string) { c.Kafka.Brokers = []string{at(listener)} }
	for name, wrong := range map[string]struct {
		change func(*config.Config)
		says   []string
	}{
		"wrong CA":                  {func(c *config.Config) { c.Kafka.TLS.CAFile = g.theirs.file() }, []string{"kafka.tls.ca_file", "theirs.pem", at("LOGIN"), "unknown authority"}},
		"no CA":                     {func(c *config.Config) { c.Kafka.TLS.CAFile = "" }, []string{"kafka.tls.ca_file", "this machine trusts"}},
		"CA file is missing":        {func(c *config.Config) { c.Kafka.TLS.CAFile = "none.pem" }, []string{"kafka.tls.ca_file", "none.pem", "no such file"}},
		"CA file is no certificate": {func(c *config.Config) { c.Kafka.TLS.CAFile = strings.TrimSuffix(g.ours.file(), ".pem") + ".key" }, []string{"kafka.tls.ca_file", "PEM"}},
		"expired":                   {func(c *config.Config) { to(c, "STALE"); c.Kafka.SASL = config.SASL{} }, []string{"kafka.tls", at("STALE"), "expired", "renew"}},
		"another name": {func(c *config.Config) {
			c.Kafka.Brokers[0] = strings.Replace(c.Kafka.Brokers[0], "127.0.0.1", "localhost", 1)
		}, []string{"kafka.tls", "localhost", "name"}},
		"TLS to a plaintext port":     {func(c *config.Config) { c.Kafka.Brokers, c.Kafka.SASL = []string{g.kafka.Addr()}, config.SASL{} }, []string{"kafka.tls.enabled", g.kafka.Addr(), "does not speak TLS"}},
		"TLS to a plaintext login":    {func(c *config.Config) { to(c, "OPEN") }, []string{"kafka.tls.enabled", at("OPEN"), "does not speak TLS"}},
		"in the clear to a TLS port":  {func(c *config.Config) { to(c, "SECURE"); c.Kafka.TLS, c.Kafka.SASL = config.KafkaTLS{}, config.SASL{} }, []string{"kafka.tls.enabled: true", at("SECURE"), "speaks TLS"}},
		"in the clear to a TLS login": {func(c *config.Config) { c.Kafka.TLS = config.KafkaTLS{} }, []string{"kafka.tls.enabled: true", at("LOGIN"), "speaks TLS"}},
		"unknown user":                {func(c *config.Config) { c.Kafka.SASL.User = "mallory" }, []string{"kafka.sasl.user", "mallory", config.KafkaPasswordVariable}},
		"another mechanism": {func(c *config.Config) {
			to(c, "OPEN")
			c.Kafka.TLS = config.KafkaTLS{}
			c.Kafka.SASL.Mechanism = config.MechanismPlain
		}, []string{"kafka.sasl.mechanism", "PLAIN", "SCRAM-SHA-512"}},
		"no user where one is asked":  {func(c *config.Config) { c.Kafka.SASL = config.SASL{} }, []string{"kafka.sasl.mechanism", "PLAIN", "SCRAM-SHA-512", at("LOGIN")}},
		"no user in the clear":        {func(c *config.Config) { to(c, "OPEN"); c.Kafka.TLS, c.Kafka.SASL = config.KafkaTLS{}, config.SASL{} }, []string{"kafka.sasl.mechanism", "SCRAM-SHA-512", at("OPEN")}},
		"a user where nobody asks":    {func(c *config.Config) { to(c, "SECURE") }, []string{"remove kafka.sasl", at("SECURE")}},
		"no certificate of ours":      {func(c *config.Config) { to(c, "MUTUAL"); c.Kafka.SASL = config.SASL{} }, []string{"kafka.tls.cert_file", at("MUTUAL"), "asks for a certificate"}},
		"our certificate, unknown CA": {func(c *config.Config) { own(c, g.theirs, "stranger", time.Hour) }, []string{"kafka.tls.cert_file", "stranger.pem", at("MUTUAL"), "refuses"}},
		"our certificate has expired": {func(c *config.Config) { own(c, g.ours, "old", -time.Hour) }, []string{"kafka.tls.cert_file", "old.pem", "renew"}},
		"our certificate, another's key": {func(c *config.Config) {
			own(c, g.ours, "one", time.Hour)
			_, c.Kafka.TLS.KeyFile, _ = g.ours.issue("two", time.Hour)
		}, []string{"kafka.tls.cert_file", "key"}},
	} {
		t.Run(name, func(t *testing.T) {
			c := g.config("scram")
			wrong.change(&c)
			g.refused(t, c, wrong.says...)
		})
	}
	for _, mechanism := range []string{config.MechanismPlain, config.MechanismScram} {
		t.Run("wrong password by "+mechanism, func(t *testing.T) {
			passwords(t, wrongPassword, clickHousePassword)
			c := g.config("scram")
			c.Kafka.SASL.Mechanism = mechanism
			g.refused(t, c, "kafka.sasl.user", "andon", config.KafkaPasswordVariable)
		})
	}
	t.Run("right by plain", func(t *testing.T) {
		c := g.config("scram")
		c.Kafka.SASL.Mechanism = config.MechanismPlain
		output(t, "config", "check", "--config", writeConfig(t, c))
	})
}

func (g *guarded) rightsAreMissing(t *testing.T) {
	for user, says := range map[string][]string{
		"no_topic":       {"Read, Write, DescribeConfigs on topic scram.own.journal", "--operation DescribeConfigs"},
		"no_write":       {"Write on topic scram.own.exceptions"},
		"no_settings":    {"DescribeConfigs on topic scram.in.carrier"},
		"no_group":       {"Read on group scram.own-detect"},
		"no_transaction": {"Write on transactional-id scram.one"},
		"no_load_group":  {"Read on group scram.own-load-exceptions"},
		"nobody":         {"scram."},
	} {
		t.Run(user, func(t *testing.T) {
			c := g.config("scram")
			c.Kafka.SASL.User = user
			if user == "no_load_group" {
				c.Roles = []string{config.RoleLoad}
			}
			g.refused(t, c, append(says, "kafka.sasl.user", user, "kafka-acls.sh --add --allow-principal", "User:"+user)...)
		})
	}
	t.Run("to read is all that verify needs", func(t *testing.T) {
		c := g.config("scram")
		c.Kafka.SASL.User = "reader"
		wantParts(t, output(t, "verify", "--config", writeConfig(t, c)), "All matches")
		c.Kafka.SASL.User = "nobody"
		for _, args := range []string{"verify", "explain 0123"} {
			said := refusal(t, exitUnchecked, append(strings.Fields(args), "--config", writeConfig(t, c))...)
			wantParts(t, said, "kafka.sasl.user: nobody lacks the right Read on topic scram.in.asn", "kafka-acls.sh --add")
		}
	})
	t.Run("of a certificate", func(t *testing.T) {
		g.refused(t, g.mutual("scram"), "kafka.tls.cert_file", "User:CN=andon", "scram.")
	})
	t.Run("to write by the instance's name", func(t *testing.T) { // only the first write tells
		c := g.config("scram")
		c.Kafka.SASL.User, c.Roles = "no_writer", []string{config.RoleDetect}
		out, err := command(t, "run", "--config", writeConfig(t, c)).CombinedOutput()
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		if checkNoSecret(t, string(out)); err == nil {
			t.Error("it runs")
		}
		wantParts(t, lines[len(lines)-1], "andon: detect: kafka.sasl.user: no_writer", "Write on transactional-id scram.one")
	})
	for user, command := range map[string]string{
		"no_create": "topics apply", "no_sender": "simulate --orders 20", "no_redriver": "deadletter redrive", "nobody": "topics apply",
	} {
		t.Run(command+" by "+user, func(t *testing.T) {
			c := g.config("scram")
			c.Kafka.SASL.User = user
			if command == "topics apply" {
				c.Kafka.InputPrefix, c.Kafka.OwnPrefix = "scram.new.", "scram.other."
			}
			said := refusal(t, exitFailure, append(strings.Fields(command), "--config", writeConfig(t, c))...)
			t.Log(said)
			wantParts(t, said, "kafka.sasl.user: "+user, "scram.")
		})
	}
}

func (g *guarded) clickHouseRefuses(t *testing.T) {
	for name, wrong := range map[string]struct {
		change func(*config.ClickHouse)
		says   []string
	}{
		"wrong CA":                   {func(c *config.ClickHouse) { c.TLS.CAFile = g.theirs.file() }, []string{"clickhouse.tls.ca_file", "theirs.pem", g.clickHouse.SecureAddr(), "unknown authority"}},
		"no CA":                      {func(c *config.ClickHouse) { c.TLS.CAFile = "" }, []string{"clickhouse.tls.ca_file", "this machine trusts"}},
		"CA file is missing":         {func(c *config.ClickHouse) { c.TLS.CAFile = "none.pem" }, []string{"clickhouse.tls.ca_file", "none.pem"}},
		"expired":                    {func(c *config.ClickHouse) { c.Addr = g.stale(t) }, []string{"clickhouse.tls", "expired", "renew"}},
		"another name":               {func(c *config.ClickHouse) { c.Addr = strings.Replace(c.Addr, "127.0.0.1", "localhost", 1) }, []string{"clickhouse.tls", "localhost", "name"}},
		"TLS to a plaintext port":    {func(c *config.ClickHouse) { c.Addr = g.clickHouse.Addr() }, []string{"clickhouse.tls.enabled", g.clickHouse.Addr(), "does not speak TLS"}},
		"in the clear to a TLS port": {func(c *config.ClickHouse) { c.TLS = config.ClickHouseTLS{} }, []string{"clickhouse.tls.enabled: true", g.clickHouse.SecureAddr(), "speaks TLS"}},
		"no grants":                  {func(c *config.ClickHouse) { c.User = "helpless" }, []string{"clickhouse", "helpless", "grant"}},
	} {
		t.Run(name, func(t *testing.T) {
			c := g.config("scram")
			wrong.change(&c.ClickHouse)
			g.refused(t, c, wrong.says...)
		})
	}
	for name, user := range map[string]string{"wrong password": "andon", "unknown user": "mallory"} {
		t.Run(name, func(t *testing.T) {
			passwords(t, kafkaPassword, wrongPassword)
			c := g.config("scram")
			c.ClickHouse.User = user
			var said string
			for try := 0; try < 5 && !strings.Contains(said, "clickhouse.user"); try++ {
				said = refusal(t, exitFailure, "config", "check", "--config", writeConfig(t, c))
				t.Log(said)
				checkNoSecret(t, said)
				// The library, unlike a server, aborts when it refuses a login, now and then before its answer is out: then it is asked again.
				if err := g.clickHouse.Restart(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			wantParts(t, said, "clickhouse.user", user, config.PasswordVariable)
		})
	}
}

// stale is an address before ClickHouse whose certificate has expired.
func (g *guarded) stale(t *testing.T) string {
	t.Helper()
	certFile, keyFile, _ := g.ours.issue("stale", -time.Hour)
	certificate, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{certificate}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer client.Close()
				server, err := net.Dial("tcp", g.clickHouse.Addr())
				if err != nil {
					return
				}
				defer server.Close()
				go func() { _, _ = io.Copy(server, client) }()
				_, _ = io.Copy(client, server)
			}()
		}
	}()
	return listener.Addr().String()
}
