package diagnose

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// Hook is somewhere that incidents are posted to. Its address may hold a secret: it is in no log and no error.
type Hook struct {
	Kind    string // json, slack or telegram
	address *url.URL
}

// HookKinds are the forms that a message can have.
func HookKinds() []string { return []string{"json", "slack", "telegram"} }

// ParseHooks reads KIND=ADDRESS, divided by blanks or lines. An error names the place and not the address.
func ParseHooks(given string) ([]Hook, error) {
	var hooks []Hook
	var problems []error
	for i, one := range strings.Fields(given) {
		kind, address, _ := strings.Cut(one, "=")
		parsed, err := url.Parse(address)
		switch {
		case !slices.Contains(HookKinds(), kind):
			problems = append(problems, fmt.Errorf("webhook %d: want KIND=ADDRESS with a kind of %s", i+1, strings.Join(HookKinds(), ", ")))
		case err != nil || parsed.Host == "" || parsed.Scheme != "https" && parsed.Scheme != "http":
			problems = append(problems, fmt.Errorf("webhook %d: its address is none: want https://host/path", i+1))
		case kind == "telegram" && parsed.Query().Get("chat_id") == "":
			problems = append(problems, fmt.Errorf("webhook %d: want https://api.telegram.org/botTOKEN/sendMessage?chat_id=CHAT", i+1))
		default:
			hooks = append(hooks, Hook{Kind: kind, address: parsed})
		}
	}
	return hooks, errors.Join(problems...)
}

// message is what a hook of its kind understands.
func (h *Hook) message(i *Incident) any {
	mark := "🔴"
	if i.State == StateClosed {
		mark = "🟢"
	}
	line := fmt.Sprintf("%s %s: %s", mark, i.Site, i.Text)
	switch h.Kind {
	case "slack":
		return map[string]string{"text": strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(line)}
	case "telegram":
		return map[string]string{"chat_id": h.address.Query().Get("chat_id"), "text": line}
	}
	return struct {
		Event    string    `json:"event"`
		Incident *Incident `json:"incident"`
	}{"incident_" + i.State, i}
}

const (
	postTimeout = 10 * time.Second
	postTries   = 4
	// givenUp is how old an incident may be for a webhook still to be told of it.
	givenUp = 24 * time.Hour
	// orphaned is how long an aggregator has for telling of what it found, before another one does.
	orphaned = 5 * time.Minute

	outcomeSent    = "sent"
	outcomeFailed  = "failed"
	outcomeGivenUp = "given_up"
)

// post sends one message, a few times if it has to.
func (d *Diagnosis) post(ctx context.Context, h *Hook, i *Incident) error {
	body, err := json.Marshal(h.message(i))
	if err != nil {
		return fmt.Errorf("word incident %s: %w", i.ID, err)
	}
	_, err = backoff.Retry(ctx, func() (struct{}, error) { return struct{}{}, d.postOnce(ctx, h, body) },
		backoff.WithMaxTries(postTries), backoff.WithBackOff(&backoff.ExponentialBackOff{
			InitialInterval: d.o.Settle, RandomizationFactor: 0.3, Multiplier: 2, MaxInterval: time.Minute,
		}))
	return err
}

func (d *Diagnosis) postOnce(ctx context.Context, h *Hook, body []byte) error {
	ctx, cancel := context.WithTimeout(ctx, postTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, h.address.String(), bytes.NewReader(body))
	if err != nil {
		return backoff.Permanent(errors.New("the address cannot be asked"))
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "mayak")
	answer, err := d.client.Do(request)
	if err != nil {
		return fmt.Errorf("post: %w", without(err))
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 64<<10)) // so that the connection can serve again
	switch {
	case answer.StatusCode < 300:
		return nil
	case answer.StatusCode == http.StatusTooManyRequests || answer.StatusCode >= 500:
		return fmt.Errorf("post: answered %d", answer.StatusCode)
	}
	return backoff.Permanent(fmt.Errorf("post: answered %d", answer.StatusCode))
}

// without takes the address out of an error of the HTTP client.
func without(err error) error {
	var told *url.Error
	if errors.As(err, &told) {
		return told.Err
	}
	return err
}

// Tell posts what the webhooks do not know yet. A hook may hear the same twice after an aggregator was killed, and never nothing.
func (d *Diagnosis) Tell(ctx context.Context) (uint64, error) {
	if len(d.o.Hooks) == 0 {
		return 0, nil
	}
	since := moment(d.o.Now().Add(-givenUp))
	waiting, err := d.lines(ctx, fmt.Sprintf("(state = '%s' AND told < %d OR state = '%s' AND told < %d AND closed >= %s) AND opened >= %s - INTERVAL 30 DAY",
		StateOpen, toldOpened, StateClosed, toldClosed, since, since), usualLimit)
	if err != nil {
		return 0, err
	}
	var done uint64
	var problems []error
	for _, l := range waiting {
		last := l.Opened
		if l.State == StateClosed {
			last = l.Closed
		}
		if l.writer != d.name && d.o.Now().Sub(last) < orphaned {
			continue
		}
		n, err := d.tell(ctx, l)
		done += n
		problems = append(problems, err)
	}
	return done, errors.Join(problems...)
}

// tell posts one incident to every hook that has not heard of its state from this process.
func (d *Diagnosis) tell(ctx context.Context, l *line) (done uint64, err error) {
	var problems []error
	for i := range d.o.Hooks {
		h := &d.o.Hooks[i]
		key := fmt.Sprint(i, l.ID, l.State)
		if d.heard[key] {
			continue
		}
		if err := d.post(ctx, h, &l.Incident); err != nil {
			outcome := outcomeFailed
			if d.o.Now().Sub(l.Opened) > givenUp {
				outcome = outcomeGivenUp
				d.heard[key] = true
			}
			d.metrics.posts.WithLabelValues(h.Kind, outcome).Inc()
			problems = append(problems, fmt.Errorf("webhook %d (%s), incident %s: %w", i+1, h.Kind, l.ID, err))
			continue
		}
		d.heard[key] = true
		d.metrics.posts.WithLabelValues(h.Kind, outcomeSent).Inc()
		done++
	}
	if len(problems) > 0 {
		return done, errors.Join(problems...)
	}
	return done, d.noteTold(ctx, l)
}

// noteTold writes down that every hook knows, in the line's newest state: it may have been closed meanwhile.
func (d *Diagnosis) noteTold(ctx context.Context, l *line) error {
	newest, err := d.lines(ctx, "incident = "+text(l.ID), 1)
	if err != nil || len(newest) == 0 {
		return err
	}
	newest[0].told = toldOpened
	if l.State == StateClosed {
		newest[0].told = toldClosed
		for i := range d.o.Hooks {
			delete(d.heard, fmt.Sprint(i, l.ID, StateOpen))
			delete(d.heard, fmt.Sprint(i, l.ID, StateClosed))
		}
	}
	return d.write(ctx, newest[0])
}
