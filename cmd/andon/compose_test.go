package main

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"andon/cmd/andon/config"

	"github.com/goccy/go-yaml"
)

// compose is what our compose file uses of the Compose Specification; any other key in it is an error.
type compose struct {
	Name     string                    `yaml:"name"`
	Shared   composeService            `yaml:"x-andon"`
	Services map[string]composeService `yaml:"services"`
	Volumes  map[string]struct{}       `yaml:"volumes"`
}

type composeService struct {
	Image string `yaml:"image"`
	Build struct {
		Context    string `yaml:"context"`
		Dockerfile string `yaml:"dockerfile"`
	} `yaml:"build"`
	Command     []string          `yaml:"command"`
	Environment map[string]string `yaml:"environment"`
	Volumes     []string          `yaml:"volumes"`
	Ports       []string          `yaml:"ports"`
	DependsOn   map[string]struct {
		Condition string `yaml:"condition"`
	} `yaml:"depends_on"`
	Healthcheck struct {
		Test     []string `yaml:"test"`
		Interval string   `yaml:"interval"`
		Timeout  string   `yaml:"timeout"`
		Retries  int      `yaml:"retries"`
	} `yaml:"healthcheck"`
	Ulimits struct {
		NoFile int `yaml:"nofile"`
	} `yaml:"ulimits"`
	ReadOnly        bool     `yaml:"read_only"`
	CapDrop         []string `yaml:"cap_drop"`
	SecurityOpt     []string `yaml:"security_opt"`
	StopGracePeriod string   `yaml:"stop_grace_period"`
	Restart         string   `yaml:"restart"`
}

func composeFile(t *testing.T) compose {
	t.Helper()
	var c compose
	if err := yaml.UnmarshalWithOptions([]byte(readDeploy(t, "compose.yaml")), &c, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	return c
}

// What the compose file mounts, builds, runs and waits for is there.
func TestCompose(t *testing.T) {
	c := composeFile(t)
	for name, s := range c.Services {
		if s.Image == "andon" {
			accepted(t, s.Command)
			if _, err := os.Stat(filepath.Join(deployDir, s.Build.Context, s.Build.Dockerfile)); err != nil {
				t.Error(err)
			}
		} else if _, tag, _ := strings.Cut(s.Image, ":"); tag == "" || tag == "latest" {
			t.Errorf("%s runs %q, which names no version", name, s.Image)
		}
		for _, volume := range s.Volumes {
			from, _, _ := strings.Cut(volume, ":")
			if _, named := c.Volumes[from]; named {
				continue
			}
			if _, err := os.Stat(filepath.Join(deployDir, from)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		for other, on := range s.DependsOn {
			awaited, known := c.Services[other]
			healthy := on.Condition == "service_healthy" && len(awaited.Healthcheck.Test) > 0
			over := on.Condition == "service_completed_successfully" && len(awaited.Command) > 0
			if !known || !healthy && !over {
				t.Errorf("%s waits for %s, %q, which never comes", name, other, on.Condition)
			}
		}
	}
	if got := slices.Sorted(maps.Keys(c.Services)); !slices.Equal(got, []string{"andon", "clickhouse", "kafka", "migrate", "topics"}) {
		t.Errorf("services %v", got)
	}
}

// The configuration it mounts names the services as they can be reached inside, and the user that ClickHouse is told of.
func TestComposeFitsItsConfiguration(t *testing.T) {
	c := composeFile(t)
	from, _, _ := strings.Cut(c.Services["andon"].Volumes[0], ":")
	cfg, err := config.Read(filepath.Join(deployDir, from))
	if err != nil {
		t.Fatal(err)
	}
	kafka, clickHouse := c.Services["kafka"].Environment, c.Services["clickhouse"].Environment
	if !strings.Contains(kafka["KAFKA_ADVERTISED_LISTENERS"], "INSIDE://"+cfg.Kafka.Brokers[0]+",") || cfg.Kafka.ReplicationFactor != 1 {
		t.Errorf("the broker advertises %s, the configuration names %v with %d replicas", kafka["KAFKA_ADVERTISED_LISTENERS"], cfg.Kafka.Brokers, cfg.Kafka.ReplicationFactor)
	}
	if cfg.ClickHouse.Addr != "clickhouse:9000" || cfg.ClickHouse.User != clickHouse["CLICKHOUSE_USER"] {
		t.Errorf("the configuration names %s and user %s", cfg.ClickHouse.Addr, cfg.ClickHouse.User)
	}
	if clickHouse["CLICKHOUSE_PASSWORD"] != c.Services["andon"].Environment[config.PasswordVariable] {
		t.Error("ClickHouse and andon are told different passwords")
	}
	if _, port, _ := strings.Cut(cfg.HTTP.Addr, ":"); !strings.HasSuffix(c.Services["andon"].Ports[0], ":"+port) {
		t.Errorf("http.addr is %s, published is %v", cfg.HTTP.Addr, c.Services["andon"].Ports)
	}
}

// The engines are those that the tests run on.
func TestComposeRunsWhatIsTested(t *testing.T) {
	c := composeFile(t)
	for service, image := range map[string]string{"kafka": "apache/kafka:", "clickhouse": "clickhouse/clickhouse-server:"} {
		version := regexp.MustCompile(service + `_version=(\S+)`).FindStringSubmatch(readDeploy(t, "engines/fetch.sh"))
		tag, ours := strings.CutPrefix(c.Services[service].Image, image)
		if !ours || version == nil || !strings.HasPrefix(version[1]+".", tag+".") {
			t.Errorf("%s runs as %s, the tests run on %v", service, c.Services[service].Image, version)
		}
	}
}
