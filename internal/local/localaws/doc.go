// Package localaws is an AWS that runs on one machine, as far as somebody who
// deploys functions to CloudFront's edge can see of it: the control planes of
// Lambda and CloudFront, and enough of IAM and STS to stand behind them. It
// speaks AWS's own protocols, so that any AWS client works against it, and it
// keeps its state in one file.
//
// It owns that file, the rules about who may talk to it, faults on command
// and the log of calls. It never runs a function, serves no traffic of a
// distribution, checks no signature and no permission, and shares no code
// with what it judges: it imports no AWS SDK and no other package of this
// module.
//
//	socket ──► Handler: Host, Origin, Authorization ─┐
//	                                                 ├─► log, faults ─► lambda  cf  iam
//	in-process ──► Transport: no socket, no checks ──┘                    └──┬───┘
//	                                                                  one bbolt file
//
// A service is told by the scope in Authorization, an account by the access
// key id: twelve digits are that account, anything else is 000000000000.
package localaws
