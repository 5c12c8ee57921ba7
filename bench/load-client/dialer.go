package main

import (
	"errors"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

// loginTimeout ends a login that a server does not answer, or answers too slowly to be worth a figure.
const loginTimeout = 60 * time.Second

// handshake is what both sides agreed on.
type handshake struct {
	Kex    string `json:"kex"`
	Cipher string `json:"cipher"`
}

type dialer struct {
	address string
	config  *ssh.ClientConfig
}

func newDialer(o options) (*dialer, error) {
	credential, err := credentialOf(o)
	if err != nil {
		return nil, err
	}
	hostKeys, err := knownhosts.New(o.knownHosts)
	if err != nil {
		return nil, err
	}
	return &dialer{o.address, &ssh.ClientConfig{
		User:            o.user,
		Auth:            []ssh.AuthMethod{credential},
		HostKeyCallback: hostKeys,
		// The same work for every server.
		HostKeyAlgorithms: []string{ssh.KeyAlgoED25519},
		Config: ssh.Config{
			KeyExchanges: []string{ssh.KeyExchangeMLKEM768X25519, ssh.KeyExchangeCurve25519, "curve25519-sha256@libssh.org"},
			Ciphers:      []string{ssh.CipherAES128GCM, ssh.CipherAES128CTR},
		},
	}}, nil
}

// credentialOf is the key file, or without one a password from the environment, where other users do not see it.
func credentialOf(o options) (ssh.AuthMethod, error) {
	if o.keyFile == "" {
		return ssh.Password(os.Getenv("LOAD_CLIENT_PASSWORD")), nil
	}
	key, err := os.ReadFile(o.keyFile)
	if err != nil {
		return nil, err
	}
	signer, err := ssh.ParsePrivateKey(key)
	if err != nil {
		return nil, err
	}
	return ssh.PublicKeys(signer), nil
}

// connection is an authenticated SSH connection.
type connection struct {
	*ssh.Client
	handshake handshake
}

func (d *dialer) connect() (*connection, error) {
	socket, err := net.DialTimeout("tcp", d.address, loginTimeout)
	if err != nil {
		return nil, err
	}
	if err := socket.SetDeadline(time.Now().Add(loginTimeout)); err != nil {
		return nil, errors.Join(err, socket.Close())
	}
	conn, channels, requests, err := ssh.NewClientConn(socket, d.address, d.config)
	if err != nil {
		return nil, errors.Join(err, socket.Close())
	}
	if err := socket.SetDeadline(time.Time{}); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	agreed := handshake{}
	if c, ok := conn.(ssh.AlgorithmsConnMetadata); ok {
		agreed = handshake{c.Algorithms().KeyExchange, c.Algorithms().Write.Cipher}
	}
	return &connection{ssh.NewClient(conn, channels, requests), agreed}, nil
}

// open logs in and opens one SFTP channel.
func (d *dialer) open() (*session, error) {
	c, err := d.connect()
	if err != nil {
		return nil, err
	}
	s, err := c.openSftp()
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return s, nil
}

// inParallel runs the step o.count times, o.parallel at once, and ends early on the first error.
func inParallel(o options, step func() (*session, error)) ([]*session, error) {
	var (
		left     atomic.Int64
		mutex    sync.Mutex
		sessions []*session
		failure  error
		workers  sync.WaitGroup
	)
	left.Store(int64(o.count))
	for range o.parallel {
		workers.Go(func() {
			for left.Add(-1) >= 0 {
				s, err := step()
				mutex.Lock()
				if err != nil {
					failure = errors.Join(failure, err)
					left.Store(0)
				} else {
					sessions = append(sessions, s)
				}
				mutex.Unlock()
			}
		})
	}
	workers.Wait()
	return sessions, failure
}
