// Package pacing drives a run that CloudFront throttles: two hundred distributions
// in time that costs nothing, with the real clients, ledger and runner on the
// local AWS, and how much the program does at once. pacing.sh beside it prints
// the figures in real time.
package pacing
