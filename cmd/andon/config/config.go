// Package config is the configuration file of Andon: strict YAML, every key with its unit and its default. What is not in the file keeps its
// default; a key the file should not have is an error with its line and column. Secrets are not in the file: they come from the environment.
package config

import (
	"os"
	"slices"

	"andon/detectors/setting"
	"andon/pipeline/wire"
)

// Config is a whole configuration file.
type Config struct {
	Instance   string           `yaml:"instance"` // name of this process: its transactional id and its group instance id; default: the host's name
	Roles      []string         `yaml:"roles"`    // what this process does: RoleDetect, RoleLoad, RoleGuard; default: all
	Kafka      Kafka            `yaml:"kafka"`
	ClickHouse ClickHouse       `yaml:"clickhouse"`
	Beat       Beat             `yaml:"beat"`
	Load       Load             `yaml:"load"`
	Models     Models           `yaml:"models"`
	HTTP       HTTP             `yaml:"http"`
	Settings   setting.Settings `yaml:"settings"` // what the detectors judge by
}

// The roles.
const (
	RoleDetect = "detect" // events to exceptions
	RoleLoad   = "load"   // topics to ClickHouse
	RoleGuard  = "guard"  // watches models; nothing to do while models.dir is empty
)

// Roles lists all roles.
var Roles = []string{RoleDetect, RoleLoad, RoleGuard}

// Kafka says where the log is and how the topics are named and laid out.
type Kafka struct {
	Brokers           []string          `yaml:"brokers"`            // host:port, any of the cluster's
	InputPrefix       string            `yaml:"input_prefix"`       // the input topics are <input_prefix>asn, ...carrier and ...pickpack
	OwnPrefix         string            `yaml:"own_prefix"`         // of the topics Andon writes and of its groups
	Partitions        int               `yaml:"partitions"`         // of each topic that `topics apply` creates; frozen from then on
	ReplicationFactor int               `yaml:"replication_factor"` // likewise
	Partitioner       map[string]string `yaml:"partitioner"`        // family -> how its producers place keys: PartitionerMurmur2, PartitionerCRC32 or PartitionerAny
	TLS               KafkaTLS          `yaml:"tls"`
	SASL              SASL              `yaml:"sasl"`
}

// KafkaTLS is how the connections to the brokers are protected. The files are PEM; relative paths begin at the working directory.
type KafkaTLS struct {
	Enabled  bool   `yaml:"enabled"`
	CAFile   string `yaml:"ca_file"`   // authorities that sign the brokers' certificates; this machine's when empty
	CertFile string `yaml:"cert_file"` // our own certificate (mTLS); none when empty
	KeyFile  string `yaml:"key_file"`  // its key
}

// SASL is the user of the brokers. The password is ANDON_KAFKA_PASSWORD in the environment.
type SASL struct {
	Mechanism string      `yaml:"mechanism"` // MechanismPlain or MechanismScram; empty: no user
	User      string      `yaml:"user"`
	Password  wire.Secret `yaml:"-"`
}

// The mechanisms.
const (
	MechanismPlain = "plain"         // the password itself is sent
	MechanismScram = "scram-sha-512" // a proof that we know it
)

// The partitioners.
const (
	PartitionerMurmur2 = "murmur2" // the Java client's and franz-go's
	PartitionerCRC32   = "crc32"   // librdkafka's default
	PartitionerAny     = "any"     // unknown: a record's partition is not checked against its key
)

// ClickHouse says where rows go. The password is ANDON_CLICKHOUSE_PASSWORD in the environment; none when unset.
type ClickHouse struct {
	Addr     string        `yaml:"addr"` // host:port of the native protocol
	Database string        `yaml:"database"`
	User     string        `yaml:"user"` // may create tables and insert
	Password wire.Secret   `yaml:"-"`
	TLS      ClickHouseTLS `yaml:"tls"`
}

// ClickHouseTLS is how the connections to ClickHouse are protected.
type ClickHouseTLS struct {
	Enabled bool   `yaml:"enabled"`
	CAFile  string `yaml:"ca_file"` // authorities that sign the server's certificate, PEM; this machine's when empty
}

// Beat bounds one turn of the detection loop.
type Beat struct {
	LingerMS   int `yaml:"linger_ms"`   // milliseconds: how long a beat gathers records at most
	RecordsMax int `yaml:"records_max"` // records of all lanes in a beat
}

// Load bounds one insert.
type Load struct {
	FlushMS int `yaml:"flush_ms"` // milliseconds: how long a row waits at most
	RowsMax int `yaml:"rows_max"` // rows of one insert
}

// Models says where models are. Which of them are asked is said by policies.
type Models struct {
	Dir string `yaml:"dir"` // holds packed bundles, name@version.zip; relative paths begin at the working directory; empty: there are no models
}

// HTTP is where /metrics, /healthz and /readyz are served.
type HTTP struct {
	Addr string `yaml:"addr"` // host:port; port 0 takes a free one, which is logged
}

// The environment variables with the passwords.
const (
	PasswordVariable      = "ANDON_CLICKHOUSE_PASSWORD"
	KafkaPasswordVariable = "ANDON_KAFKA_PASSWORD"
)

// Default is the configuration of an empty file: engines on this machine, the live clock.
func Default() Config {
	host, err := os.Hostname()
	if err != nil {
		host = "andon"
	}
	return Config{
		Instance: host,
		Roles:    slices.Clone(Roles),
		Kafka: Kafka{
			Brokers:           []string{"localhost:9092"},
			InputPrefix:       "fulfillment.",
			OwnPrefix:         "andon.",
			Partitions:        8,
			ReplicationFactor: 3,
			Partitioner:       map[string]string{"asn": PartitionerAny, "carrier": PartitionerAny, "pickpack": PartitionerAny},
		},
		ClickHouse: ClickHouse{Addr: "localhost:9000", Database: "andon", User: "default"},
		Beat:       Beat{LingerMS: 100, RecordsMax: 20_000},
		Load:       Load{FlushMS: 1000, RowsMax: 100_000},
		HTTP:       HTTP{Addr: "127.0.0.1:9464"},
		Settings:   setting.Default(),
	}
}
