package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Packet types of draft-ietf-secsh-filexfer-02, section 3.
const (
	fxpInit    = 1
	fxpOpen    = 3
	fxpRead    = 5
	fxpOpendir = 11
	fxpReaddir = 12
	fxpStatus  = 101
	fxpHandle  = 102
	fxpData    = 103
	fxpName    = 104
	fxpVersion = 2

	fxfRead     = 1
	statusEOF   = 1
	attrSize    = 1
	attrOwner   = 2
	attrMode    = 4
	attrTimes   = 8
	maxPacket   = 1 << 20
	readBytes   = 32 << 10
	readsAtOnce = 128
)

// session is an SFTP channel; it speaks version 3.
type session struct {
	handshake handshake
	client    *connection
	in        io.WriteCloser
	out       io.Reader
}

func (c *connection) openSftp() (*session, error) {
	channel, err := c.NewSession()
	if err != nil {
		return nil, err
	}
	in, err := channel.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := channel.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := channel.RequestSubsystem("sftp"); err != nil {
		return nil, err
	}
	s := &session{c.handshake, c, in, out}
	if err := s.send(fxpInit, binary.BigEndian.AppendUint32(nil, 3)); err != nil {
		return nil, err
	}
	kind, _, err := s.receive()
	if err == nil && kind != fxpVersion {
		err = fmt.Errorf("packet type %d instead of VERSION", kind)
	}
	return s, err
}

// Close ends the whole connection.
func (s *session) Close() error { return s.client.Close() }

func (s *session) send(kind byte, body []byte) error {
	packet := binary.BigEndian.AppendUint32(make([]byte, 0, 5+len(body)), uint32(1+len(body)))
	_, err := s.in.Write(append(append(packet, kind), body...))
	return err
}

func (s *session) receive() (byte, []byte, error) {
	var length [4]byte
	if _, err := io.ReadFull(s.out, length[:]); err != nil {
		return 0, nil, err
	}
	size := binary.BigEndian.Uint32(length[:])
	if size < 1 || size > maxPacket {
		return 0, nil, fmt.Errorf("an SFTP packet of %d bytes", size)
	}
	packet := make([]byte, size)
	_, err := io.ReadFull(s.out, packet)
	return packet[0], packet[1:], err
}

// handle sends a request that is answered with a handle.
func (s *session) handle(kind byte, body []byte) ([]byte, error) {
	if err := s.send(kind, body); err != nil {
		return nil, err
	}
	answer, packet, err := s.receive()
	if err != nil {
		return nil, err
	}
	if answer != fxpHandle {
		return nil, fmt.Errorf("request %d is answered with packet type %d: %q", kind, answer, packet)
	}
	return cut(&packet, 4, true)
}

func (s *session) readFolder(path string, seen func(name string)) error {
	handle, err := s.handle(fxpOpendir, appendText(appendID(nil, 1), path))
	if err != nil {
		return err
	}
	request := appendText(appendID(nil, 2), string(handle))
	for {
		if err := s.send(fxpReaddir, request); err != nil {
			return err
		}
		kind, packet, err := s.receive()
		switch {
		case err != nil:
			return err
		case kind == fxpName:
			if err := names(packet, seen); err != nil {
				return err
			}
		case kind == fxpStatus && status(packet) == statusEOF:
			return nil
		default:
			return fmt.Errorf("READDIR is answered with packet type %d: %q", kind, packet)
		}
	}
}

// readRange keeps readsAtOnce requests under way. Replies come in any order, so the id tells the offset.
func (s *session) readRange(path string, from, to int64, sink io.WriterAt) error {
	open := binary.BigEndian.AppendUint32(appendText(appendID(nil, 1), path), fxfRead)
	handle, err := s.handle(fxpOpen, binary.BigEndian.AppendUint32(open, 0))
	if err != nil {
		return err
	}
	next, underWay := from, 0
	for next < to || underWay > 0 {
		for ; next < to && underWay < readsAtOnce; underWay++ {
			id := uint32((next - from) / readBytes)
			read := binary.BigEndian.AppendUint64(appendText(appendID(nil, id), string(handle)), uint64(next))
			size := min(readBytes, to-next)
			if err := s.send(fxpRead, binary.BigEndian.AppendUint32(read, uint32(size))); err != nil {
				return err
			}
			next += size
		}
		kind, packet, err := s.receive()
		if err != nil {
			return err
		}
		if kind != fxpData || len(packet) < 8 {
			return fmt.Errorf("READ is answered with packet type %d: %q", kind, packet)
		}
		offset := from + int64(binary.BigEndian.Uint32(packet))*readBytes
		data := packet[8:]
		if int64(len(data)) != min(readBytes, to-offset) {
			return fmt.Errorf("READ of %d is answered with %d bytes", offset, len(data))
		}
		if _, err := sink.WriteAt(data, offset); err != nil {
			return err
		}
		underWay--
	}
	return nil
}

func appendID(b []byte, id uint32) []byte { return binary.BigEndian.AppendUint32(b, id) }

func appendText(b []byte, text string) []byte {
	return append(binary.BigEndian.AppendUint32(b, uint32(len(text))), text...)
}

func status(packet []byte) uint32 {
	if len(packet) < 8 {
		return 0
	}
	return binary.BigEndian.Uint32(packet[4:])
}

var errShort = errors.New("an SFTP packet ends too early")

// cut takes the string that begins after skip bytes off the packet.
func cut(packet *[]byte, skip int, last bool) ([]byte, error) {
	if len(*packet) < skip+4 {
		return nil, errShort
	}
	size := int(binary.BigEndian.Uint32((*packet)[skip:]))
	rest := (*packet)[skip+4:]
	if size > len(rest) || last && size != len(rest) {
		return nil, errShort
	}
	*packet = rest[size:]
	return rest[:size], nil
}

func names(packet []byte, seen func(name string)) error {
	if len(packet) < 8 {
		return errShort
	}
	count := binary.BigEndian.Uint32(packet[4:])
	packet = packet[8:]
	for range count {
		name, err := cut(&packet, 0, false)
		if err != nil {
			return err
		}
		if _, err := cut(&packet, 0, false); err != nil {
			return err
		}
		if err := skipAttributes(&packet); err != nil {
			return err
		}
		seen(string(name))
	}
	return nil
}

func skipAttributes(packet *[]byte) error {
	if len(*packet) < 4 {
		return errShort
	}
	flags := binary.BigEndian.Uint32(*packet)
	size := 4
	for flag, bytes := range map[uint32]int{attrSize: 8, attrOwner: 8, attrMode: 4, attrTimes: 8} {
		if flags&flag != 0 {
			size += bytes
		}
	}
	if len(*packet) < size {
		return errShort
	}
	*packet = (*packet)[size:]
	return nil
}
