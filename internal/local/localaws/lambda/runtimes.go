package lambda

import (
	"slices"
	"strings"
)

// supported lists the runtimes that functions can be created with, in no
// order of AWS's (the order in its own sentence changes). The set is what AWS
// accepted on 2026-01-12 (recorded) with nodejs26.x and python3.15 added
// by the API model of 2026-08.
func supported() []string {
	return []string{
		"nodejs26.x", "nodejs24.x", "nodejs22.x", "nodejs20.x", "nodejs18.x", "nodejs16.x",
		"python3.15", "python3.14", "python3.13", "python3.12", "python3.11", "python3.10", "python3.9", "python3.8",
		"java25", "java21", "java17", "java11", "java8.al2",
		"dotnet10", "dotnet8", "dotnet6",
		"ruby4.0", "ruby3.4", "ruby3.3", "ruby3.2",
		"provided.al2023", "provided.al2",
	}
}

// deprecated lists the runtimes that AWS knows and refuses. Which of them
// AWS answers with a named successor is not modelled.
func deprecated() []string {
	return []string{
		"nodejs", "nodejs4.3", "nodejs4.3-edge", "nodejs6.10", "nodejs8.10", "nodejs10.x", "nodejs12.x", "nodejs14.x",
		"python2.7", "python3.6", "python3.7", "java8", "go1.x", "provided", "ruby2.5", "ruby2.7",
		"dotnetcore1.0", "dotnetcore2.0", "dotnetcore2.1", "dotnetcore3.1", "dotnet5.0",
	}
}

// checkRuntime refuses what functions cannot be created with or updated to.
func checkRuntime(runtime string) error {
	if slices.Contains(supported(), runtime) {
		return nil
	}
	if slices.Contains(deprecated(), runtime) {
		return invalid("The runtime parameter of %s is no longer supported for creating or updating AWS Lambda functions. We recommend you use a supported runtime while creating or updating functions.", runtime)
	}
	return invalid("Value %s at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [%s] or be a valid ARN", runtime, strings.Join(supported(), ", "))
}

// snapStarts reports whether SnapStart exists for a runtime (Lambda developer
// guide, "SnapStart": Java 11, Python 3.12, .NET 8 and later).
func snapStarts(runtime string) bool {
	switch runtime {
	case "java11", "java17", "java21", "java25", "dotnet8", "dotnet10",
		"python3.12", "python3.13", "python3.14", "python3.15":
		return true
	}
	return false
}
