package embedded

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
)

// Ports are drawn below the range the system gives to outgoing connections: a client that retries a stopped engine could
// otherwise be given the engine's own port and keep it from coming back.
const (
	lowestPort  = 20000
	highestPort = 32000
)

// freePorts returns n distinct loopback ports that nobody listened on a moment ago.
func freePorts(n int) ([]int, error) {
	var ports []int
	for range 1000 {
		port := lowestPort + rand.IntN(highestPort-lowestPort)
		listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue
		}
		defer listener.Close() // held until all are drawn, so that they are distinct
		if ports = append(ports, port); len(ports) == n {
			return ports, nil
		}
	}
	return nil, errors.New("no free loopback port found")
}
