package config

import (
	"fmt"
	"net"
)

func (t *KafkaTLS) check() error {
	if !t.Enabled {
		for _, f := range []struct{ key, file string }{{"ca_file", t.CAFile}, {"cert_file", t.CertFile}, {"key_file", t.KeyFile}} {
			if f.file != "" {
				return wrong("kafka.tls."+f.key, f.file, "empty unless kafka.tls.enabled is true")
			}
		}
	}
	if (t.CertFile == "") != (t.KeyFile == "") {
		return wrong("kafka.tls.cert_file", t.CertFile, "given together with kafka.tls.key_file, or both empty")
	}
	return nil
}

func (s *SASL) check() error {
	switch {
	case s.Mechanism == "" && s.User == "":
		return nil
	case s.Mechanism != MechanismPlain && s.Mechanism != MechanismScram:
		return wrong("kafka.sasl.mechanism", s.Mechanism, "plain, scram-sha-512, or empty together with kafka.sasl.user")
	case s.User == "":
		return wrong("kafka.sasl.user", s.User, "the user that kafka.sasl.mechanism shows the password of")
	case s.Password == "":
		return fmt.Errorf("kafka.sasl.user: %s needs a password: set %s in the environment", s.User, KafkaPasswordVariable)
	}
	return nil
}

// Warnings says which passwords anybody on the way can read, a line each. A host of this machine has no way.
func (c *Config) Warnings() (lines []string) {
	if c.Kafka.SASL.Mechanism == MechanismPlain && !c.Kafka.TLS.Enabled && away(c.Kafka.Brokers...) {
		lines = append(lines, "kafka.sasl.mechanism: plain without kafka.tls.enabled sends the password readable to anybody on the way; take scram-sha-512, better with TLS")
	}
	if c.ClickHouse.Password != "" && !c.ClickHouse.TLS.Enabled && away(c.ClickHouse.Addr) {
		lines = append(lines, "clickhouse.tls.enabled: without it the password is sent readable to anybody on the way")
	}
	return lines
}

// away says whether any address is on another machine.
func away(addrs ...string) bool {
	for _, addr := range addrs {
		host, _, _ := net.SplitHostPort(addr) // checked
		if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			return true
		}
	}
	return false
}
