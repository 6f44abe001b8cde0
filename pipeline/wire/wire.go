// Package wire connects to the engines, in the clear or by TLS, and says of a connection that does not come about which setting is wrong and
// what to do.
package wire

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"time"
)

// dialTime bounds one attempt: the connection, and again its TLS handshake.
const dialTime = 10 * time.Second

// TLS says how the connections to an engine are protected: that its certificate is signed by an authority we trust and names the host we
// called, and, where the engine asks for it, with a certificate of ours. The files are PEM. Nil is a connection in the clear.
type TLS struct {
	Section  string // of the configuration these come from, e.g. kafka.tls
	CAFile   string // authorities to trust; those of this machine when empty
	CertFile string // of our own certificate, intermediate ones after it; none when empty
	KeyFile  string // its key

	Scheme    string   // of a URL in the clear, where Section.url says whether it is; empty where Section.enabled does
	Protocols []string // spoken within, by ALPN, the preferred first; none is said when empty
}

// Error is a mistake of the configuration or of a certificate, named with what to do, in one line: trying again does not help until a person has
// acted. Every other error of a connection may mend itself.
type Error struct{ Err error }

func (e *Error) Error() string { return e.Err.Error() }

// Unwrap returns what went wrong.
func (e *Error) Unwrap() error { return e.Err }

// Dial connects to an address, host:port.
type Dial func(ctx context.Context, network, addr string) (net.Conn, error)

// Tap, when set before anything connects, is asked once by each Dialer for what its connections in the clear pass through. Only the build of andon
// that ends itself at named moments sets it (build tag chaos).
var Tap func() func(net.Conn) net.Conn

func tapped(dial Dial) Dial {
	if Tap == nil {
		return dial
	}
	through := Tap()
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return through(conn), nil
	}
}

// Dialer reads the files and returns what connects with them. A file that is missing, unreadable or out of date is an Error here.
func (t *TLS) Dialer() (Dial, error) {
	plain := &net.Dialer{Timeout: dialTime}
	if t == nil {
		return tapped(plain.DialContext), nil
	}
	authorities, err := t.authorities()
	if err != nil {
		return nil, &Error{err}
	}
	own, err := t.certificate()
	if err != nil {
		return nil, &Error{err}
	}
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		host, _, err := net.SplitHostPort(addr)
		if err != nil {
			return nil, err
		}
		raw, err := plain.DialContext(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		c := &conn{tls: t, addr: addr}
		c.Conn = tls.Client(raw, &tls.Config{
			RootCAs: authorities, ServerName: host, NextProtos: t.Protocols,
			GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
				c.asked = true
				return own, nil
			},
		})
		ctx, cancel := context.WithTimeout(ctx, dialTime)
		defer cancel()
		if err := c.HandshakeContext(ctx); err != nil {
			raw.Close()
			return nil, c.explain(err)
		}
		return c, nil
	}, nil
}

// authorities reads the CA file; nil are this machine's.
func (t *TLS) authorities() (*x509.CertPool, error) {
	if t.CAFile == "" {
		return nil, nil
	}
	text, err := os.ReadFile(t.CAFile)
	if err != nil {
		return nil, fmt.Errorf("%s.ca_file: %w", t.Section, err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s.ca_file: there is no certificate in %s: it must be PEM, beginning with -----BEGIN CERTIFICATE-----", t.Section, t.CAFile)
	}
	return pool, nil
}

// certificate reads our own certificate; an empty one when there is none.
func (t *TLS) certificate() (*tls.Certificate, error) {
	if t.CertFile == "" {
		return &tls.Certificate{}, nil
	}
	own, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("%s.cert_file and key_file: they must be a PEM certificate and its key without a passphrase: %w", t.Section, err)
	}
	now := time.Now()
	if own.Leaf.NotAfter.Before(now) || own.Leaf.NotBefore.After(now) {
		return nil, fmt.Errorf("%s.cert_file: the certificate in %s is good from %s to %s and not now: renew it", t.Section, t.CertFile,
			own.Leaf.NotBefore.UTC().Format(time.RFC3339), own.Leaf.NotAfter.UTC().Format(time.RFC3339))
	}
	return &own, nil
}

