package localaws

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// accountFile, beside the data, names the account that was last worked with.
const accountFile = "account"

// AccountIn returns the account that the data in a directory was last used for,
// or the default one where none was. A file that holds no account number is an
// error.
func AccountIn(dir string) (string, error) {
	name := filepath.Join(dir, accountFile)
	raw, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return defaultAccount, nil
	}
	if err != nil {
		return "", fmt.Errorf("local AWS: %w", err)
	}
	account := strings.TrimSpace(string(raw))
	if !accountKey.MatchString(account) {
		return "", fmt.Errorf("local AWS: %s holds no account number of 12 digits; remove it", name)
	}
	return account, nil
}

// KeepAccount notes the account for AccountIn. Whoever reads meanwhile, or after
// a crash, finds the old one or the new one. What is there already is not
// written again, so that it may be read-only.
func KeepAccount(dir, account string) error {
	name := filepath.Join(dir, accountFile)
	if raw, err := os.ReadFile(name); err == nil && string(raw) == account+"\n" {
		return nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("local AWS: %w", err)
	}
	if err := replaceFile(name, []byte(account+"\n")); err != nil {
		return fmt.Errorf("local AWS: %w", err)
	}
	return nil
}

// replaceFile writes a file beside the one that it then takes the place of.
func replaceFile(name string, content []byte) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("write %s: %w", name, cause(err)) // not the name of the file beside it
		}
	}()
	f, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".new-")
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		_ = os.Remove(f.Name()) // what it could not hold is of no use; why is told
	}
	return err
}

// account is the account of a request whose access key is no account number: the
// one of the data, which has what --local made, or the default one.
func (s *Server) account() string {
	if s.options.Dir == "" {
		return defaultAccount
	}
	account, err := AccountIn(s.options.Dir)
	if err != nil {
		return defaultAccount // the commands that read the file say what is wrong with it
	}
	return account
}
