package config

import (
	"fmt"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"andon/detectors"
	"andon/detectors/setting"
	"andon/schemas/event"
)

var (
	topicName = regexp.MustCompile(`^[A-Za-z0-9._-]{1,200}$`)
	tableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,99}$`)
)

// Validate says what is wrong with the first wrong value, naming its key and what it may be.
func (c *Config) Validate() error {
	for _, check := range []func() error{c.checkProcess, c.Kafka.check, c.Kafka.TLS.check, c.Kafka.SASL.check, c.ClickHouse.check, c.checkBounds, c.checkSettings} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (c *Config) checkProcess() error {
	if !topicName.MatchString(c.Instance) {
		return wrong("instance", c.Instance, "letters, digits, '.', '_' and '-': the name of this process, no other may have it")
	}
	if err := CheckRoles(c.Roles); err != nil {
		return fmt.Errorf("roles: %w", err)
	}
	return checkAddr("http.addr", c.HTTP.Addr)
}

// CheckRoles says what is wrong with a list of roles.
func CheckRoles(roles []string) error {
	if len(roles) == 0 {
		return fmt.Errorf("name at least one of %s", strings.Join(Roles, ", "))
	}
	for i, role := range roles {
		if !slices.Contains(Roles, role) {
			return fmt.Errorf("%q is none of %s", role, strings.Join(Roles, ", "))
		}
		if slices.Contains(roles[:i], role) {
			return fmt.Errorf("%q is named twice", role)
		}
	}
	return nil
}

func (k *Kafka) check() error {
	if len(k.Brokers) == 0 {
		return wrong("kafka.brokers", "", "at least one host:port")
	}
	for _, addr := range k.Brokers {
		if err := checkAddr("kafka.brokers", addr); err != nil {
			return err
		}
	}
	for key, prefix := range map[string]string{"kafka.input_prefix": k.InputPrefix, "kafka.own_prefix": k.OwnPrefix} {
		if !topicName.MatchString(prefix) {
			return wrong(key, prefix, "letters, digits, '.', '_' and '-', e.g. fulfillment.")
		}
	}
	if k.InputPrefix == k.OwnPrefix {
		return wrong("kafka.own_prefix", k.OwnPrefix, "another prefix than kafka.input_prefix")
	}
	if err := checkRange("kafka.partitions", k.Partitions, 1, 1024); err != nil {
		return err
	}
	if err := checkRange("kafka.replication_factor", k.ReplicationFactor, 1, 16); err != nil {
		return err
	}
	for family, p := range k.Partitioner {
		if _, ok := event.ParseFamily(family); !ok {
			return wrong("kafka.partitioner", family, "a family: asn, carrier or pickpack")
		}
		if p != PartitionerMurmur2 && p != PartitionerCRC32 && p != PartitionerAny {
			return wrong("kafka.partitioner."+family, p, "murmur2 (Java, franz-go), crc32 (librdkafka) or any")
		}
	}
	return nil
}

func (c *ClickHouse) check() error {
	if err := checkAddr("clickhouse.addr", c.Addr); err != nil {
		return err
	}
	if !tableName.MatchString(c.Database) {
		return wrong("clickhouse.database", c.Database, "letters, digits and '_'")
	}
	if c.Database == "default" {
		return wrong("clickhouse.database", c.Database, "a database of Andon's own, e.g. andon")
	}
	if c.User == "" {
		return wrong("clickhouse.user", c.User, "the user that may create tables and insert")
	}
	if !c.TLS.Enabled && c.TLS.CAFile != "" {
		return wrong("clickhouse.tls.ca_file", c.TLS.CAFile, "empty unless clickhouse.tls.enabled is true")
	}
	return nil
}

func (c *Config) checkBounds() error {
	for _, b := range []struct {
		key            string
		value, lo, top int
	}{
		{"beat.linger_ms", c.Beat.LingerMS, 1, 10_000},
		{"beat.records_max", c.Beat.RecordsMax, 1, 1_000_000},
		{"load.flush_ms", c.Load.FlushMS, 1, 60_000},
		{"load.rows_max", c.Load.RowsMax, 1, 1_000_000},
	} {
		if err := checkRange(b.key, b.value, b.lo, b.top); err != nil {
			return err
		}
	}
	return nil
}

func (c *Config) checkSettings() error {
	if c.Settings.Clock != setting.Log && c.Settings.Clock != setting.Wall {
		return wrong("settings.clock", string(c.Settings.Clock), "wall (live) or log (imports, simulations: clock.tick events move time)")
	}
	for _, family := range event.Families {
		if _, err := detectors.New(family, c.Settings); err != nil {
			return err
		}
	}
	return nil
}

func wrong(key, value, want string) error {
	return fmt.Errorf("%s: %q is no good, it must be %s", key, value, want)
}

func checkAddr(key, addr string) error {
	host, port, err := net.SplitHostPort(addr)
	n, convErr := strconv.Atoi(port)
	if err != nil || convErr != nil || n < 0 || n > 65535 || host == "" && key != "http.addr" {
		return wrong(key, addr, "host:port")
	}
	return nil
}

func checkRange(key string, value, lo, top int) error {
	if value < lo || value > top {
		return wrong(key, strconv.Itoa(value), fmt.Sprintf("between %d and %d", lo, top))
	}
	return nil
}