// conn is a connection by TLS that explains why the server refuses it: by TLS 1.3 it does so after the handshake.
type conn struct {
	*tls.Conn
	tls   *TLS
	addr  string
	asked bool // for our certificate
}

// Read implements net.Conn.
func (c *conn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if refusedByServer(err) {
		err = c.explain(err)
	}
	return n, err
}

// refusedByServer says whether the server ended the connection with an alert.
func refusedByServer(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op == "remote error"
}

// explain names the setting that err comes from, and what to do.
func (c *conn) explain(err error) error {
	t := c.tls
	unknown, signed := errors.AsType[x509.UnknownAuthorityError](err)
	invalid, dated := errors.AsType[x509.CertificateInvalidError](err)
	_, named := errors.AsType[x509.HostnameError](err)
	_, strange := errors.AsType[tls.RecordHeaderError](err)
	switch {
	case signed && t.CAFile == "":
		err = fmt.Errorf("%s.ca_file: no authority that this machine trusts has signed the certificate of %s: name the file with the one that did: %w", t.Section, c.addr, unknown)
	case signed:
		err = fmt.Errorf("%s.ca_file: no authority in %s has signed the certificate of %s: name the file with the one that did: %w", t.Section, t.CAFile, c.addr, unknown)
	case dated && invalid.Reason == x509.Expired:
		err = fmt.Errorf("%s: the certificate of %s has expired or is not valid yet: renew it there, or set this machine's clock right: %w", t.Section, c.addr, invalid)
	case named:
		err = fmt.Errorf("%s: the certificate of %s is not for that name: call the host by a name in its certificate, or give it one that names it: %w", t.Section, c.addr, err)
	case strange:
		err = t.InTheClear(c.addr)
	case refusedByServer(err) && c.asked && t.CertFile == "":
		err = fmt.Errorf("%s.cert_file: %s asks for a certificate of ours: set %s.cert_file and %s.key_file: %w", t.Section, c.addr, t.Section, t.Section, err)
	case refusedByServer(err) && c.asked:
		err = fmt.Errorf("%s.cert_file: %s refuses the certificate in %s: give one that an authority it trusts has signed: %w", t.Section, c.addr, t.CertFile, err)
	default:
		if _, verified := errors.AsType[*tls.CertificateVerificationError](err); !verified && !refusedByServer(err) {
			return err // the network's, perhaps
		}
		err = fmt.Errorf("%s: no TLS with %s: %w", t.Section, c.addr, err)
	}
	return &Error{err}
}

// InTheClear is the Error of an address that answers without TLS.
func (t *TLS) InTheClear(addr string) error {
	if t.Scheme != "" {
		return &Error{fmt.Errorf("%s.url: %s does not speak TLS: name its TLS port, or begin the URL with %s://", t.Section, addr, t.Scheme)}
	}
	return &Error{fmt.Errorf("%s.enabled: %s does not speak TLS: name its TLS port, or set %s.enabled: false", t.Section, addr, t.Section)}
}

// CheckPlain returns an Error for an address that speaks TLS, for connections in the clear. section is where the configuration would say so; err is how the
// connection failed, and is returned for any other address.
func CheckPlain(ctx context.Context, section, addr string, err error) error {
	raw, dialErr := (&net.Dialer{Timeout: dialTime}).DialContext(ctx, "tcp", addr)
	if dialErr != nil {
		return err
	}
	defer raw.Close()
	ctx, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	shown := tls.Client(raw, &tls.Config{RootCAs: x509.NewCertPool(), ServerName: "andon"}).HandshakeContext(ctx) // trusts nobody: it only asks
	if _, spoke := errors.AsType[*tls.CertificateVerificationError](shown); spoke || refusedByServer(shown) {
		return &Error{fmt.Errorf("%s.enabled: %s speaks TLS: set %s.enabled: true, or name its port without", section, addr, section)}
	}
	return err
}

// Subject is whom our own certificate names, as a distinguished name; empty without a certificate.
func (t *TLS) Subject() string {
	if t == nil {
		return ""
	}
	own, err := t.certificate()
	if err != nil || own.Leaf == nil {
		return ""
	}
	return own.Leaf.Subject.String()
}
