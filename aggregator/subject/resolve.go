package subject

import (
	"context"
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"mayak/schema/consent"
)

// Wanted says who the person is: by one of the four ways.
type Wanted struct {
	Site    string
	Cookie  string // of __Host-mayak-SITE: the whole value or the random part at its end
	Device  string // the id that an app sends
	Receipt string // of a decision on cookies
	Address string // with From and To
	From    time.Time
	To      time.Time
	Choose  []string // of several visitors that an address was of, the aliases of those that are meant; all is "all"
}

// longestRange is how long somebody may have had an address: beyond, it leads to others.
const longestRange = 31 * 24 * time.Hour

// resolve finds the ids behind what a person can tell of themselves.
func (d *Desk) resolve(ctx context.Context, w *Wanted) (*person, error) {
	given := 0
	for _, value := range []string{w.Cookie, w.Device, w.Receipt, w.Address} {
		if value != "" {
			given++
		}
	}
	if given != 1 {
		return nil, mistake("say who it is by one of cookie, device, receipt, or address with from and to; %d are given", given)
	}
	if err := d.checkSite(ctx, w.Site); err != nil {
		return nil, err
	}
	p := newPerson(w.Site)
	switch {
	case w.Cookie != "":
		return p, d.byCookie(w, p)
	case w.Device != "":
		return p, d.byDevice(w, p)
	case w.Receipt != "":
		return p, d.byReceipt(ctx, w, p)
	}
	return p, d.byAddress(ctx, w, p)
}

// checkSite refuses a site of which nothing is known.
func (d *Desk) checkSite(ctx context.Context, site string) error {
	var known []string
	err := d.o.Conn.QueryRow(ctx, "SELECT arraySort(groupUniqArray(id)) FROM (SELECT id FROM sites UNION DISTINCT SELECT DISTINCT site FROM window_changes)").Scan(&known)
	if err != nil {
		return fmt.Errorf("ask for sites: %w", err)
	}
	if !slices.Contains(known, site) {
		return missing("site %.64q does not exist; there are %s", site, strings.Join(known, ", "))
	}
	return nil
}

func (d *Desk) byCookie(w *Wanted, p *person) error {
	id, ok := consent.ParseID(w.Cookie[strings.LastIndexByte(w.Cookie, '.')+1:])
	if !ok {
		return mistake("the cookie holds no id: want the value of __Host-mayak-%s, which ends with 22 letters and digits after a dot; a cookie that says refused names nobody", w.Site)
	}
	key, err := d.o.Key()
	if err != nil {
		return err
	}
	p.Visitors = []uint64{key.Consented(w.Site, id)}
	return nil
}

func (d *Desk) byDevice(w *Wanted, p *person) error {
	if len(w.Device) > 256 {
		return mistake("the device id is too long: want what the app sends as device_id, at most 256 bytes")
	}
	key, err := d.o.Key()
	if err != nil {
		return err
	}
	p.Visitors = []uint64{key.Device(w.Site, w.Device)}
	return nil
}

func (d *Desk) byReceipt(ctx context.Context, w *Wanted, p *person) error {
	var visitors []uint64
	var rows uint64
	err := d.o.Conn.QueryRow(ctx, "SELECT groupUniqArrayIf(visitor, visitor != 0), count() FROM consents WHERE site = {site:String} AND receipt = {receipt:String}",
		clickhouse.Named("site", w.Site), clickhouse.Named("receipt", w.Receipt)).Scan(&visitors, &rows)
	if err != nil {
		return fmt.Errorf("look for the receipt: %w", err)
	}
	if rows == 0 {
		return missing("no decision at this site has this receipt; it may have been erased, which the list of tickets tells")
	}
	p.Visitors, p.Receipts = visitors, []string{w.Receipt}
	return nil
}

func (d *Desk) byAddress(ctx context.Context, w *Wanted, p *person) error {
	address, err := netip.ParseAddr(w.Address)
	switch {
	case err != nil:
		return mistake("the address cannot be read: want one like 203.0.113.7 or 2001:db8::1")
	case !w.From.Before(w.To) || w.To.Sub(w.From) > longestRange:
		return mistake("an address needs a range of time, from and to, of at most 31 days: others have had it before and after")
	}
	full := netip.AddrFrom16(address.As16()).String()
	err = d.o.Conn.QueryRow(ctx, fmt.Sprintf(`SELECT arraySort(groupUniqArray(visitor)) FROM events
		WHERE site = {site:String} AND visitor != 0 AND ts >= %[1]s AND ts < %[2]s AND id IN (
			SELECT id FROM network_log WHERE site = {site:String} AND ts >= %[1]s AND ts < %[2]s AND address = toIPv6({address:String}))`,
		millis(w.From), millis(w.To)), clickhouse.Named("site", w.Site), clickhouse.Named("address", full)).Scan(&p.Visitors)
	if err != nil {
		return fmt.Errorf("look for the address: %w", err)
	}
	if len(p.Visitors) == 0 {
		return missing("nothing is kept of this address in this range: full addresses are kept for a short time only, and none of who refused")
	}
	return d.choose(w, p)
}

func millis(t time.Time) string {
	return fmt.Sprintf("fromUnixTimestamp64Milli(toInt64(%d), 'UTC')", t.UnixMilli())
}

// choose leaves those who are meant. Without a choice all are left, which is enough to look.
func (d *Desk) choose(w *Wanted, p *person) error {
	if len(w.Choose) == 0 || slices.Equal(w.Choose, []string{"all"}) {
		return nil
	}
	var aliases []string
	byAlias := map[string]uint64{}
	for _, id := range p.Visitors {
		alias, err := d.alias(w.Site, id)
		if err != nil {
			return err
		}
		byAlias[alias] = id
		aliases = append(aliases, alias)
	}
	p.Visitors = nil
	for _, wanted := range w.Choose {
		id, ok := byAlias[wanted]
		if !ok {
			return missing("visitor %.20q is not among those who had this address; there are %s", wanted, strings.Join(aliases, ", "))
		}
		p.Visitors = append(p.Visitors, id)
	}
	return nil
}

// referenceOf is what the holder of a receipt can be told of their ticket by.
func (d *Desk) referenceOf(site, receipt string) (uint64, error) {
	if receipt == "" {
		return 0, nil
	}
	sum, err := d.reference("receipt", site, receipt)
	return binary.LittleEndian.Uint64(sum[:]), err
}

// OfReceipt are the tickets that were opened with a consent receipt, also when nothing else is known of whom they were about.
func (d *Desk) OfReceipt(ctx context.Context, site, receipt string) ([]*Ticket, error) {
	reference, err := d.referenceOf(site, receipt)
	if err != nil {
		return nil, err
	}
	return d.load(ctx, fmt.Sprintf("reference = %d AND reference != 0", reference))
}
