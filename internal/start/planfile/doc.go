// Package planfile keeps a plan with its bundles in one file, so that another
// process can run the very plan that was shown. A file comes from another
// machine: nothing in it is believed, and no more of it is unpacked at a time
// than one bundle.
package planfile
