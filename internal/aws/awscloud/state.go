package awscloud

import (
	"fmt"
	"time"

	"github.com/edgedeploy/edgedeploy/associations"
)

// stateOf reads a Distribution, as GetDistribution and UpdateDistribution
// answer it, with its DistributionConfig. A DistributionSummary of a listing is
// both itself: it has the members of the configuration beside its own, but does
// not tell the policy.
func stateOf(d, config *node) (associations.State, error) {
	s := associations.State{PolicyKnown: config != d}
	var err error
	var arn, status, modified string
	for _, m := range []struct {
		from *node
		name string
		to   *string
	}{
		{d, "Id", &s.Distribution},
		{d, "ARN", &arn},
		{d, "Status", &status},
		{d, "LastModifiedTime", &modified},
		{d, "DomainName", &s.DomainName},
		{config, "ContinuousDeploymentPolicyId", &s.Policy},
	} {
		if *m.to, err = m.from.value(m.name); err != nil {
			return s, err
		}
	}
	s.Deployed = status == "Deployed"
	if at, err := time.Parse(time.RFC3339, modified); err == nil {
		s.Modified = at.UTC() // what is no time is not told
	}
	if s.Account = accountOf(arn); s.Account == "" {
		return s, fmt.Errorf("distribution %s: no account in its ARN %q", s.Distribution, excerpt(arn))
	}
	if s.Enabled, err = config.flag("Enabled"); err != nil {
		return s, err
	}
	if s.Staging, err = config.flag("Staging"); err != nil {
		return s, err
	}
	if s.Aliases, err = aliasesOf(config); err != nil {
		return s, err
	}
	if err := fillSlots(&s, config); err != nil {
		return s, fmt.Errorf("distribution %s: %w", s.Distribution, err)
	}
	return s, nil
}

func aliasesOf(config *node) ([]string, error) {
	nodes, err := config.items("Aliases", "CNAME")
	if err != nil {
		return nil, err
	}
	var names []string
	for _, n := range nodes {
		name, err := n.leaf()
		if err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, nil
}

// fillSlots reads what sits where.
func fillSlots(s *associations.State, config *node) error {
	behaviors, err := readBehaviors(config)
	if err != nil {
		return err
	}
	s.Held = associations.Table{}
	s.Functions = map[associations.Slot]string{}
	for _, b := range behaviors {
		s.Behaviors = append(s.Behaviors, b.path)
		for trigger, h := range b.held {
			s.Held[associations.Slot{Distribution: s.Distribution, Path: b.path, Trigger: trigger}] = bindingOf(s.Account, h.association)
		}
		functions, err := b.node.items("FunctionAssociations", "FunctionAssociation")
		if err != nil {
			return err
		}
		for _, f := range functions {
			trigger, err := readTrigger(f)
			if err != nil {
				return err
			}
			arn, err := f.value("FunctionARN")
			if err != nil {
				return err
			}
			slot := associations.Slot{Distribution: s.Distribution, Path: b.path, Trigger: trigger}
			s.Functions[slot] = arn
		}
	}
	return nil
}
