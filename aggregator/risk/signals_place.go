package risk

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"mayak/schema/geoip"
)

func knownBad(f *Facts) found {
	for _, l := range f.Lists {
		if l.Kind == Bad {
			return found{1, "list " + l.Name}
		}
	}
	return found{}
}

func torExit(f *Facts) found {
	for _, l := range f.Lists {
		if l.Kind == Tor {
			return found{1, "list " + l.Name}
		}
	}
	return found{}
}

func hostingNetwork(f *Facts) found {
	if f.Place.NetworkKind != geoip.Hosting {
		return found{}
	}
	return found{1, f.Place.Organisation}
}

// veiled is what a clock and a country that are not the address's say where a data centre is known already: that there is a VPN, once more.
const veiled = 0.3

// hostingLanguage leaves English out: it is spoken at most data centres and by most programs.
func hostingLanguage(f *Facts) found {
	if f.Place.NetworkKind != geoip.Hosting || f.Browser.Language == "" || primary(f.Browser.Language) == "en" || speaks(f.Place.Country, f.Browser.Language) != no {
		return found{}
	}
	return found{1, fmt.Sprintf("%s in %s", primary(f.Browser.Language), f.Place.Country)}
}

// languageMismatch leaves data centres to hostingLanguage.
func languageMismatch(f *Facts) found {
	if f.Place.NetworkKind == geoip.Hosting || f.Browser.Language == "" || speaks(f.Place.Country, f.Browser.Language) != no {
		return found{}
	}
	return found{1, fmt.Sprintf("%s in %s", primary(f.Browser.Language), f.Place.Country)}
}

// zoneMismatch compares clocks, not names: many zones have the same clock. An hour may be a summer time that a telephone missed. Where a
// traveller has not set the clock yet, the id was seen elsewhere before, and what is left is half.
func zoneMismatch(f *Facts) found {
	hours, ok := hoursApart(f.Browser.TimeZone, f.Place.Country, f.Now)
	if !ok || hours < 1 {
		return found{}
	}
	strength := 1.0
	switch {
	case hours < 2:
		strength = 0.3
	case hours < 3:
		strength = 0.8
	}
	switch f.Place.NetworkKind {
	case geoip.Mobile:
		strength *= 0.3 // a telephone abroad goes through its home network
	case geoip.Hosting:
		strength *= veiled
	}
	return found{strength, fmt.Sprintf("%.0f hours apart", hours)}
}

func declaredMismatch(f *Facts) found {
	if f.Declared == "" || f.Place.Country == "" || strings.EqualFold(f.Declared, f.Place.Country) {
		return found{}
	}
	strength := 1.0
	if f.Place.NetworkKind == geoip.Hosting {
		strength = veiled
	}
	return found{strength, fmt.Sprintf("%s declared, the address is in %s", strings.ToUpper(f.Declared), f.Place.Country)}
}

const (
	fastest  = 1000 // km/h, with the way to the airport left out
	farApart = 400  // km; nearer, databases of places err
)

// impossibleTravel looks at each step of the trail and keeps the worst.
func impossibleTravel(f *Facts) found {
	var worst found
	for i := 1; i < len(f.Trail); i++ {
		if step := travelled(&f.Trail[i-1], &f.Trail[i]); step.strength > worst.strength {
			worst = step
		}
	}
	return worst
}

func travelled(from, to *Position) found {
	distance, ok := apart(&from.Place, &to.Place)
	if !ok || distance < farApart {
		return found{}
	}
	hours := max(to.At.Sub(from.At).Hours(), time.Minute.Hours())
	speed := distance / hours
	if speed < fastest {
		return found{}
	}
	strength := 1.0
	switch kinds := []string{from.Place.NetworkKind, to.Place.NetworkKind}; {
	case slices.Contains(kinds, geoip.Mobile) && !slices.Contains(kinds, geoip.Hosting):
		strength = 0.1 // abroad, a telephone goes through home and the hotel's network does not
	case slices.Contains(kinds, geoip.Hosting):
		strength = 0.5 // a VPN that was switched on, which is told by itself
	}
	return found{strength, fmt.Sprintf("%.0f km in %.1f hours", math.Round(distance/50)*50, hours)}
}

// apart is how far two places are from each other at least, in kilometres.
func apart(a, b *geoip.Location) (km float64, ok bool) {
	if a.AccuracyKM > 0 && b.AccuracyKM > 0 {
		return max(0, greatCircle(point{a.Latitude, a.Longitude}, point{b.Latitude, b.Longitude})-float64(a.AccuracyKM)-float64(b.AccuracyKM)), true
	}
	if a.Country == b.Country {
		return 0, false
	}
	return countriesApart(a.Country, b.Country)
}

// point is in degrees.
type point struct{ latitude, longitude float64 }

const earthRadius = 6371 // km

// greatCircle is the shortest way over the ground, in kilometres.
func greatCircle(a, b point) float64 {
	const degree = math.Pi / 180
	dLat, dLon := (b.latitude-a.latitude)*degree, (b.longitude-a.longitude)*degree
	h := math.Pow(math.Sin(dLat/2), 2) + math.Cos(a.latitude*degree)*math.Cos(b.latitude*degree)*math.Pow(math.Sin(dLon/2), 2)
	return 2 * earthRadius * math.Asin(math.Min(1, math.Sqrt(h)))
}
