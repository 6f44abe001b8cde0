// Package sim runs whole lives of Andon in virtual time: real beat loops with real engines and real loaders, on a log with transactions and
// fencing and on a table with a window of tokens, both in memory, while processes are killed and stopped, requests are lost, late or answered
// to nobody, and engines are away. It is tests only.
//
// One seed is one history. Everything that happens to an operation is drawn from the seed and from who asks for the how-many-th time, and no two
// operations of a history ever take place at the same instant, so that goroutines have nothing to race for: run again, the same seed leaves the
// same trace to the byte, but for the order within snapshots, which is free. After each history its log and table are compared with an undisturbed
// run of the same records, and with what replay/oracle finds in them.
//
// Models whose answers differ at each call decide some of the codes, by policies that change while it goes on, as settings do. What they come to is no undisturbed run's: of
// those codes the judgements are compared, less what the model made of them, and pipeline/audit runs the journal again and holds every record against it.
//
//	go test ./pipeline/sim -run Seeds -seeds 10000 -from 1 -timeout 3h   # the long form; ranges of seeds may be run apart
//	go test ./pipeline/sim -run Seeds -seeds 1 -from 4711 -trace FILE    # one history, told line by line
//
// # The files
//
//	stage_test.go     virtual time, what goes wrong in a history, the trace
//	proc_test.go      processes, and what befalls an operation
//	broker_test.go    partitions and transactions: last stable offset, markers, epochs
//	group_test.go     a consumer group: static members, generations, rebalances, positions
//	worker_test.go    the client of a detection process: Source and Sink of pipeline.Loop
//	past_test.go      its History
//	loader_test.go    the client of a loader, and the table: Log and Table of load.Run
//	input_test.go     what is written to the inputs, and when
//	control_test.go   people and guards who say which model decides, and what processes read of it
//	model_test.go     the models, and what is usual
//	life_test.go      the machines of a history, and how it goes on
//	check_test.go     what must be true in the end
//	judged_test.go    likewise, of judgements
//	audit_test.go     the books of a history: every beat run again
//	sim_test.go       seeds, one after the other
package sim
