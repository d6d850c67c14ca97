// Package runs drives whole deployments (ledger, versions, associations)
// through the AWS SDK against the local AWS: what they cost in calls and round
// trips, and what is left when they die at any call.
//
// It ships nothing and consists of tests.
package runs
