// Package policy holds the policy that edgedeploy prints against the calls that
// it makes: every command runs against the local AWS, through all that happens
// to a stack, and the log of calls is compared with what is allowed.
//
// What AWS checks without a call is a dated table, with a source for each row.
package policy
