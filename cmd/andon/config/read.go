package config

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"andon/pipeline/wire"

	"github.com/goccy/go-yaml"
)

// Read reads and validates the file at path, and takes the secrets from the environment. Its errors are one line with the place in the file
// and what to do.
func Read(path string) (Config, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Config{}, fmt.Errorf("config: %w", err)
	}
	c, err := parse(text)
	if err != nil {
		return Config{}, fmt.Errorf("%s:%w", path, err)
	}
	c.ClickHouse.Password = wire.Secret(os.Getenv(PasswordVariable))
	c.Kafka.SASL.Password = wire.Secret(os.Getenv(KafkaPasswordVariable))
	if err := c.Validate(); err != nil {
		return Config{}, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

// parse fills the defaults from text. A file without a key is the default configuration.
func parse(text []byte) (Config, error) {
	var document any
	c := Default()
	err := yaml.Unmarshal(text, &document)
	if err == nil && document != nil { // decoding nothing into c would empty it
		err = yaml.UnmarshalWithOptions(text, &c, yaml.Strict())
	}
	if err != nil {
		return Config{}, placed(err)
	}
	return c, nil
}

// placed is a decoder's error in one line: line, column and what is wrong there.
func placed(err error) error {
	place, ok := errors.AsType[yaml.Error](err)
	if !ok {
		message, _, _ := strings.Cut(err.Error(), "\n")
		return errors.New(" " + message)
	}
	at := place.GetToken()
	message, _, _ := strings.Cut(place.GetMessage(), "\n")
	if wrongType, ok := errors.AsType[*yaml.TypeError](err); ok {
		message = fmt.Sprintf("%q is no %s", at.Value, wrongType.DstType)
	}
	return fmt.Errorf("%d:%d: %s", at.Position.Line, at.Position.Column, message)
}
