package localaws

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

const (
	addressFile = "address"
	// A request body of 70 MB has to fit into readTimeout on loopback.
	headerTimeout = 10 * time.Second
	readTimeout   = 5 * time.Minute
	idleTimeout   = 2 * time.Minute
	// graceTime is how long calls may finish after the context ended.
	graceTime = 5 * time.Second
	pingTime  = 2 * time.Second
)

// running is what the address file says.
type running struct {
	Address string `json:"address"` // host:port
	PID     int    `json:"pid"`
}

// Serve answers on the listener until the context ends, lets calls in flight
// finish for a few seconds, and closes the listener. While it runs, a file
// beside the data tells other processes the address. A listener that is not
// on loopback is refused unless Options.ListenAnyone is set.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	defer l.Close()
	tcp, ok := l.Addr().(*net.TCPAddr)
	if !ok {
		return fmt.Errorf("serve on %s: not a TCP address", l.Addr())
	}
	if !tcp.IP.IsLoopback() && !s.options.ListenAnyone {
		return fmt.Errorf("serve on %s: not a loopback address; whoever reaches it could store code that runs here", l.Addr())
	}
	withdraw, err := s.announce(tcp)
	if err != nil {
		return err
	}
	server := &http.Server{
		BaseContext: func(net.Listener) context.Context {
			return context.WithValue(context.WithoutCancel(ctx), servingKey{}, ctx)
		},
		Handler: s.Handler(), ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, IdleTimeout: idleTimeout,
	}
	stopped := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), graceTime)
		defer cancel()
		err := server.Shutdown(grace)
		if err != nil {
			err = errors.Join(fmt.Errorf("stop serving: %w", err), server.Close())
		}
		stopped <- err
	})
	if err = server.Serve(l); errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	if !stop() { // the context ended: wait for the calls in flight
		err = <-stopped
	}
	return errors.Join(err, withdraw())
}

// announce writes the address file and returns what removes it again.
func (s *Server) announce(tcp *net.TCPAddr) (withdraw func() error, err error) {
	if s.options.Dir == "" {
		return func() error { return nil }, nil
	}
	address := tcp.String()
	if tcp.IP.IsUnspecified() {
		address = net.JoinHostPort("127.0.0.1", fmt.Sprint(tcp.Port)) // all interfaces include this one
	}
	raw, err := json.Marshal(running{Address: address, PID: os.Getpid()})
	if err != nil {
		return nil, fmt.Errorf("address file: %w", err)
	}
	name := filepath.Join(s.options.Dir, addressFile)
	if err := replaceFile(name, raw); err != nil {
		return nil, fmt.Errorf("note the address for other commands: %w", err)
	}
	return func() error {
		now, err := os.ReadFile(name)
		if err != nil || !bytes.Equal(now, raw) {
			return nil // somebody else's by now, or gone already
		}
		if err := os.Remove(name); err != nil {
			return fmt.Errorf("address file: %w", err)
		}
		return nil
	}, nil
}

// DialRunning returns the address of the server that has the directory open,
// if there is one that answers. Only loopback addresses count: the file could
// have come with a checkout and name any host on the net.
func DialRunning(dir string) (address string, ok bool) {
	raw, err := os.ReadFile(filepath.Join(dir, addressFile))
	if err != nil {
		return "", false
	}
	var r running
	if err := json.Unmarshal(raw, &r); err != nil {
		return "", false
	}
	host, _, err := net.SplitHostPort(r.Address)
	if err != nil || !net.ParseIP(host).IsLoopback() {
		return "", false
	}
	if got, ok := ping(r.Address); !ok || got.Service != pongService || got.PID != r.PID {
		return "", false // a stale file, whose port somebody else may have by now
	}
	return r.Address, true
}

func ping(address string) (pong, bool) {
	client := &http.Client{
		Timeout:   pingTime,
		Transport: &http.Transport{DisableKeepAlives: true}, // no proxy: this is loopback
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
	}
	response, err := client.Get("http://" + address + privatePath + "ping")
	if err != nil {
		return pong{}, false
	}
	defer response.Body.Close()
	var p pong
	err = json.NewDecoder(io.LimitReader(response.Body, 1<<10)).Decode(&p)
	return p, err == nil && response.StatusCode == http.StatusOK
}
