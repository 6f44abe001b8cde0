package oip

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"strconv"

	"github.com/segmentio/encoding/json"

	"andon/pipeline/wire"
	"andon/schemas/verdict"
)

// answerBytes bounds what is read of an answer: the scores of 64 rows are a thousandth of it.
const answerBytes = 1 << 20

// headerLength names the header that says how many bytes of a body are JSON; the numbers follow them.
const headerLength = "Inference-Header-Content-Length"

// httpCaller speaks the protocol over HTTP/1.1.
type httpCaller struct {
	client *http.Client
	model  string // its URL
	token  *token
}

func newHTTP(c *Config, u *url.URL, dial wire.Dial, t *token) *httpCaller {
	model := u.JoinPath("v2", "models", url.PathEscape(c.Model))
	if c.Version != "" {
		model = model.JoinPath("versions", url.PathEscape(c.Version))
	}
	return &httpCaller{
		client: &http.Client{
			Transport: &http.Transport{
				DialContext: dial, DialTLSContext: dial, // wire speaks TLS itself
				MaxConnsPerHost: callsMax, MaxIdleConnsPerHost: callsMax, DisableCompression: true,
			},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // rows and token go nowhere else
		},
		model: model.String(),
		token: t,
	}
}

func (h *httpCaller) describe(ctx context.Context) (description, error) {
	var d description
	body, _, err := h.do(ctx, http.MethodGet, h.model, nil, 0)
	if err != nil {
		return d, err
	}
	if err := json.Unmarshal(body, &d); err != nil {
		return d, badOutput("%s: the description of the model: %w", h.model, err)
	}
	return d, nil
}

func (h *httpCaller) infer(ctx context.Context, d *description, rows []float64, n int) (answer, error) {
	in := d.input()
	size := len(rows) * width(in.Datatype)
	body := make([]byte, 0, 256+size)
	body = append(body, `{"inputs":[{"name":`...)
	body, _ = json.Append(body, in.Name, 0) // a string always has a JSON
	body = fmt.Appendf(body, `,"shape":[%d,%d],"datatype":%q,"parameters":{"binary_data_size":%d}}],"parameters":{"binary_data_output":true}}`,
		n, len(rows)/n, in.Datatype, size)
	head := len(body)
	body = appendRows(body, in.Datatype, rows)
	got, header, err := h.do(ctx, http.MethodPost, h.model+"/infer", body, head)
	if err != nil {
		return answer{}, err
	}
	return parseHTTP(header.Get(headerLength), got)
}

// do makes a request and returns the answer's body. head is the bytes of body that are JSON.
func (h *httpCaller) do(ctx context.Context, method, to string, body []byte, head int) ([]byte, http.Header, error) {
	request, err := http.NewRequestWithContext(ctx, method, to, bytes.NewReader(body))
	if err != nil {
		return nil, nil, err
	}
	if head > 0 {
		request.Header.Set("Content-Type", "application/octet-stream")
		request.Header.Set(headerLength, strconv.Itoa(head))
	}
	if bearer := h.token.authorization(); bearer != "" {
		request.Header.Set("Authorization", bearer)
	}
	response, err := h.client.Do(request)
	if err != nil {
		return nil, nil, err
	}
	defer response.Body.Close()
	got, err := io.ReadAll(io.LimitReader(response.Body, answerBytes))
	if err != nil {
		return nil, nil, err
	}
	if response.StatusCode != http.StatusOK {
		return nil, nil, h.refusal(to, response.StatusCode, got)
	}
	return got, response.Header, nil
}

// refusal is the error of an answer that is none.
func (h *httpCaller) refusal(to string, status int, body []byte) error {
	said := fmt.Errorf("%s: HTTP %d: %.200s", to, status, bytes.TrimSpace(body))
	switch status {
	case http.StatusNotFound:
		return &failure{verdict.ModelMissing, said}
	case http.StatusUnauthorized, http.StatusForbidden:
		return h.token.refused(said)
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return &failure{verdict.Timeout, said}
	}
	return badOutput("%w (a server that takes no binary tensors by HTTP, as MLServer, takes them by gRPC)", said)
}

// spoken is a tensor in an answer: its numbers are here, or behind the JSON.
type spoken struct {
	tensor
	Data       []*float64 `json:"data"` // null is NaN, which JSON has not
	Parameters struct {
		Size *int `json:"binary_data_size"`
	} `json:"parameters"`
}

// parseHTTP reads an answer: as many bytes of JSON as header says, all when it says nothing, then the numbers of its tensors. Servers may answer in JSON
// alone though asked for the other.
func parseHTTP(header string, body []byte) (answer, error) {
	head := len(body)
	if header != "" {
		n, err := strconv.Atoi(header)
		if err != nil || n < 0 || n > len(body) {
			return answer{}, badOutput("of %d bytes %q are to be JSON", len(body), header)
		}
		head = n
	}
	var a struct {
		answer
		Outputs []json.RawMessage `json:"outputs"`
	}
	if err := json.Unmarshal(body[:head], &a); err != nil {
		return answer{}, badOutput("the JSON of an answer: %w", err)
	}
	rest := body[head:]
	for _, text := range a.Outputs {
		var o spoken
		if err := json.Unmarshal(text, &o); err != nil && float(o.Datatype) {
			return answer{}, badOutput("the JSON of tensor %s: %w", o.Name, err)
		}
		if size := o.Parameters.Size; size == nil {
			o.raw = o.bytes()
		} else if *size < 0 || *size > len(rest) {
			return answer{}, badOutput("tensor %s is to have %d bytes of the %d that are left", o.Name, *size, len(rest))
		} else {
			o.raw, rest = rest[:*size], rest[*size:]
		}
		a.answer.Outputs = append(a.answer.Outputs, o.tensor)
	}
	return a.answer, nil
}

// bytes are the numbers that are in the JSON, as they would be behind it.
func (o *spoken) bytes() []byte {
	rows := make([]float64, len(o.Data))
	for i, x := range o.Data {
		if rows[i] = math.NaN(); x != nil {
			rows[i] = *x
		}
	}
	return appendRows(nil, o.Datatype, rows)
}

func (h *httpCaller) close() error {
	h.client.CloseIdleConnections()
	return nil
}
