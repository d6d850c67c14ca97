// Package localaws is a local AWS for Lambda@Edge: the control planes of Lambda
// and CloudFront, and the parts of IAM and STS that deployments call. It
// speaks AWS's own protocols, so that any AWS client works against it, and it
// keeps its state in one file.
//
// It owns that file, the rules about who may talk to it, faults on command,
// the log of calls, and the clocks. It never runs a function, serves no traffic of a
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
//
// # Private endpoints
//
// Tests that drive a program against a server in another process use these,
// below /_edgedeploy/, signed like any call. Bodies are JSON and read
// strictly; what cannot be done is a 400 with a message.
//
//	GET    ping                     who is there; needs no signature
//	POST   seed                     a Seed, for the caller's account
//	POST   inactive                 {"version": "<ARN>"} makes a version Inactive, until it is invoked
//	POST   faults                   a Fault to arm
//	DELETE faults                   disarms all
//	GET    calls                    the log, a list of Call in the order of arrival
//	DELETE calls                    empties it
//	POST   save                     {"name": "…"} keeps what is in the caller's account under a name
//	POST   restore                  {"name": "…"} brings it back to that
//	GET    held?atLeast=N&waitMs=M  a list of Held: the calls that a pause holds, as soon as there are N
//	POST   release                  a Release; answers {"released": N}
//	GET    clock                    {"aheadMs": N}: how far the clock is ahead
//	POST   clock                    {"advanceMs": N, "account": "…"} moves it on
//
// With ?account=… each of them but ping and those with a body is about that
// account alone. Accounts have nothing in common, their clocks included, so that
// many tests can share a server; a Fault and a Release carry the account's number.
//
// To fail at every call of a run in turn: let it run once, and count its calls
// in the log; then for each n restore what the account was before, and arm a
// Fault with Call n. To kill a process at call n: arm PauseBefore or PauseAfter, wait until a
// call is held, kill, and release with drop, or without for a call that
// happens although its client died.
//
// An access that is denied is an Error with status 403 and Lambda's
// AccessDeniedException or CloudFront's AccessDenied.
package localaws
