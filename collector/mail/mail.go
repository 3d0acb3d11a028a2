// Package mail makes and reads the links of e-mails: the picture whose fetching tells that an e-mail was opened, and the redirect
// through which a click in it goes.
//
//	/o.gif?site=S&c=CAMPAIGN&m=MESSAGE[&t=SENT][&r=RECIPIENT]&k=SIGNATURE
//	/c?site=S&c=CAMPAIGN&m=MESSAGE[&t=SENT][&r=RECIPIENT]&u=TARGET&k=SIGNATURE
//
// Only who has the site's mail key can make a link, so nobody counts what was never sent, and the redirect leads only where the
// sender said. MESSAGE and RECIPIENT are numbers of the sender's own that tell nobody else anything: an e-mail address is refused. What
// the gate stores of MESSAGE is a keyed hash, of RECIPIENT nothing: it is only looked for among those who do not want to be counted.
// Who fetched the picture is told apart, since most of those who do are machines (see reader), and of machines no place and device is kept.
package mail

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"mayak/schema/visitor"
)

// Kind is what a link counts.
type Kind string

// The kinds.
const (
	Open  Kind = "open"
	Click Kind = "click"
)

// Link is what a link of an e-mail says.
type Link struct {
	Kind      Kind
	Site      string
	Campaign  string
	Message   string // number of the message, of the sender's own
	Recipient string // number of the recipient, of the sender's own; may be empty
	Sent      string // when it was sent, in seconds since 1970; may be empty
	Target    string // where a click leads
}

const (
	maxCampaign = 200
	maxNumber   = 64
	maxTarget   = 2048

	signatureDigits = 32 // 128 bits, which nobody guesses
)

// Key is a site's mail key as text. It is made of the installation's visitor key, so all collectors have the same.
func Key(key *visitor.Key, site string) string {
	secret := key.Derive("mail links of " + site)
	return hex.EncodeToString(secret[:])
}

// Sign is the signature that belongs into the link.
func (l *Link) Sign(key string) string {
	mac := hmac.New(sha256.New, []byte(key))
	_, _ = fmt.Fprintf(mac, "mayak mail 1\n%s\n%s\n%s\n%s\n%s\n%s\n%s", l.Kind, l.Site, l.Campaign, l.Message, l.Recipient, l.Sent, l.Target) // a hash never fails
	return hex.EncodeToString(mac.Sum(nil))[:signatureDigits]
}

// isSignedBy takes the same time whatever the signature is.
func (l *Link) isSignedBy(key, signature string) bool {
	return hmac.Equal([]byte(l.Sign(key)), []byte(signature))
}

// Check tells all that is wrong with a link before it is signed.
func (l *Link) Check() error {
	var problems []error
	if l.Campaign == "" || len(l.Campaign) > maxCampaign || !utf8.ValidString(l.Campaign) || strings.ContainsFunc(l.Campaign, isControl) {
		problems = append(problems, fmt.Errorf("campaign: want 1 to %d bytes of text in one line", maxCampaign))
	}
	if holdsAddress(l.Campaign) || holdsAddress(l.Target) {
		problems = append(problems, errors.New("campaign, target: an e-mail address may stand in neither: links are seen by all that they pass"))
	}
	if !isNumber(l.Message) {
		problems = append(problems, errNumber("message"))
	}
	if l.Recipient != "" && !isNumber(l.Recipient) {
		problems = append(problems, errNumber("recipient"))
	}
	if _, err := strconv.ParseUint(l.Sent, 10, 40); l.Sent != "" && err != nil {
		problems = append(problems, errors.New("sent: want seconds since 1970"))
	}
	switch {
	case l.Kind == Open && l.Target != "":
		problems = append(problems, errors.New("target: the picture leads nowhere"))
	case l.Kind == Click && !isTarget(l.Target):
		problems = append(problems, fmt.Errorf("target: want an address that begins with http:// or https://, of at most %d bytes", maxTarget))
	}
	return errors.Join(problems...)
}

func errNumber(what string) error {
	return fmt.Errorf("%s: want 1 to %d letters, digits, hyphens and underscores, that are no e-mail address and tell nobody else who it is", what, maxNumber)
}

// holdsAddress knows the sign of an e-mail address, escaped or not.
func holdsAddress(text string) bool {
	return strings.Contains(text, "@") || strings.Contains(text, "%40")
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

func isNumber(text string) bool {
	return text != "" && len(text) <= maxNumber && !strings.ContainsFunc(text, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r != '-' && r != '_'
	})
}

func isTarget(text string) bool {
	target, err := url.Parse(text)
	return err == nil && len(text) <= maxTarget && (target.Scheme == "http" || target.Scheme == "https") && target.Hostname() != "" && target.User == nil &&
		!strings.ContainsFunc(text, isControl) && !strings.ContainsAny(text, " \\")
}

// URL is the link on a collector, as https://stats.clinic.example.
func (l *Link) URL(collector, key string) string {
	path := map[Kind]string{Open: "/o.gif", Click: "/c"}[l.Kind]
	query := url.Values{"site": {l.Site}, "c": {l.Campaign}, "m": {l.Message}, "k": {l.Sign(key)}}
	for name, value := range map[string]string{"t": l.Sent, "r": l.Recipient, "u": l.Target} {
		if value != "" {
			query.Set(name, value)
		}
	}
	return strings.TrimSuffix(collector, "/") + path + "?" + query.Encode()
}

// age is how long ago it was sent, if the link says it.
func (l *Link) age(now time.Time) (time.Duration, bool) {
	seconds, err := strconv.ParseInt(l.Sent, 10, 64)
	age := now.Sub(time.Unix(seconds, 0))
	return age, err == nil && age >= 0 // before it was sent, by its sender's clock, nothing follows from it
}
