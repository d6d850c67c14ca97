package awscloud

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// Identity says who the credentials belong to.
type Identity struct{ api *sts.Client }

// Account gives the account's twelve digits. It costs one call (STS
// GetCallerIdentity, which needs no permission).
func (i *Identity) Account(ctx context.Context) (string, error) {
	out, err := i.api.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return "", wrap(err, "STS", "GetCallerIdentity", "")
	}
	return aws.ToString(out.Account), nil
}
