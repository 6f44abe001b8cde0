package main

import (
	"context"
	"fmt"
)

// migrateCmd is `andon migrate`.
type migrateCmd struct{ configured }

// Help is shown by --help.
func (migrateCmd) Help() string {
	return `Creates clickhouse.database and its tables, or brings them to what this build expects. A second run changes nothing.`
}

// Run applies the migrations that are not applied yet.
func (c migrateCmd) Run(ctx context.Context) error {
	cfg, err := c.read()
	if err != nil {
		return err
	}
	db, conn, err := openDatabase(ctx, cfg.ClickHouse)
	if err != nil {
		return err
	}
	defer conn.Close()
	applied, err := db.Migrate(ctx)
	for _, name := range applied {
		fmt.Println("applied", name)
	}
	if err == nil && len(applied) == 0 {
		fmt.Printf("database %s is as this build expects\n", cfg.ClickHouse.Database)
	}
	return err
}
