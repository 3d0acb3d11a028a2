// Package client sends events to a collector's /api/events from a server.
//
// Events wait in a bounded queue, travel in batches, packed, and are sent again until the collector has them on disk: after no
// answer, and after every answer that is not the collector's last word, as a proxy's 403 or 404 or a redirect, with growing pauses, or after as
// long as it asks for. Each has an id and a time, so that one that is sent twice counts once. A full queue makes Send wait or refuse, as is
// chosen. What the collector rejects is told and not sent again; each try that did not succeed is told, and what was not sent when Run ends.
// New starts nothing: Run sends until Close has been called and the queue is empty, or its context ends, or the key has not been known for long.
package client

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"
)

// Event is one event; the collector's /api/openapi.json says what each key means. ID and Time are filled in when they are missing.
type Event struct {
	Type  string     `json:"type,omitempty"`
	URL   string     `json:"url,omitempty"`
	ID    string     `json:"id,omitempty"`
	Time  *time.Time `json:"ts,omitempty"`
	Page  string     `json:"page,omitempty"`
	Title string     `json:"title,omitempty"`

	IP        string `json:"ip,omitempty"`
	UserAgent string `json:"user_agent,omitempty"`
	Consent   string `json:"consent,omitempty"`
	Referrer  string `json:"referrer,omitempty"`
	Language  string `json:"lang,omitempty"`
	TimeZone  string `json:"tz,omitempty"`
	Screen    string `json:"screen,omitempty"`
	Viewport  string `json:"viewport,omitempty"`

	Name      string         `json:"name,omitempty"`
	Props     map[string]any `json:"props,omitempty"` // strings, numbers and booleans
	Value     *float64       `json:"value,omitempty"`
	Currency  string         `json:"currency,omitempty"`
	EngagedMS float64        `json:"engaged_ms,omitempty"`
	Scroll    float64        `json:"scroll,omitempty"`

	Vitals map[string]float64 `json:"vitals,omitempty"`
	Error  *Fault             `json:"error,omitempty"`

	App         string `json:"app,omitempty"`
	AppVersion  string `json:"app_version,omitempty"`
	OS          string `json:"os,omitempty"`
	OSVersion   string `json:"os_version,omitempty"`
	DeviceModel string `json:"device_model,omitempty"`
	ScreenName  string `json:"screen_name,omitempty"`
	DeviceID    string `json:"device_id,omitempty"`
}

// Fault is an error of a program, which the collector scrubs.
type Fault struct {
	Message string `json:"message,omitempty"`
	Source  string `json:"source,omitempty"`
	Line    int    `json:"line,omitempty"`
	Column  int    `json:"column,omitempty"`
	Stack   string `json:"stack,omitempty"`
	Kind    string `json:"kind,omitempty"`
}

// Options say where to and how. A zero field takes its default.
type Options struct {
	URL string // of the collector, as https://stats.example.org
	Key string // of the site, as collector keys create prints it

	Queue    int           // events that may wait (10,000)
	Refuse   bool          // Send returns ErrFull when the queue is full; otherwise it waits
	Batch    int           // events of one request (500)
	Linger   time.Duration // how long a lone event waits for company (1 s)
	Patience time.Duration // the longest pause before sending again (30 s)

	KeyPatience time.Duration // how long a key that the collector does not know is tried again: it may have been made only now (1 min)

	HTTP *http.Client // with a timeout of its own (30 s); redirects are not followed, they would lose what is sent

	// Each is called by Run, and may be left out.
	Rejected func(event []byte, why string)       // is told what the collector will never take
	Failed   func(why error, again time.Duration) // is told of a try that did not succeed, and when the next one is
	Unsent   func(event []byte)                   // is given what is not sent when Run ends, to keep it
}

// What Send returns.
var (
	ErrFull   = errors.New("the queue is full")
	ErrClosed = errors.New("the client is closed, or sends no more")
)

// ErrKey is what Run returns when the collector does not know the key.
var ErrKey = errors.New("the collector does not take the key")

