// One action with pkg/sftp over golang.org/x/crypto/ssh: reads a JSON request from standard input, prints the JSON result.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

const timeout = 20 * time.Second

type request struct {
	Host            string
	Port            int
	UserName        string
	KnownHostsFile  string
	Password        string
	KeyFile         string
	CertificateFile string
	// Answers to the prompts of keyboard-interactive, in order.
	Answers []string
	// Kex is the key exchange method to insist on.
	Kex       string
	Action    string
	Arguments []string
}

func main() {
	if len(os.Args) == 2 && os.Args[1] == "version" {
		printVersion()
		return
	}
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func printVersion() {
	info, _ := debug.ReadBuildInfo()
	for _, module := range info.Deps {
		if module.Path == "github.com/pkg/sftp" || module.Path == "golang.org/x/crypto" {
			fmt.Println(module.Path, module.Version)
		}
	}
}

func run() error {
	var asked request
	if err := json.NewDecoder(os.Stdin).Decode(&asked); err != nil {
		return err
	}
	connection, err := connect(asked)
	if err != nil {
		return err
	}
	defer connection.Close()
	client, err := sftp.NewClient(connection)
	if err != nil {
		return err
	}
	defer client.Close()
	result, err := act(client, asked.Action, asked.Arguments)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(result)
}

func connect(asked request) (*ssh.Client, error) {
	hostKeys, err := knownhosts.New(asked.KnownHostsFile)
	if err != nil {
		return nil, err
	}
	methods, err := authMethods(asked)
	if err != nil {
		return nil, err
	}
	config := &ssh.ClientConfig{
		User:            asked.UserName,
		Auth:            methods,
		HostKeyCallback: hostKeys,
		Timeout:         timeout,
	}
	if asked.Kex != "" {
		config.KeyExchanges = []string{asked.Kex}
	}
	return ssh.Dial("tcp", net.JoinHostPort(asked.Host, strconv.Itoa(asked.Port)), config)
}

func authMethods(asked request) ([]ssh.AuthMethod, error) {
	var methods []ssh.AuthMethod
	if asked.KeyFile != "" {
		signer, err := loadSigner(asked)
		if err != nil {
			return nil, err
		}
		methods = append(methods, ssh.PublicKeys(signer))
	}
	if asked.Answers != nil {
		methods = append(methods, ssh.KeyboardInteractive(answerWith(asked.Answers)))
	}
	if asked.Password != "" {
		methods = append(methods, ssh.Password(asked.Password))
	}
	return methods, nil
}

func loadSigner(asked request) (ssh.Signer, error) {
	pem, err := os.ReadFile(asked.KeyFile)
	if err != nil {
		return nil, err
	}
	signer, err := ssh.ParsePrivateKey(pem)
	if err != nil || asked.CertificateFile == "" {
		return signer, err
	}
	line, err := os.ReadFile(asked.CertificateFile)
	if err != nil {
		return nil, err
	}
	key, _, _, _, err := ssh.ParseAuthorizedKey(line)
	if err != nil {
		return nil, err
	}
	certificate, ok := key.(*ssh.Certificate)
	if !ok {
		return nil, errors.New("the certificate file holds no certificate")
	}
	return ssh.NewCertSigner(certificate, signer)
}

func answerWith(answers []string) ssh.KeyboardInteractiveChallenge {
	return func(_, _ string, questions []string, _ []bool) ([]string, error) {
		if len(questions) > len(answers) {
			return nil, fmt.Errorf("asked %d questions, %d answers are left", len(questions), len(answers))
		}
		given := answers[:len(questions)]
		answers = answers[len(questions):]
		return given, nil
	}
}

func act(client *sftp.Client, action string, with []string) (any, error) {
	switch action {
	case "list":
		return list(client, with[0])
	case "put":
		return nil, put(client, with[0], with[1], os.O_WRONLY|os.O_CREATE|os.O_TRUNC)
	case "get":
		return nil, get(client, with[0], with[1])
	case "resume_put":
		return nil, resumePut(client, with[0], with[1])
	case "resume_get":
		return nil, resumeGet(client, with[0], with[1])
	case "rename":
		return nil, client.Rename(with[0], with[1])
	case "make_directories":
		return nil, client.MkdirAll(with[0])
	case "put_tree":
		return nil, putTree(client, with[0], with[1])
	case "get_tree":
		return nil, getTree(client, with[0], with[1])
	case "remove":
		return nil, client.Remove(with[0])
	case "remove_directory":
		return nil, client.RemoveDirectory(with[0])
	}
	return nil, fmt.Errorf("there is no action %s", action)
}

func list(client *sftp.Client, directory string) ([]string, error) {
	entries, err := client.ReadDir(directory)
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(entries))
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names, nil
}

func put(client *sftp.Client, local, remote string, flags int) error {
	source, err := os.Open(local)
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := client.OpenFile(remote, flags)
	if err != nil {
		return err
	}
	// Many writes under way at once, as rclone sends them.
	if _, err := target.ReadFromWithConcurrency(source, 64); err != nil {
		target.Close()
		return err
	}
	return target.Close()
}

func get(client *sftp.Client, remote, local string) error {
	source, err := client.Open(remote)
	if err != nil {
		return err
	}
	defer source.Close()
	return writeLocal(source, local, os.O_WRONLY|os.O_CREATE|os.O_TRUNC)
}

func writeLocal(source io.WriterTo, local string, flags int) error {
	target, err := os.OpenFile(local, flags, 0o600)
	if err != nil {
		return err
	}
	if _, err := source.WriteTo(target); err != nil {
		target.Close()
		return err
	}
	return target.Close()
}

func resumePut(client *sftp.Client, local, remote string) error {
	source, err := os.Open(local)
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := client.OpenFile(remote, os.O_WRONLY)
	if err != nil {
		return err
	}
	defer target.Close()
	present, err := target.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	if _, err := source.Seek(present, io.SeekStart); err != nil {
		return err
	}
	_, err = target.ReadFrom(source)
	return err
}

func resumeGet(client *sftp.Client, remote, local string) error {
	source, err := client.Open(remote)
	if err != nil {
		return err
	}
	defer source.Close()
	present, err := os.Stat(local)
	if err != nil {
		return err
	}
	if _, err := source.Seek(present.Size(), io.SeekStart); err != nil {
		return err
	}
	return writeLocal(source, local, os.O_WRONLY|os.O_APPEND)
}

func putTree(client *sftp.Client, local, remote string) error {
	return filepath.WalkDir(local, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(local, name)
		if err != nil {
			return err
		}
		target := path.Join(remote, filepath.ToSlash(relative))
		if entry.IsDir() {
			return client.Mkdir(target)
		}
		return put(client, name, target, os.O_WRONLY|os.O_CREATE|os.O_TRUNC)
	})
}

func getTree(client *sftp.Client, remote, local string) error {
	walker := client.Walk(remote)
	for walker.Step() {
		if err := walker.Err(); err != nil {
			return err
		}
		relative, err := filepath.Rel(remote, walker.Path())
		if err != nil {
			return err
		}
		target := filepath.Join(local, relative)
		if walker.Stat().IsDir() {
			err = os.Mkdir(target, 0o700)
		} else {
			err = get(client, walker.Path(), target)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
