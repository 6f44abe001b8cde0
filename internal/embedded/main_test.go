package embedded_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"andon/internal/embedded"
	"andon/internal/enginetest"
)

// parentDir, when set, turns the test binary into a parent that starts a ClickHouse there, says where it listens, and
// waits to be killed.
const parentDir = "ANDON_TEST_PARENT_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(parentDir); dir != "" {
		c, err := embedded.StartClickHouse(context.Background(), dir)
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println(c.Addr())
		select {}
	}
	enginetest.Main(m)
}
