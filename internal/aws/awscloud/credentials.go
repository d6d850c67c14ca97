package awscloud

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// credentialsError says that no credentials could be had, so nothing was asked.
type credentialsError struct{ err error }

func (e *credentialsError) Unwrap() error { return e.err }

func (e *credentialsError) Error() string {
	if e.none() {
		return "no AWS credentials"
	}
	return "no AWS credentials: " + atEnd(e.err)
}

// none reports whether there is no trace of credentials anywhere. The SDK has no
// type for that: its chain ends with the instance metadata service, whose
// failure it then reports.
func (e *credentialsError) none() bool {
	text := e.err.Error()
	return strings.Contains(text, "no EC2 IMDS role found") || strings.Contains(text, "static credentials are empty")
}

func (e *credentialsError) hint() string {
	text := e.err.Error()
	switch {
	case e.none():
		return "set AWS_PROFILE or --profile, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or sign in with `aws sso login`; --local needs none and no account"
	case strings.Contains(text, "SSO"), strings.Contains(text, "sso"):
		return "sign in again with `aws sso login`, with the same --profile"
	case strings.Contains(text, "AssumeRole"):
		return "the profile's role cannot be assumed: check its trust policy, and that the source credentials are valid"
	}
	return "check the profile and the AWS_* variables; --local needs neither and no account"
}

// namedCredentials makes failures to get credentials recognisable.
type namedCredentials struct{ from aws.CredentialsProvider }

// Retrieve gives credentials, or a *credentialsError. An interrupted caller is
// not the credentials' fault.
func (c namedCredentials) Retrieve(ctx context.Context) (aws.Credentials, error) {
	got, err := c.from.Retrieve(ctx)
	if err != nil && ctx.Err() == nil {
		err = &credentialsError{err}
	}
	return got, err
}
