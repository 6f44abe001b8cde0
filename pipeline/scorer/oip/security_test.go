package oip

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/credentials"

	"andon/pipeline/wire"
	"andon/schemas/verdict"
)

// selfSigned makes a certificate for this machine that is its own authority, and the file of it.
func selfSigned(t *testing.T) (tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, write(t, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

func write(t *testing.T, text []byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// overNetwork serves s on a port of this machine, by TLS unless cert is nil, and returns the configuration of a client.
func (s *server) overNetwork(t *testing.T, transport string, cert *tls.Certificate) Config {
	t.Helper()
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := Config{Section: "scorers.late", URL: transport + "s://" + lis.Addr().String(), Model: "late", Version: "3", Features: 4, Timeout: time.Minute}
	switch {
	case cert == nil:
		s.serve(t, transport, lis, nil)
	case transport == "grpc":
		s.serve(t, transport, lis, credentials.NewServerTLSFromCert(cert))
	default:
		s.serve(t, transport, tls.NewListener(lis, &tls.Config{Certificates: []tls.Certificate{*cert}}), nil)
	}
	return c
}

// check opens a client, lets it check, and returns it with what it said.
func check(t *testing.T, config Config) (*Client, error) {
	t.Helper()
	c, err := Open(config, slog.New(slog.NewTextHandler(t.Output(), nil)))
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { c.Close() })
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	return c, c.Check(ctx)
}

// wantMistake fails unless err is a mistake of the configuration, in one line with all of the words.
func wantMistake(t *testing.T, err error, words ...string) {
	t.Helper()
	if _, wired := errors.AsType[*wire.Error](err); !wired {
		t.Fatalf("%v: it is no mistake of the configuration, want one with %q", err, words)
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v: want it to say %q", err, word)
		}
	}
}

func TestTLSAndToken(t *testing.T) {
	cert, ca := selfSigned(t)
	_, otherCA := selfSigned(t)
	for _, transport := range []string{"http", "grpc"} {
		t.Run(transport, func(t *testing.T) {
			s := newServer()
			s.token = "good"
			config := s.overNetwork(t, transport, &cert)
			config.CAFile, config.TokenFile = ca, write(t, []byte("good\n"))
			c, err := check(t, config)
			if err != nil {
				t.Fatal(err)
			}
			rows := rowsOf(100)
			wantScores(t, rows, ask(t.Context(), c, rows))

			wrongCA := config
			wrongCA.CAFile = otherCA
			c, err = check(t, wrongCA)
			wantMistake(t, err, "scorers.late.ca_file: no authority in "+otherCA)
			wantReason(t, ask(t.Context(), c, rows), verdict.ModelMissing)

			noCA := config
			noCA.CAFile = ""
			_, err = check(t, noCA)
			wantMistake(t, err, "scorers.late.ca_file: no authority that this machine trusts")

			noToken := config
			noToken.TokenFile = ""
			_, err = check(t, noToken)
			wantMistake(t, err, "scorers.late.token_file: the server asks who we are")

			wrongToken := config
			wrongToken.TokenFile = write(t, []byte("bad"))
			c, err = check(t, wrongToken)
			wantMistake(t, err, "scorers.late.token_file: the server refuses the token in "+wrongToken.TokenFile)
			wantReason(t, ask(t.Context(), c, rows), verdict.ModelMissing)
			if strings.Contains(err.Error(), "bad") {
				t.Errorf("%v: it shows the token", err)
			}
			if err := os.WriteFile(wrongToken.TokenFile, []byte("good"), 0o600); err != nil {
				t.Fatal(err)
			}
			ask(t.Context(), c, rows[:4]) // is refused, and reads the file again
			wantScores(t, rows, ask(t.Context(), c, rows))
		})
	}
}

func TestTLSWithAServerInTheClear(t *testing.T) {
	_, ca := selfSigned(t)
	for _, transport := range []string{"http", "grpc"} {
		t.Run(transport, func(t *testing.T) {
			config := newServer().overNetwork(t, transport, nil)
			config.CAFile = ca
			_, err := check(t, config)
			if transport == "http" { // a server of gRPC says nothing at all to who speaks TLS to it
				wantMistake(t, err, "scorers.late.url: ", "begin the URL with http://")
			} else if err == nil {
				t.Error("no error")
			}
		})
	}
}

func TestCheckSaysWhatIsWrong(t *testing.T) {
	_, ca := selfSigned(t)
	wrongs := []struct {
		name string
		set  func(*server, *Config)
		say  string
	}{
		{"no such model", func(_ *server, c *Config) { c.Model = "early" }, "no such model"},
		{"no such version", func(_ *server, c *Config) { c.Version = "9" }, "no such model"},
		{"other features", func(_ *server, c *Config) { c.Features = 24 }, "rows of 4 features, not of 24"},
		{"integers", func(s *server, _ *Config) { s.datatype = "INT32" }, "takes INT32: give it one that takes FP64 or FP32"},
	}
	for _, wrong := range wrongs {
		for _, transport := range []string{"http", "grpc"} {
			t.Run(wrong.name+"/"+transport, func(t *testing.T) {
				s := newServer()
				config := s.overNetwork(t, transport, nil)
				config.URL = strings.Replace(config.URL, "s://", "://", 1)
				wrong.set(s, &config)
				c, err := check(t, config)
				if err == nil || !strings.Contains(err.Error(), wrong.say) {
					t.Errorf("%v: want it to say %q", err, wrong.say)
				}
				wantReason(t, ask(t.Context(), c, make([]float64, config.Features)), verdict.ModelMissing)
			})
		}
	}
	for say, config := range map[string]Config{
		"scorers.late.url: ":             {URL: "ftp://model"},
		"is not the URL of a server":     {URL: "model:8080"},
		"holds a user":                   {URL: "http://me:secret@model"},
		"has a query":                    {URL: "http://model?x=1"},
		"host and port":                  {URL: "grpc://model"},
		"nothing after it":               {URL: "grpc://model:1/v2"},
		"scorers.late.model: ":           {URL: "http://model"},
		"scorers.late.features: ":        {URL: "http://model", Model: "late"},
		"scorers.late.timeout: 1ms":      {URL: "http://model", Model: "late", Features: 4, Timeout: time.Millisecond},
		"write https://":                 {URL: "http://model", Model: "late", Features: 4, CAFile: ca},
		"scorers.late.ca_file: open":     {URL: "https://model", Model: "late", Features: 4, CAFile: ca + ".gone"},
		"scorers.late.token_file: open":  {URL: "https://model", Model: "late", Features: 4, TokenFile: ca + ".gone"},
		"must hold one token":            {URL: "https://model", Model: "late", Features: 4, TokenFile: ca},
		"ca_file: there is no certifica": {URL: "grpcs://model:1", Model: "late", Features: 4, CAFile: write(t, []byte("text"))},
	} {
		config.Section = "scorers.late"
		_, err := Open(config, slog.New(slog.DiscardHandler))
		wantMistake(t, err, say)
		if strings.Contains(err.Error(), "secret") {
			t.Errorf("%v: it shows the password", err)
		}
	}
}

// A reset of the real network: the callers under way have a reason, and those after it scores again.
func TestResetOverNetwork(t *testing.T) {
	for _, transport := range []string{"http", "grpc"} {
		t.Run(transport, func(t *testing.T) {
			s := newServer()
			config := s.overNetwork(t, transport, nil)
			config.URL = strings.Replace(config.URL, "s://", "://", 1)
			c, err := check(t, config)
			if err != nil {
				t.Fatal(err)
			}
			rows := rowsOf(10)
			s.mood.Store(reset)
			wantReason(t, ask(t.Context(), c, rows), verdict.Timeout)
			s.mood.Store(well)
			for deadline := time.Now().Add(time.Minute); ; {
				replies := ask(t.Context(), c, rows)
				if replies[0].Reason == "" {
					wantScores(t, rows, replies)
					return
				}
				if time.Now().After(deadline) {
					t.Fatalf("no scores a minute after the reset: %+v", replies[0])
				}
			}
		})
	}
}
