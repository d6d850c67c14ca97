// Package iam is as much of the local AWS's IAM and STS as a deployer of
// functions meets: who am I (GetCallerIdentity), and execution roles with the
// principals that may assume them, their tags and their policies, as far as
// Terraform's aws_iam_role asks for, spoken in AWS's Query protocol.
//
// It owns the table "iam.roles" in the store it is given. It judges no
// permissions: every caller may do everything in its own account. Of a trust
// policy it reads which service principals may assume the role; conditions
// are not evaluated.
package iam
