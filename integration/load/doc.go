// Package load puts load on the local AWS as it is served: the store on disk,
// HTTP on loopback, and eight clients that use the AWS SDK. Four of them write
// and four read, and every answer is compared with what the resource could hold
// at that moment.
//
// The load lasts for three seconds, or for the duration in EDGEDEPLOY_LOAD, such
// as 60s. On a slow machine it lasts until each client has had its turns.
package load
