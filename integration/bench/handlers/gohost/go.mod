module github.com/edgedeploy/edgedeploy/integration/bench/handlers/gohost

go 1.24

require github.com/edgedeploy/edgedeploy/guest/go v0.0.0

replace github.com/edgedeploy/edgedeploy/guest/go => ../../../../guest/go
