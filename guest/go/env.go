package edge

import (
	"time"

	"github.com/edgedeploy/edgedeploy/guest/go/internal/host"
)

// Config returns a value of config: in edgedeploy.yaml, and whether the key is
// there. Strings come as they are, everything else as JSON.
func Config(key string) (string, bool) { return host.Config(key) }

// Now is the time, in milliseconds.
func Now() time.Time { return time.UnixMilli(int64(host.Now())) }

// Random fills b with random bytes fit for cryptography.
func Random(b []byte) { host.Random(b) }

// Debug writes to the function's log. So does everything that is printed, by
// the line; these four keep a message of many lines together and have a level.
func Debug(message string) { host.Log(host.Debug, message) }

// Info writes to the function's log.
func Info(message string) { host.Log(host.Info, message) }

// Warn writes to the function's log.
func Warn(message string) { host.Log(host.Warn, message) }

// Error writes to the function's log.
func Error(message string) { host.Log(host.Error, message) }
