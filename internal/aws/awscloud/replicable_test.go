package awscloud

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws"
	"github.com/edgedeploy/edgedeploy/versions"
)

func TestWhetherAVersionMayBeReplicated(t *testing.T) {
	t.Parallel()
	eachWay(t, localaws.Options{}, func(t *testing.T, w *world) {
		ctx, ref := t.Context(), w.publish("auth", "a1").Version.Ref
		ask := func(want bool) {
			t.Helper()
			if got, err := w.Lambda.Replicable(ctx, ref); err != nil || got != want {
				t.Errorf("got %v, %v; want %v", got, err, want)
			}
		}
		ask(false) // not associated yet
		slot := associations.Slot{Distribution: distID, Path: associations.DefaultPath, Trigger: associations.ViewerRequest}
		edit := associations.Edit{Slot: slot, To: associations.Binding{Version: ref}}
		if _, err := w.CloudFront.Write(ctx, account, associations.Change{Distribution: distID, Edits: []associations.Edit{edit}}, func(context.Context) error { return nil }, nil); err != nil {
			t.Fatal(err)
		}
		ask(true)
		if _, err := w.Lambda.api.RemovePermission(ctx, &lambda.RemovePermissionInput{
			FunctionName: aws.String("auth"), Qualifier: aws.String("1"), StatementId: aws.String("replicator-lambda-GetFunction"),
		}); err != nil {
			t.Fatal(err)
		}
		ask(false)
		ref = versions.Ref{Function: "missing", Number: 1}
		ask(false)
	})
}

func TestResourcePoliciesAsIAMWritesThem(t *testing.T) {
	t.Parallel()
	for policy, want := range map[string]bool{
		`{"Statement":[{"Effect":"Allow","Principal":{"Service":"replicator.lambda.amazonaws.com"},"Action":"lambda:GetFunction"}]}`:           true,
		`{"Statement":{"Effect":"Allow","Principal":{"Service":["a","replicator.lambda.amazonaws.com"]},"Action":["x","lambda:GetFunction"]}}`: true,
		`{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*"},{"Effect":"Allow","Principal":{"AWS":"1"},"Action":"lambda:*"}]}`:       false,
		`{"Statement":[{"Effect":"Deny","Principal":{"Service":"replicator.lambda.amazonaws.com"},"Action":"lambda:GetFunction"}]}`:            false,
		`{"Statement":[{"Effect":"Allow","Principal":{"Service":"replicator.lambda.amazonaws.com"},"Action":"lambda:InvokeFunction"}]}`:        false,
		`{"Statement":[{"Effect":"Allow","Principal":{"Service":"edgelambda.amazonaws.com"},"Action":"lambda:GetFunction"}]}`:                  false,
		`{}`: false,
	} {
		if got, err := letsReplicate([]byte(policy)); err != nil || got != want {
			t.Errorf("%s: %v, %v", policy, got, err)
		}
	}
	for _, policy := range []string{`nothing`, `{"Statement":7}`, `{"Statement":[{"Action":{}}]}`, `{"Statement":[{"Principal":{"Service":7}}]}`} {
		if _, err := letsReplicate([]byte(policy)); err == nil {
			t.Errorf("%s is understood", policy)
		}
	}
}
