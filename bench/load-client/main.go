// Load-client opens many SSH sessions at once against one server, and does the few SFTP requests that a bench needs.
// It prints one JSON object per finished step.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"
)

type options struct {
	address    string
	user       string
	keyFile    string
	knownHosts string
	count      int
	parallel   int
	path       string
	output     string
	sizeBytes  int64
	rate       float64
	users      int
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	if len(os.Args) < 2 {
		return errors.New("usage: load-client login|pace|hold|list|fetch [options]")
	}
	o := options{}
	flags := flag.NewFlagSet(os.Args[1], flag.ContinueOnError)
	flags.StringVar(&o.address, "address", "", "host:port of the server")
	flags.StringVar(&o.user, "user", "", "name of the user")
	flags.StringVar(&o.keyFile, "key", "", "private key of the user; without it the password is in LOAD_CLIENT_PASSWORD")
	flags.StringVar(&o.knownHosts, "known-hosts", "", "known_hosts file that has the server")
	flags.IntVar(&o.count, "count", 1, "logins, sessions or channels")
	flags.IntVar(&o.parallel, "parallel", 8, "logins under way at once")
	flags.StringVar(&o.path, "path", "", "the folder to list or the file to fetch")
	flags.StringVar(&o.output, "output", "", "where a fetched file goes; nowhere when empty")
	flags.Int64Var(&o.sizeBytes, "size", 0, "size of the file to fetch")
	flags.Float64Var(&o.rate, "rate", 1, "logins that begin in a second, however long they take")
	flags.IntVar(&o.users, "users", 1, "with pace: so many users in turn, numbered from 0 behind the name")
	if err := flags.Parse(os.Args[2:]); err != nil {
		return err
	}
	d, err := newDialer(o)
	if err != nil {
		return err
	}
	switch os.Args[1] {
	case "login":
		return login(d, o)
	case "pace":
		return pace(d, o)
	case "hold":
		return hold(d, o)
	case "list":
		return list(d, o)
	case "fetch":
		return fetch(d, o)
	}
	return fmt.Errorf("there is no step %q", os.Args[1])
}

func report(step any) error {
	return json.NewEncoder(os.Stdout).Encode(step)
}

// login does full logins, each with an SFTP session that is opened and closed again.
func login(d *dialer, o options) error {
	started := time.Now()
	var last handshake
	sessions, err := inParallel(o, func() (*session, error) {
		s, err := d.open()
		if err != nil {
			return nil, err
		}
		return s, s.Close()
	})
	if err != nil {
		return err
	}
	seconds := time.Since(started).Seconds()
	if len(sessions) > 0 {
		last = sessions[0].handshake
	}
	return report(struct {
		Seconds float64 `json:"seconds"`
		handshake
	}{seconds, last})
}

// hold keeps its sessions open until standard input ends.
func hold(d *dialer, o options) error {
	sessions, err := inParallel(o, d.open)
	defer func() {
		for _, s := range sessions {
			s.Close()
		}
	}()
	if err != nil {
		return err
	}
	if err := report(struct {
		Sessions int `json:"sessions"`
	}{len(sessions)}); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// list reads a folder to its end, one READDIR at a time as the usual clients do.
func list(d *dialer, o options) error {
	s, err := d.open()
	if err != nil {
		return err
	}
	defer s.Close()
	started := time.Now()
	names := make(map[string]struct{})
	var first time.Duration
	err = s.readFolder(o.path, func(name string) {
		if len(names) == 0 {
			first = time.Since(started)
		}
		names[name] = struct{}{}
	})
	if err != nil {
		return err
	}
	delete(names, ".")
	delete(names, "..")
	return report(struct {
		Seconds      float64 `json:"seconds"`
		FirstSeconds float64 `json:"firstSeconds"`
		Entries      int     `json:"entries"`
	}{time.Since(started).Seconds(), first.Seconds(), len(names)})
}

// fetch reads a file through several channels of one connection, so that their windows add up.
func fetch(d *dialer, o options) error {
	c, err := d.connect()
	if err != nil {
		return err
	}
	defer c.Close()
	var sink io.WriterAt = discard{}
	if o.output != "" {
		file, err := os.Create(o.output)
		if err != nil {
			return err
		}
		defer file.Close()
		sink = file
	}
	channels := make([]*session, o.count)
	for i := range channels {
		if channels[i], err = c.openSftp(); err != nil {
			return err
		}
	}
	started := time.Now()
	results := make(chan error, len(channels))
	for i, s := range channels {
		from, to := o.sizeBytes*int64(i)/int64(o.count), o.sizeBytes*int64(i+1)/int64(o.count)
		go func() { results <- s.readRange(o.path, from, to, sink) }()
	}
	for range channels {
		if err := <-results; err != nil {
			return err
		}
	}
	return report(struct {
		Seconds float64 `json:"seconds"`
	}{time.Since(started).Seconds()})
}

type discard struct{}

func (discard) WriteAt(p []byte, _ int64) (int, error) { return len(p), nil }
