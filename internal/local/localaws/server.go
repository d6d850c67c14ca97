package localaws

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"syscall"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws/cf"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws/iam"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws/kv"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws/lambda"
)

const (
	fileName = "localaws.db"
	// lockWait is how long Open waits for another process to let go of the file.
	lockWait = time.Second
)

// Delays are how long AWS takes to finish what it accepted. The zero value
// finishes everything before the next call.
type Delays struct {
	FunctionCreate time.Duration // Pending after CreateFunction
	FunctionUpdate time.Duration // InProgress after UpdateFunction*
	VersionActive  time.Duration // Pending after a version is published
	RoleAssumable  time.Duration // after CreateRole, until Lambda can assume the role
	Propagation    time.Duration // InProgress after a write to a distribution
	ReplicaRemoval time.Duration // after the last association with a version went
}

// Options are how a Server is set up.
type Options struct {
	// Dir holds the data, and is made if need be. Empty keeps everything in
	// memory, for tests that need no second process.
	Dir    string
	Delays Delays
	// WritesPerMinute is how many CloudFront writes an account may send in a
	// minute before the next is throttled; 0 means any number.
	WritesPerMinute int
	// LegacyViewerLimits brings back the quotas on viewer triggers that AWS
	// documented until 2024.
	LegacyViewerLimits bool
	// Now is the clock that Advance moves on from; nil means time.Now. States,
	// paging tokens, code locations and the Date of every answer follow it.
	Now func() time.Time
	// ListenAnyone lets Serve listen on other interfaces than loopback, and
	// answers requests for any Host. Whoever reaches the port can then store
	// code that this machine may run.
	ListenAnyone bool
}

// Server is the local AWS over one data directory. It may be used by any
// number of goroutines.
type Server struct {
	options Options
	db      *bolt.DB // nil in memory
	store   kv.Store

	lambda *lambda.Service
	cf     *cf.Service
	iam    *iam.Service

	clock    clock
	arrivals sync.Mutex // makes the log's order that of the faults' counting
	faults   faults
	holds    holds
	saved    saved
	log      callLog

	ctx  context.Context // ends with Close; what waits in here hangs on it
	stop context.CancelFunc

	mu       sync.Mutex // orders enter before Close
	inFlight sync.WaitGroup
}

// BusyError says that another process has the data directory open.
type BusyError struct {
	Dir     string
	Address string // host:port of the server that has it, "" if none answers
}

func (e *BusyError) Error() string {
	if e.Address == "" {
		return fmt.Sprintf("local AWS in %s: another process has it open", e.Dir)
	}
	return fmt.Sprintf("local AWS in %s: it is being served at %s", e.Dir, e.Address)
}

// Open opens or makes the data in o.Dir. If another process has it open for a
// second, the error is a *BusyError.
func Open(o Options) (*Server, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Server{options: o, store: &kv.Memory{}, clock: clock{base: o.Now}}
	if o.Dir != "" {
		store, err := openFile(o.Dir)
		if err != nil {
			return nil, err
		}
		s.db, s.store = store.db, store
	}
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails since Go 1.24
	s.compose(secret)
	s.ctx, s.stop = context.WithCancel(context.Background())
	return s, nil
}

func openFile(dir string) (boltStore, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return boltStore{}, fmt.Errorf("make the folder of the local AWS: %w", err)
	}
	s := boltStore{file: filepath.Join(dir, fileName)}
	_, absent := os.Stat(s.file)
	err := s.open(false)
	if absent == nil && (errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS)) {
		err = s.open(true)
	}
	switch {
	case err == nil:
		err = s.whole()
		if err != nil {
			err = errors.Join(err, s.db.Close())
		}
		return s, err
	case busy(err):
		address, _ := DialRunning(dir)
		return boltStore{}, &BusyError{Dir: dir, Address: address}
	case errors.Is(absent, fs.ErrNotExist):
		_ = os.Remove(s.file) // a file that was begun reads as damaged; there may be none
	}
	return boltStore{}, &StoreError{s.file, err}
}

// open opens the file. Of some damaged ones bbolt panics.
func (s *boltStore) open(readOnly bool) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = damaged(p)
		}
	}()
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	s.db, err = bolt.Open(s.file, 0o600, &bolt.Options{Timeout: lockWait, ReadOnly: readOnly})
	if errors.Is(err, bolterrors.ErrInvalid) || errors.Is(err, bolterrors.ErrVersionMismatch) || errors.Is(err, bolterrors.ErrChecksum) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = damaged(err)
	}
	return err
}

