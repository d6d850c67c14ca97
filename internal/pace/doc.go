// Package pace says when to ask AWS again: how fast to send what is throttled
// (Rate), and how soon to look again at what takes its time (Backoff). Both are
// values that are told the time and the luck, and never wait themselves.
package pace
