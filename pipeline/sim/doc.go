// Package sim runs whole lives of Andon in virtual time: real beat loops with real engines and real loaders, on a log with transactions and
// fencing and on a table with a window of tokens, both in memory, while processes are killed and stopped, requests are lost, late or answered
// to nobody, and engines are away. It is tests only.
//
// One seed is one history. Everything that happens to an operation is drawn from the seed and from who asks for the how-many-th time, and no two
// operations of a history ever take place at the same instant, so that goroutines have nothing to race for: run again, the same seed leaves the
// same trace to the byte. After each history its log and table are compared with an undisturbed run of the same records.
//
//	go test ./pipeline/sim -run Seeds -seeds 10000 -from 1     # the long form; ranges of seeds may be run apart
//	go test ./pipeline/sim -run Seeds -seeds 1 -from 4711 -trace 4711.txt   # one history, told line by line
//
// # The files
//
//	stage_test.go     virtual time, processes, what befalls an operation, the trace
//	broker_test.go    partitions and transactions: last stable offset, markers, epochs
//	group_test.go     a consumer group: static members, generations, rebalances, positions
//	worker_test.go    the client of a detection process: Source, Sink and History of pipeline.Loop
//	loader_test.go    the client of a loader, and the table: Log and Table of load.Run
//	input_test.go     what is written to the inputs, and when
//	check_test.go     what must be true in the end
//	sim_test.go       seeds, one after the other
package sim
