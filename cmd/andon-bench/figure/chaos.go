package figure

import (
	"fmt"
	"slices"
	"strings"

	"andon/internal/killpoint"
)

// Chaos is the measurement of processes that are killed, and its cases.
const (
	Chaos  = "chaos"
	Killed = "kills"  // processes end themselves at named moments
	Paused = "pause"  // one is stopped, loses its lanes and wakes
	Away   = "outage" // ClickHouse is away, its tables forget tokens
)

// KillsAt is the value that counts the kills at a point; Anywhere is the point of those by the clock. RecoveryMS are the samples of how long after its
// start a killed process's lanes all beat.
const (
	KillsAt    = "kills at "
	Anywhere   = "anywhere"
	RecoveryMS = "recovery_ms"
)

// Violations are the values that must be zero.
var Violations = []string{"missing", "doubled", "phantom", "altered", "rows_wrong", "unaccounted"}

// Sum is what all runs of the measurement came to.
type Sum struct {
	Runs       map[string]int   // by case
	Kills      map[string]int64 // by point
	Seed       uint64           // the highest
	Events     float64
	Pauses     float64
	RecoveryMS []float64 // sorted
}

// AddUp adds runs up.
func AddUp(rows []Row) Sum {
	s := Sum{Runs: map[string]int{}, Kills: map[string]int64{}}
	for _, r := range rows {
		s.Runs[r.Case]++
		s.Seed = max(s.Seed, r.Seed)
		s.Events += r.Values["events"]
		s.Pauses += r.Values["pauses"]
		s.RecoveryMS = append(s.RecoveryMS, r.Samples[RecoveryMS]...)
		for name, v := range r.Values {
			if point, is := strings.CutPrefix(name, KillsAt); is {
				s.Kills[point] += int64(v)
			}
		}
	}
	slices.Sort(s.RecoveryMS)
	return s
}

// InCharge are the runs that count: those with models in charge, and those that have nothing for models to decide.
func InCharge(rows []Row) (list []Row) {
	for _, r := range rows {
		if _, verified := r.Values["entries"]; verified || r.Case == Paused {
			list = append(list, r)
		}
	}
	return list
}

// Killed is how many kills there were.
func (s Sum) Killed() (n float64) {
	for _, k := range s.Kills {
		n += float64(k)
	}
	return n
}

// chaosForms shows what the runs of each case came to.
func chaosForms(rows []Row) string {
	lines := [][]string{{"runs with", "runs", "seeds", "SIGKILLs", "SIGSTOPs", "events", "exceptions (revisions)", "costs", "rows", "missing", "doubled", "phantom", "altered", "rows missing or doubled", "not accounted for", "rows stored twice"}}
	for _, form := range []struct{ name, told string }{{Killed, "processes killed"}, {Paused, "a process paused and replaced"}, {Away, "ClickHouse away, tokens forgotten"}} {
		sums, seeds, kills, n := map[string]float64{}, []uint64(nil), 0.0, 0
		for _, r := range rows {
			if r.Case != form.name {
				continue
			}
			n++
			seeds = append(seeds, r.Seed)
			kills += AddUp([]Row{r}).Killed()
			for name, v := range r.Values {
				sums[name] += v
			}
		}
		if n == 0 {
			continue
		}
		line := []string{form.told, fmt.Sprint(n), ranges(seeds), Number(kills, 0)}
		for _, name := range slices.Concat([]string{"pauses", "events", "exceptions", "costs", "rows"}, Violations, []string{"rows_twice"}) {
			line = append(line, Number(sums[name], 0))
		}
		lines = append(lines, line)
	}
	return markdown(lines)
}

