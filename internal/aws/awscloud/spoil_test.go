package awscloud

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// spoil gives a function all that somebody could add in a console.
func (w *world) spoil(function string) {
	w.t.Helper()
	_, err := w.Lambda.api.UpdateFunctionConfiguration(w.t.Context(), &lambda.UpdateFunctionConfigurationInput{
		FunctionName:     aws.String(function),
		Environment:      &types.Environment{Variables: map[string]string{"AB": "c"}},
		Layers:           []string{"arn:aws:lambda:us-east-1:222222222222:layer:apm:1"},
		VpcConfig:        &types.VpcConfig{SubnetIds: []string{"subnet-1"}, SecurityGroupIds: []string{"sg-1"}},
		TracingConfig:    &types.TracingConfig{Mode: types.TracingModeActive},
		DeadLetterConfig: &types.DeadLetterConfig{TargetArn: aws.String("arn:aws:sqs:us-east-1:111111111111:dead")},
		KMSKeyArn:        aws.String("arn:aws:kms:us-east-1:111111111111:key/1"),
		EphemeralStorage: &types.EphemeralStorage{Size: aws.Int32(1024)},
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// toARM moves a function to the architecture that the edge does not have.
func (w *world) toARM(function string, zip []byte) {
	w.t.Helper()
	_, err := w.Lambda.api.UpdateFunctionCode(w.t.Context(), &lambda.UpdateFunctionCodeInput{
		FunctionName: aws.String(function), ZipFile: zip, Architectures: []types.Architecture{types.ArchitectureArm64},
	})
	if err != nil {
		w.t.Fatal(err)
	}
}
