// Package house holds the tests that keep the house in order: who may import whom, what the pure core may not touch, how deep, how long and how
// documented the code is, and what the repository never says. There is no code to import here. Each failure says what to do about it.
package house
