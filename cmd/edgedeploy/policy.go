package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/edgedeploy/edgedeploy/internal/screen/render"
	"github.com/edgedeploy/edgedeploy/internal/start/connect"
	"github.com/edgedeploy/edgedeploy/stackspec"
)

func (a *app) policyCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "iam-policy [deployer|cleaner|trust|logs]",
		Short: "Print the IAM policies that this very stack needs",
		Long: `iam-policy prints what an account has to allow, for this spec and nothing more:

  deployer   for the person or the pipeline that runs edgedeploy
  cleaner    what prune and destroy need besides
  trust      who may assume the functions' execution role
  logs       what the execution role needs, to write logs in every region

Without an argument it prints all four in one JSON object. It contacts nothing.`,
		Args:      a.takes(1, nil),
		ValidArgs: policyNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				if err := choice(cmd, "the policy", args[0], policyNames); err != nil {
					return err
				}
			}
			s, err := a.load()
			if err != nil {
				return err
			}
			docs, err := a.policies(s.Stack)
			if err != nil {
				return err
			}
			if len(args) == 1 {
				return a.print(strings.TrimRight(string(docs[args[0]]), "\n") + "\n")
			}
			all := map[string]json.RawMessage{}
			for name, doc := range docs {
				all[name] = doc
			}
			out, err := json.MarshalIndent(all, "", "  ")
			if err != nil {
				return err
			}
			return a.print(string(out) + "\n")
		},
	}
}

// policyNames are those of iam-policy's policies.
var policyNames = []string{"deployer", "cleaner", "trust", "logs"}

func (a *app) policies(s stackspec.Stack) (map[string][]byte, error) {
	account := connect.AccountOf(s)
	if account == "" {
		return nil, errors.New("the spec says neither account: nor a role: policies name the account")
	}
	// Six are read by listing, and those that just left the spec count too. Of
	// functions only those that are new count.
	d := render.Deployer{
		Account: account, Stack: s.Name,
		ListDistributions: len(s.Distributions) >= 3, ListFunctions: len(s.Functions) >= 6,
	}
	roles := []string{s.Role}
	var groups []string
	for _, f := range s.Functions {
		d.Functions = append(d.Functions, f.Name)
		roles = append(roles, f.Config.Role)
		groups = append(groups, render.LogGroup(f.Name, f.Config.Logging))
		if bound(s, f.Key) {
			d.Bound = append(d.Bound, f.Name)
		}
	}
	slices.Sort(roles)
	d.Roles = slices.Compact(roles)
	for _, dist := range s.Distributions {
		if dist.ID != "" {
			d.Distributions = append(d.Distributions, dist.ID)
			continue
		}
		// The id behind an alias is only known to the account.
		d.Distributions, d.ListDistributions = append(d.Distributions, "*"), true
		a.warn(fmt.Sprintf("distribution %s is named by its alias, so the policy allows every distribution of the account: name it by id to narrow that", dist.Key))
	}
	return map[string][]byte{
		"deployer": render.DeployerPolicy(d), "cleaner": render.CleanerPolicy(d), "trust": render.RoleTrustPolicy(), "logs": render.RoleLogsPolicy(account, groups),
	}, nil
}

// bound reports whether a slot of the spec wants the function.
func bound(s stackspec.Stack, key string) bool {
	for _, d := range s.Distributions {
		for _, w := range d.Slots {
			if w.Function == key {
				return true
			}
		}
	}
	return false
}