// chaosModels shows what came of the runs with models in charge.
func chaosModels(rows []Row) string {
	lines := [][]string{{"runs with", "runs", "seeds", "SIGKILLs", "control records", "events", "verdicts", "by the rule", "by the model", "by the fallback", "answers asked for again",
		"beats run again", "records held against them", "not as they must be"}}
	for _, form := range []struct{ name, told string }{{Killed, "processes killed"}, {Away, "ClickHouse away, tokens forgotten"}} {
		sums, seeds, kills := map[string]float64{}, []uint64(nil), 0.0
		for _, r := range InCharge(rows) {
			if r.Case != form.name {
				continue
			}
			seeds = append(seeds, r.Seed)
			kills += AddUp([]Row{r}).Killed()
			for name, v := range r.Values {
				sums[name] += v
			}
		}
		if len(seeds) == 0 {
			continue
		}
		line := []string{form.told, fmt.Sprint(len(seeds)), ranges(slices.Clone(seeds)), Number(kills, 0)}
		for _, name := range []string{"control_records", "events", "verdicts", "verdicts_by_rule", "verdicts_by_model", "verdicts_by_fallback", "scores", "entries", "outputs", "findings"} {
			line = append(line, Number(sums[name], 0))
		}
		lines = append(lines, line)
	}
	if len(lines) == 1 {
		return "Not measured yet.\n"
	}
	return markdown(lines)
}

// ranges writes numbers as 1-7, 9.
func ranges(of []uint64) string {
	slices.Sort(of)
	var parts []string
	for from := 0; from < len(of); {
		to := from
		for to+1 < len(of) && of[to+1] <= of[to]+1 {
			to++
		}
		part := fmt.Sprint(of[from])
		if of[to] > of[from] {
			part += fmt.Sprint("-", of[to])
		}
		parts, from = append(parts, part), to+1
	}
	return strings.Join(parts, ", ")
}

// chaosPoints shows the kills at each point.
func chaosPoints(rows []Row) string {
	sum := AddUp(rows)
	lines := [][]string{{"killed when", "kills"}}
	for _, p := range append(slices.Clone(killpoint.Points), killpoint.Point{Name: Anywhere}) {
		lines = append(lines, []string{p.Name, Number(float64(sum.Kills[p.Name]), 0)})
	}
	return markdown(append(lines, []string{"all", Number(sum.Killed(), 0)}))
}

// chaosRecovery shows how long processes took to come back.
func chaosRecovery(rows []Row) string {
	ms := AddUp(rows).RecoveryMS
	lines := [][]string{{"processes that came back", "p50, ms", "p99, ms", "max, ms"}}
	if n := len(ms); n > 0 {
		lines = append(lines, []string{Number(float64(n), 0), Number(ms[n/2], 0), Number(ms[min(n-1, n*99/100)], 0), Number(ms[n-1], 0)})
	}
	return markdown(lines)
}

// chaosTable makes one of the tables of the runs.
func chaosTable(dir, name string) (string, error) {
	rows, err := Read(dir, Chaos)
	if err != nil {
		return "", err
	}
	if len(rows) == 0 {
		return "Not measured yet.\n", nil
	}
	switch name {
	case "chaos-points":
		return chaosPoints(rows), nil
	case "chaos-recovery":
		return chaosRecovery(rows), nil
	case "chaos-models":
		return chaosModels(rows), nil
	}
	return chaosForms(rows) + chaosOrigin(rows), nil
}

// chaosOrigin says where the runs were made and with which code.
func chaosOrigin(rows []Row) string {
	var commits, machines []string
	for _, r := range rows {
		commit := r.Commit
		if r.Dirty {
			commit += " and changes"
		}
		commits, machines = append(commits, commit), append(machines, r.Machine.String())
	}
	slices.Sort(machines)
	return fmt.Sprintf("\n`make chaos`, commits %s; %s; %s to %s UTC.\n", strings.Join(slices.Compact(commits), ", "), strings.Join(slices.Compact(machines), "; "),
		rows[0].Start.Format("2006-01-02 15:04:05"), rows[len(rows)-1].End.Format("2006-01-02 15:04:05"))
}
