package embedded

// PID is the process id of the server that runs now, for measuring what it uses; another one after each start.
func (c *ClickHouse) PID() int { return c.process.cmd.Process.Pid }

// PID is the process id of the broker that runs now, for measuring what it uses; another one after each start.
func (k *Kafka) PID() int { return k.process.cmd.Process.Pid }
