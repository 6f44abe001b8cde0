package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"text/tabwriter"

	"andon/detectors/rule"
	"andon/replay"
	"andon/schemas/cost"
)

// replayCmd is `andon replay`.
type replayCmd struct {
	Dataset dataset `required:"" placeholder:"NAME=DIR" help:"Public data set (adventureworks, cargo2000, olist, valio_aimo, wwi) and the folder of its files."`
	JSON    bool    `help:"Print the counts and costs as one line of JSON."`
}

// Help is shown by --help.
func (replayCmd) Help() string {
	return `Runs the set through the same core as a live deployment, in memory, with the settings it calls for: no Kafka, no ClickHouse,
no configuration. An exception counts once however often it was revised, and not at all when it was retracted or cleared by
data that was only late.

  andon replay --dataset olist=../shared/data/olist`
}

// Run replays the set and prints the exceptions by code.
func (c replayCmd) Run(ctx context.Context) error {
	set, err := c.Dataset.open()
	if err != nil {
		return err
	}
	result, err := replay.Dataset(ctx, set)
	if err != nil {
		return fmt.Errorf("replay %s: %w", set.Name, err)
	}
	if c.JSON {
		return json.NewEncoder(os.Stdout).Encode(result)
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "code\traised\topen\t\n")
	for _, r := range rule.All {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", r.Code, thousands(result.Exceptions[r.Code]), thousands(result.Open[r.Code]), r.Title)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Printf("%s events, %s dead letters\n", thousands(int(result.Events)), thousands(result.DeadLetters))
	return printCosts(result.Costs)
}

// printCosts writes what the work and the shipments cost, by component.
func printCosts(costs map[cost.Component]replay.Paid) error {
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "\ncost\tfacts\tmeasured\tassumed\tunknown\thours of work\tper fact\t\n")
	for _, component := range slices.Sorted(maps.Keys(costs)) {
		p := costs[component]
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%.1f\t%s\n", component, thousands(p.Facts), thousands(p.Measured), thousands(p.Assumed), thousands(p.Unknown),
			float64(p.WorkUS)/3.6e9, perFact(p))
	}
	return table.Flush()
}

// perFact is the mean amount of the facts that have one, in minor units of each currency.
func perFact(p replay.Paid) string {
	var each []string
	for _, currency := range slices.Sorted(maps.Keys(p.AmountMicro)) {
		each = append(each, fmt.Sprintf("%.2f minor units %s", float64(p.AmountMicro[currency])/1e6/float64(p.Facts-p.Unknown), currency))
	}
	if len(each) != 1 { // of several currencies the facts are not told apart here
		return "-"
	}
	return each[0]
}
