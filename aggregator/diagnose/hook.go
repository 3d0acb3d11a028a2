package diagnose

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
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

// fingerprint names the hook in the database, where nobody reads its address.
func (h *Hook) fingerprint() string {
	sum := sha256.Sum256([]byte(h.Kind + "\x00" + h.address.String()))
	return hex.EncodeToString(sum[:8])
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

const postTimeout = 10 * time.Second

// post sends one message, once.
func (d *Diagnosis) post(ctx context.Context, h *Hook, i *Incident) error {
	body, err := json.Marshal(h.message(i))
	if err != nil {
		return fmt.Errorf("word incident %s: %w", i.ID, err)
	}
	ctx, cancel := context.WithTimeout(ctx, postTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, h.address.String(), bytes.NewReader(body))
	if err != nil {
		return errors.New("the address cannot be asked")
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "mayak")
	answer, err := d.client.Do(request)
	if err != nil {
		return fmt.Errorf("post: %w", without(err))
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 64<<10)) // so that the connection can serve again
	if answer.StatusCode >= 300 {
		return fmt.Errorf("post: answered %d", answer.StatusCode)
	}
	return nil
}

// without takes the address out of an error of the HTTP client.
func without(err error) error {
	var told *url.Error
	if errors.As(err, &told) {
		return told.Err
	}
	return err
}
