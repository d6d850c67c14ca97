// Package lambda is the control plane of the local AWS Lambda: functions,
// versions, aliases, tags and their states, spoken in REST-JSON as AWS's API
// model "lambda 2015-03-31" describes it.
//
// It owns the tables whose names start with "lambda." in the store it is
// given, and the code locations that GetFunction hands out. It never runs a
// function, never starts a goroutine and never opens a socket: a state such as
// Pending is computed from a stored instant whenever somebody asks, so that a
// process that was killed and started again sees the same history.
//
//	CreateFunction ──► Pending ──(FunctionCreate)──► Active, Successful
//	                                                     │ Update*
//	                                                     ▼
//	                   Active, InProgress ──(FunctionUpdate)──► Active, Successful
//	                                                     │ PublishVersion
//	                                                     ▼
//	                                        an immutable numbered version
//	                                                     │ SetInactive
//	                                                     ▼
//	                   Inactive ──(Invoke, dry)──► Pending ──(VersionActive)──► Active
//
// Sentences in errors are AWS's own where AWS's recorded answers or its API
// model show them; a comment says LIKELY where they are inferred and UNKNOWN
// where nobody has seen them.
package lambda
