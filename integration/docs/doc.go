// Package docs runs the commands of the pages: every fenced shell block of the
// README, of docs and of the other Markdown files, in the order in which they
// stand, in one clone of this tree. Nothing is copied from the pages, so a page
// that is wrong fails.
//
// The pages are read in the order in which the README names them, and their
// commands typed into one bash. What one page exports, the next one has; each page
// begins at the top of the clone. A command has to end with 0, or with N if the
// comment behind it begins with "exit N". In a block that is marked console, lines
// that begin with "$ " are commands and the lines below are what they print, where
//
//	2026-11-23 18:02 UTC   stands for any date
//	…                      stands for anything, or nothing
//
// and where a line ends does not matter.
//
// Comments of HTML above a fence say what a reader knows or does anyway:
//
//	<!-- run in examples/site -->   where, from the top of the clone
//	<!-- needs jq openssl -->       programs or files; where one is missing, the block is not run
//	<!-- not run: REASON -->        why it cannot be run here
//	<!-- first: COMMAND -->         typed before the block
//	<!-- write main.go -->          the block is no commands, but this file; append puts it at the end
//
// Where EDGEDEPLOY_REQUIRE_DOCS is set, what is missing is a failure.
// A fetch from the address of the repository, be it with git, go or cargo,
// gets this tree. Questions are answered with yes, by EDGEDEPLOY_YES.
//
// It ships nothing and consists of tests.
package docs