// Stats count events, and the tries that did not succeed.
type Stats struct{ Accepted, Rejected, Unsent, Retries uint64 }

// Client is safe for concurrent use.
type Client struct {
	options  Options
	endpoint string
	queue    chan []byte
	closing  chan struct{} // closed by Close
	stopped  chan struct{} // closed when Run sends no more
	ended    chan struct{} // closed when Run returns
	failed   error         // what it returned; to be read when it has
	close    sync.Once
	senders  sync.RWMutex // held for reading while something is put into the queue

	accepted, rejected, unsent, retries atomic.Uint64
}

// maxEventBytes is what the collector takes of one.
const maxEventBytes = 64 << 10

// New makes a Client that sends nothing yet.
func New(o Options) (*Client, error) {
	base, err := url.Parse(o.URL)
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" {
		return nil, errors.New("client: URL: want one like https://stats.example.org")
	}
	if o.Key == "" {
		return nil, errors.New("client: Key: missing")
	}
	o.Queue, o.Batch = or(o.Queue, 10_000), or(o.Batch, 500)
	o.Linger, o.Patience = or(o.Linger, time.Second), or(o.Patience, 30*time.Second)
	o.KeyPatience = or(o.KeyPatience, time.Minute)
	o.setDefaults()
	return &Client{
		options: o, endpoint: base.JoinPath("api", "events").String(),
		queue: make(chan []byte, o.Queue), closing: make(chan struct{}), stopped: make(chan struct{}), ended: make(chan struct{}),
	}, nil
}

func (o *Options) setDefaults() {
	sending := http.Client{Timeout: 30 * time.Second}
	if o.HTTP != nil {
		sending = *o.HTTP
	}
	sending.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	o.HTTP = &sending
	if o.Rejected == nil {
		o.Rejected = func([]byte, string) {}
	}
	if o.Failed == nil {
		o.Failed = func(error, time.Duration) {}
	}
	if o.Unsent == nil {
		o.Unsent = func([]byte) {}
	}
}

func or[T int | time.Duration](value, otherwise T) T {
	if value > 0 {
		return value
	}
	return otherwise
}

// Send queues an event. A nil error means that it will be sent as long as Run goes on, not that it has been.
func (c *Client) Send(ctx context.Context, e Event) error {
	if e.ID == "" {
		e.ID = newID()
	}
	if e.Time == nil {
		now := time.Now()
		e.Time = &now
	}
	text, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("encode an event: %w", err)
	}
	if len(text) > maxEventBytes {
		return fmt.Errorf("an event of %d bytes: want at most %d", len(text), maxEventBytes)
	}
	return c.put(ctx, text)
}

func (c *Client) put(ctx context.Context, text []byte) error {
	c.senders.RLock()
	defer c.senders.RUnlock()
	select {
	case <-c.closing:
		return ErrClosed
	case <-c.stopped:
		return ErrClosed
	default:
	}
	select {
	case c.queue <- text:
		return nil
	default:
	}
	if c.options.Refuse {
		return ErrFull
	}
	select {
	case c.queue <- text:
		return nil
	case <-c.closing:
		return ErrClosed
	case <-c.stopped:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close takes no more events, and waits until Run has sent what is queued, or until ctx ends. Its error tells that not all of them are.
func (c *Client) Close(ctx context.Context) error {
	c.close.Do(func() {
		close(c.closing)
		c.senders.Lock() // whoever waited for room has seen it
		close(c.queue)
		c.senders.Unlock()
	})
	select {
	case <-c.ended:
	case <-ctx.Done():
		return fmt.Errorf("%d events are not sent: %w", len(c.queue), ctx.Err())
	}
	return c.failed
}

// Stats are the numbers so far.
func (c *Client) Stats() Stats {
	return Stats{Accepted: c.accepted.Load(), Rejected: c.rejected.Load(), Unsent: c.unsent.Load(), Retries: c.retries.Load()}
}

func newID() string {
	var chance [12]byte
	_, _ = rand.Read(chance[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(chance[:])
}
