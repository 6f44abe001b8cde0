package main

import "andon/cmd/andon/config"

// configured is the --config flag of the commands that cannot do without.
type configured struct {
	Config string `required:"" placeholder:"FILE" help:"Configuration in YAML; deploy/andon.example.yaml shows every key."`
}

// read reads and validates the file.
func (c configured) read() (config.Config, error) { return readConfig(c.Config) }

func readConfig(path string) (config.Config, error) {
	cfg, err := config.Read(path)
	if err != nil {
		return cfg, usageError{err}
	}
	return cfg, nil
}
