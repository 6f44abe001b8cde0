package config

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

const example = "../../../deploy/andon.example.yaml"

func TestExampleLoads(t *testing.T) {
	c, err := Read(example)
	if err != nil {
		t.Fatal(err)
	}
	if c.Settings.Rules["CA-04"]["grace_s"] != 0 || len(c.Settings.Sources) != 1 {
		t.Errorf("settings of the example: %+v", c.Settings)
	}
}

// The example states the defaults, apart from what it says it changes.
func TestExampleStatesTheDefaults(t *testing.T) {
	c, err := Read(example)
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.Instance, want.Settings.Rules, want.Settings.Sources, want.Settings.Reference = c.Instance, c.Settings.Rules, c.Settings.Sources, c.Settings.Reference
	if !reflect.DeepEqual(c, want) {
		t.Errorf("the example says\n%+v\nthe defaults are\n%+v", c, want)
	}
}

func TestExampleHasEveryKey(t *testing.T) {
	text, err := os.ReadFile(example)
	if err != nil {
		t.Fatal(err)
	}
	var tree map[string]any
	if err := yaml.Unmarshal(text, &tree); err != nil {
		t.Fatal(err)
	}
	missingKeys(t, reflect.TypeFor[Config](), tree, "")
}

// missingKeys reports each key of a struct that the tree does not have, and looks into the structs below it.
func missingKeys(t *testing.T, typ reflect.Type, tree map[string]any, path string) {
	t.Helper()
	for f := range typ.Fields() {
		key := f.Tag.Get("yaml")
		switch key {
		case "-":
			continue
		case "":
			t.Errorf("%s.%s has no yaml tag", typ, f.Name)
			continue
		}
		value, there := tree[key]
		if !there {
			t.Errorf("%s does not mention %s%s: document it with its unit and default", example, path, key)
			continue
		}
		below := f.Type
		if list, ok := value.([]any); ok && below.Kind() == reflect.Slice && below.Elem().Kind() == reflect.Struct {
			all := map[string]any{} // what one of its entries has
			for _, entry := range list {
				if keys, ok := entry.(map[string]any); ok {
					maps.Copy(all, keys)
				}
			}
			below, value = below.Elem(), all
		}
		if sub, ok := value.(map[string]any); ok && below.Kind() == reflect.Struct {
			missingKeys(t, below, sub, path+key+".")
		}
	}
}

func TestGood(t *testing.T) {
	files, err := filepath.Glob("testdata/good/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("no good fixtures:", err)
	}
	for _, file := range files {
		if _, err := Read(file); err != nil {
			t.Error(err)
		}
	}
}

// Each bad fixture says in its first line what is said about it after the file's name.
func TestBad(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("no bad fixtures:", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		first, _, _ := strings.Cut(string(text), "\n")
		want := file + strings.TrimPrefix(first, "# ")
		_, err = Read(file)
		switch {
		case err == nil:
			t.Errorf("%s was read without an error", file)
		case strings.Contains(err.Error(), "\n"):
			t.Errorf("%s: more than one line:\n%v", file, err)
		case !strings.HasPrefix(err.Error(), want):
			t.Errorf("%s:\n got %v\nwant %s", file, err, want)
		}
	}
}

func TestEmptyFileIsTheDefault(t *testing.T) {
	c, err := parse(nil)
	if err != nil || !reflect.DeepEqual(c, Default()) {
		t.Errorf("got %+v, %v", c, err)
	}
}

func TestListsReplaceTheDefault(t *testing.T) {
	c, err := parse([]byte("roles: [load]\nkafka:\n  brokers: [a:1, b:2]\n"))
	if err != nil || len(c.Roles) != 1 || len(c.Kafka.Brokers) != 2 || c.Kafka.InputPrefix != "fulfillment." {
		t.Errorf("got %+v, %v", c, err)
	}
	if Roles[0] != RoleDetect {
		t.Error("reading a file changed the list of roles")
	}
}

func TestPasswordsComeFromTheEnvironmentAndDoNotShow(t *testing.T) {
	t.Setenv(PasswordVariable, "mellon")
	t.Setenv(KafkaPasswordVariable, "sesame")
	c, err := Read(example)
	if err != nil || c.ClickHouse.Password != "mellon" || c.Kafka.SASL.Password != "sesame" {
		t.Errorf("they did not arrive: %v", err)
	}
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	var logged strings.Builder
	slog.New(slog.NewTextHandler(&logged, nil)).Info("read", "config", c, "password", c.Kafka.SASL.Password)
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("read", "config", c, "password", c.Kafka.SASL.Password)
	for _, said := range []string{string(text), logged.String(), fmt.Sprintf("%v %+v %#v %s %q", c, c, c, c.Kafka.SASL.Password, c.ClickHouse.Password)} {
		if strings.Contains(said, "mellon") || strings.Contains(said, "sesame") || !strings.Contains(said, "[secret]") {
			t.Errorf("a password shows, or nothing does: %s", said)
		}
	}
}

func TestPasswordsReadableOnTheWay(t *testing.T) {
	c := Default()
	c.Kafka.SASL, c.ClickHouse.Password = SASL{MechanismPlain, "andon", "sesame"}, "mellon"
	if said := c.Warnings(); len(said) != 0 {
		t.Errorf("warned about this machine: %v", said)
	}
	c.Kafka.Brokers, c.ClickHouse.Addr = []string{"localhost:9092", "broker.example:9092"}, "[2001:db8::1]:9000"
	if said := c.Warnings(); len(said) != 2 {
		t.Errorf("warned %v", said)
	}
	c.Kafka.TLS.Enabled, c.ClickHouse.TLS.Enabled = true, true
	if said := c.Warnings(); len(said) != 0 {
		t.Errorf("warned about TLS: %v", said)
	}
}

func TestMissingFile(t *testing.T) {
	if _, err := Read("testdata/none.yaml"); err == nil || !strings.Contains(err.Error(), "testdata/none.yaml") {
		t.Errorf("got %v, want an error that names the file", err)
	}
}
