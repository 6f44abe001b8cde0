package oip

import (
	"context"
	"net"
	"net/url"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"andon/pipeline/wire"
	"andon/schemas/verdict"
)

// The methods we call.
const (
	methodMetadata = "/inference.GRPCInferenceService/ModelMetadata"
	methodInfer    = "/inference.GRPCInferenceService/ModelInfer"
)

// grpcCaller speaks the protocol over gRPC.
type grpcCaller struct {
	conn   *grpc.ClientConn
	config *Config
	token  *token
	dialed *dialed
}

func newGRPC(c *Config, u *url.URL, dial wire.Dial, t *token) (*grpcCaller, error) {
	d := &dialed{dial: dial}
	conn, err := grpc.NewClient("passthrough:///"+u.Host,
		grpc.WithContextDialer(d.connect), grpc.WithNoProxy(), grpc.WithDisableServiceConfig(),
		grpc.WithTransportCredentials(byWire{tls: u.Scheme == "grpcs"}),
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: 100 * time.Millisecond, Multiplier: 2, Jitter: 0.2, MaxDelay: 5 * time.Second},
			MinConnectTimeout: 5 * time.Second,
		}),
		grpc.WithDefaultCallOptions(grpc.ForceCodecV2(verbatim{}), grpc.MaxCallRecvMsgSize(answerBytes)))
	if err != nil {
		return nil, c.mistake("url", "%s: %w", c.URL, err)
	}
	return &grpcCaller{conn, c, t, d}, nil
}

func (g *grpcCaller) describe(ctx context.Context) (description, error) {
	got, err := g.invoke(ctx, methodMetadata, appendDescribe(nil, g.config))
	if err != nil {
		return description{}, err
	}
	return parseDescription(got)
}

func (g *grpcCaller) infer(ctx context.Context, d *description, rows []float64, n int) (answer, error) {
	got, err := g.invoke(ctx, methodInfer, appendInfer(make([]byte, 0, 256+8*len(rows)), g.config, d.input(), rows, n))
	if err != nil {
		return answer{}, err
	}
	return parseAnswer(got)
}

func (g *grpcCaller) close() error { return g.conn.Close() }

func (g *grpcCaller) invoke(ctx context.Context, method string, message []byte) ([]byte, error) {
	if bearer := g.token.authorization(); bearer != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, "authorization", bearer)
	}
	var got []byte
	err := g.conn.Invoke(ctx, method, message, &got)
	if err == nil {
		return got, nil
	}
	switch status.Code(err) {
	case codes.NotFound, codes.Unimplemented:
		return nil, &failure{verdict.ModelMissing, err}
	case codes.Unauthenticated, codes.PermissionDenied:
		return nil, g.token.refused(err)
	case codes.Unavailable, codes.DeadlineExceeded:
		if mistake := g.dialed.mistake.Load(); mistake != nil {
			return nil, mistake
		}
		return nil, &failure{verdict.Timeout, err}
	case codes.Canceled, codes.ResourceExhausted, codes.Aborted:
		return nil, &failure{verdict.Timeout, err}
	default:
		return nil, &failure{verdict.BadOutput, err}
	}
}

// dialed connects, and keeps what gRPC makes a text of: the mistake because of which there is no connection.
type dialed struct {
	dial    wire.Dial
	mistake atomic.Pointer[wire.Error]
}

func (d *dialed) connect(ctx context.Context, addr string) (net.Conn, error) {
	conn, err := d.dial(ctx, "tcp", addr)
	d.mistake.Store(mistakeIn(err))
	return conn, err
}

// byWire tells gRPC what its connections are: wire has done the handshake, if there is one, before gRPC sees them.
type byWire struct{ tls bool }

// secured is what is known of a connection.
type secured struct{ credentials.CommonAuthInfo }

// AuthType implements credentials.AuthInfo.
func (secured) AuthType() string { return "wire" }

// ClientHandshake implements credentials.TransportCredentials.
func (w byWire) ClientHandshake(_ context.Context, _ string, conn net.Conn) (net.Conn, credentials.AuthInfo, error) {
	level := credentials.NoSecurity
	if w.tls {
		level = credentials.PrivacyAndIntegrity
	}
	return conn, secured{credentials.CommonAuthInfo{SecurityLevel: level}}, nil
}

// ServerHandshake implements credentials.TransportCredentials; we are no server.
func (byWire) ServerHandshake(net.Conn) (net.Conn, credentials.AuthInfo, error) {
	return nil, nil, net.ErrClosed
}

// Info implements credentials.TransportCredentials.
func (w byWire) Info() credentials.ProtocolInfo {
	if w.tls {
		return credentials.ProtocolInfo{SecurityProtocol: "tls"} // the scheme gRPC calls by is https then
	}
	return credentials.ProtocolInfo{SecurityProtocol: "insecure"}
}

// Clone implements credentials.TransportCredentials.
func (w byWire) Clone() credentials.TransportCredentials { return w }

// OverrideServerName implements credentials.TransportCredentials; the name is wire's.
func (byWire) OverrideServerName(string) error { return nil }

// verbatim is the codec of messages that are encoded already.
type verbatim struct{}

// Marshal implements encoding.CodecV2 for a []byte.
func (verbatim) Marshal(v any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer(v.([]byte))}, nil
}

// Unmarshal implements encoding.CodecV2 for a *[]byte, which it gives a copy.
func (verbatim) Unmarshal(data mem.BufferSlice, v any) error {
	*v.(*[]byte) = data.Materialize()
	return nil
}

// Name implements encoding.CodecV2: what is encoded is protobuf.
func (verbatim) Name() string { return "proto" }
