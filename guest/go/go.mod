module github.com/edgedeploy/edgedeploy/guest/go

go 1.24
