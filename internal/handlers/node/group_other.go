//go:build !unix

package node

import "os/exec"

// group does nothing where there are no process groups.
func group(*exec.Cmd) {}

func killGroup(cmd *exec.Cmd) error { return cmd.Process.Kill() }
