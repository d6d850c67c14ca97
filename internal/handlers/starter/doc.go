// Package starter holds what `edgedeploy init --lang` writes: a handler in a
// language, its spec, its fixtures, and a copy of the guest library, so that it
// builds, passes its tests and can be applied to the local AWS as it is.
//
// It owns the files in assets, whose names end in .tmpl so that no tool takes
// them for its own, and the words about what to do next. It writes nothing.
package starter
