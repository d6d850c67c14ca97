// Command geo is a handler for the two origin triggers of a site that exists in
// several languages and regions. See README.md.
package main
