package lambda

import "testing"

func TestFileSystemsMayOnlyBeTakenAway(t *testing.T) {
	t.Parallel()
	for body, ok := range map[string]bool{
		`{"FileSystemConfigs":[]}`: true, `{"FileSystemConfigs":null}`: true,
		`{"FileSystemConfigs":[{"Arn":"arn:aws:s3:::x","LocalMountPath":"/mnt/x"}]}`: false,
	} {
		err := (&call{body: []byte(body)}).decode(new(updateConfigInput))
		if (err == nil) != ok {
			t.Errorf("%s: %v", body, err)
		}
	}
}
