// Package fetch reads a small number of bytes over plain HTTP: it is the one
// home of what every such request here has to keep.
//
//   - https, and http only to the hosts that the caller names;
//   - a redirect never leads from https to http, carries no Referer, and is
//     not followed at all unless the caller says how many may be;
//   - nothing but the URL authorises a request, and neither a query nor, unless
//     the caller says so, a path gets into an error;
//   - what may pass is tried again (a body that was cut short, too), within one
//     time limit for all of it; what is larger than the caller can use is not
//     read.
//
// It knows nothing of what it reads: digests, caches and formats are its
// callers'. It never reads the environment, except that Go's default transport
// takes its proxy from there, and it logs nothing.
package fetch