func (s *Server) compose(secret []byte) {
	d := s.options.Delays
	s.iam = iam.New(iam.Config{Store: s.store, Now: s.clock.now, Propagation: d.RoleAssumable})
	s.lambda = lambda.New(lambda.Config{
		Store: s.store, Roles: s.iam, Now: s.clock.now, Replicated: cf.Replicated, Secret: secret,
		Delays: lambda.Delays{FunctionCreate: d.FunctionCreate, FunctionUpdate: d.FunctionUpdate, VersionActive: d.VersionActive},
	})
	s.cf = cf.New(cf.Config{
		Store: s.store, Functions: functions{s}, Now: s.clock.now,
		PropagationDelay: d.Propagation, ReplicaDelay: d.ReplicaRemoval,
		LegacyViewerLimits: s.options.LegacyViewerLimits, WritesPerMinute: s.options.WritesPerMinute,
	})
}

// Close lets in-process exchanges that have begun come to their end, refuses
// new ones, and lets go of the file. What Serve serves is up to Serve.
func (s *Server) Close() error {
	s.mu.Lock()
	s.stop()
	s.mu.Unlock()
	s.inFlight.Wait()
	if s.db == nil {
		return nil
	}
	return s.db.Close()
}

// enter counts an exchange that Close has to wait for; false after Close.
func (s *Server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx.Err() != nil {
		return false
	}
	s.inFlight.Add(1)
	return true
}

// functions is what CloudFront reads of Lambda and IAM.
type functions struct{ s *Server }

func (f functions) Lookup(tx kv.Tx, account, arn string) (cf.Function, bool) {
	v, ok := f.s.lambda.Version(tx, account, arn, f.s.clock.now(account))
	if !ok {
		return cf.Function{}, false
	}
	return cf.Function{
		ARN: v.ARN, Version: v.Version, Runtime: v.Runtime, Role: v.Role, State: v.State,
		Architecture: v.Architecture, PackageType: "Zip",
		TimeoutSeconds: v.TimeoutSeconds, MemoryMB: v.MemoryMB, CodeSize: v.CodeSize,
		HasEnvironment: v.HasEnvironment, HasVPC: v.HasVPC, HasLayers: v.HasLayers,
		HasDeadLetter: v.HasDeadLetter, HasKMS: v.HasKMS, ActiveTracing: v.ActiveTracing,
		EphemeralMB: v.EphemeralMB, RoleTrust: f.s.iam.Trusted(tx, v.Role),
	}, true
}

// Seed is what should exist before anything else happens.
type Seed struct {
	Roles         []iam.SeedRole        `json:"roles"`
	Distributions []cf.SeedDistribution `json:"distributions"`
}

// Seed creates in an account what of the seed does not exist yet, and changes
// nothing that does, but for adding missing behaviours to distributions.
func (s *Server) Seed(account string, seed Seed) error {
	err := s.store.Update(func(tx kv.Tx) error {
		for _, r := range seed.Roles {
			if err := s.iam.Seed(tx, account, r); err != nil {
				return err
			}
		}
		return nil
	})
	for _, d := range seed.Distributions {
		err = errors.Join(err, s.cf.Seed(account, d))
	}
	return err
}

// SetInactive makes a published version Inactive, as AWS does after weeks
// without an invocation. The next invocation, a dry run here, makes it Pending.
func (s *Server) SetInactive(account, arn string) error {
	return s.store.Update(func(tx kv.Tx) error { return s.lambda.SetInactive(tx, account, arn, s.clock.now(account)) })
}

// Version returns the facts of a published version and its zip, for a data
// plane that runs it; false if the account has no such version.
func (s *Server) Version(account, arn string) (facts lambda.Facts, zip []byte, ok bool, err error) {
	err = s.store.View(func(tx kv.Tx) error {
		if facts, ok = s.lambda.Version(tx, account, arn, s.clock.now(account)); ok {
			zip, ok = s.lambda.Code(tx, account, arn, s.clock.now(account))
		}
		return nil
	})
	return facts, zip, ok, err
}

// PutRaw stores a distribution's configuration verbatim, with no check but
// that it is XML: for tests of clients that must cope with whatever CloudFront
// answers.
func (s *Server) PutRaw(account, id string, config []byte) error {
	return s.cf.PutRaw(account, id, config)
}
