// Package runs drives whole deployments (ledger, versions, associations)
// through the AWS SDK against the local AWS: what they cost in calls and round
// trips, and what they make of what others did.
//
// It ships nothing and consists of tests.
package runs
