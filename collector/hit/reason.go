package hit

// Reason is why a hit was dropped. The set is closed: reasons are metric labels and stand in the Mayak-Outcome
// header, where a page author reads them.
type Reason string

// Kept is the reason of a hit that was not dropped.
const Kept Reason = ""

// The reasons, in the order in which a hit meets them.
const (
	Malformed    Reason = "malformed"     // not what the wire format asks for
	TooLarge     Reason = "too_large"     // over the limit of its way in
	Incomplete   Reason = "incomplete"    // an upload that did not come whole; the client may try again
	RateLimited  Reason = "rate_limited"  // too many from one client
	Unauthorized Reason = "unauthorized"  // the key is no site's
	UnknownSite  Reason = "unknown_site"  // no such site in the sites file
	BadSignature Reason = "bad_signature" // nobody who has the site's mail key made this link
	Unsubscribed Reason = "unsubscribed"  // the recipient does not want to be counted
	UnknownHost  Reason = "unknown_host"  // the page's host is not one of the site's
	BadURL       Reason = "bad_url"       // no page can have this address
	UnknownType  Reason = "unknown_type"  // not a type that /e or /r takes
	Prefetch     Reason = "prefetch"      // nobody has looked at the page yet
	Refused      Reason = "refused"       // the visitor refused; only the count of page views is kept
	ReportsOff   Reason = "reports_off"   // the site does not want the browsers' reports
	Duplicate    Reason = "duplicate"     // an event with this id is stored already
	Overloaded   Reason = "overloaded"    // the spool is full; the client may try again
	StorageError Reason = "storage_error" // the disk refused; the client may try again
)

// Reasons lists every reason, so that each has a counter from the start.
func Reasons() []Reason {
	return []Reason{
		Malformed, TooLarge, Incomplete, RateLimited, Unauthorized, UnknownSite, BadSignature, Unsubscribed, UnknownHost, BadURL, UnknownType, Prefetch, Refused, ReportsOff,
		Duplicate, Overloaded, StorageError,
	}
}
