// Package release owns what a stack's history is made of: release records,
// holds, and where a rollback goes.
package release
