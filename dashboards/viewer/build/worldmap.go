package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
)

// world is map.json: what the viewer draws a map of countries from.
type world struct {
	Width  int               `json:"width"`
	Height int               `json:"height"`
	Shapes map[string]string `json:"shapes"` // SVG paths by ISO 3166-1 alpha-2 code; "" is land of no country in that list
	Points map[string][2]int `json:"points"` // middles of the countries that are too small for a shape
}

// The map spans these degrees of latitude: beyond them nobody lives.
const (
	mapWidth = 2000
	northern = 84.0
	southern = -58.0
)

// worldMap makes map.json of the packages below modules: Natural Earth's countries at 1:110 m, and, of those that are too
// small for that, their middles at 1:50 m.
func worldMap(modules string) ([]byte, error) {
	codes, err := readCodes(filepath.Join(modules, "i18n-iso-countries"))
	if err != nil {
		return nil, err
	}
	made := world{Width: mapWidth, Shapes: map[string]string{}, Points: map[string][2]int{}}
	_, bottom := project(point{0, southern})
	made.Height = int(math.Round(bottom))
	coarse, err := readTopology(filepath.Join(modules, "world-atlas", "countries-110m.json"))
	if err != nil {
		return nil, err
	}
	for _, country := range coarse.Objects.Countries.Geometries {
		code := codes.of(country)
		if code == "AQ" {
			continue
		}
		rings, err := coarse.rings(country)
		if err != nil {
			return nil, err
		}
		made.Shapes[code] += path(rings)
	}
	fine, err := readTopology(filepath.Join(modules, "world-atlas", "countries-50m.json"))
	if err != nil {
		return nil, err
	}
	for _, country := range fine.Objects.Countries.Geometries {
		code := codes.of(country)
		if _, drawn := made.Shapes[code]; drawn || code == "AQ" {
			continue
		}
		rings, err := fine.rings(country)
		if err != nil {
			return nil, err
		}
		x, y := project(middle(rings))
		made.Points[code] = [2]int{int(math.Round(x)), int(math.Round(y))}
	}
	return json.Marshal(made)
}

// countryCodes are ISO 3166-1 codes by number.
type countryCodes map[string]string

func readCodes(dir string) (countryCodes, error) {
	text, err := os.ReadFile(filepath.Join(dir, "codes.json"))
	if err != nil {
		return nil, fmt.Errorf("read the codes of countries (npm ci brings them): %w", err)
	}
	var rows [][]string
	if err := json.Unmarshal(text, &rows); err != nil {
		return nil, fmt.Errorf("read the codes of countries: %w", err)
	}
	codes := countryCodes{}
	for _, row := range rows {
		codes[row[2]] = row[0]
	}
	return codes, nil
}

func (c countryCodes) of(country geometry) string {
	if country.Properties.Name == "Kosovo" { // no number, and a code that only custom has given
		return "XK"
	}
	return c[country.ID]
}

// project is the Equal Earth projection (Šavrič, Patterson and Jenny, 2018): areas can be compared, and it looks familiar.
func project(p point) (x, y float64) {
	plain := func(lambda, phi float64) (float64, float64) {
		const a1, a2, a3, a4 = 1.340264, -0.081106, 0.000893, 0.003796
		theta := math.Asin(math.Sqrt(3) / 2 * math.Sin(phi))
		t2 := theta * theta
		t6 := t2 * t2 * t2
		return 2 * math.Sqrt(3) * lambda * math.Cos(theta) / (3 * (9*a4*t6*t2 + 7*a3*t6 + 3*a2*t2 + a1)), theta * (a4*t6*t2 + a3*t6 + a2*t2 + a1)
	}
	const radians = math.Pi / 180
	edge, _ := plain(math.Pi, 0)
	_, top := plain(0, northern*radians)
	x, y = plain(p[0]*radians, p[1]*radians)
	scale := mapWidth / (2 * edge)
	return (x + edge) * scale, (top - y) * scale
}

// path is the outlines as an SVG path of whole steps. What runs over the map's edge goes on at the other.
func path(rings [][]point) string {
	var text strings.Builder
	for _, ring := range rings {
		for _, shift := range []float64{-360, 0, 360} {
			part := clip(clip(shifted(ring, shift), func(p point) float64 { return p[0] + 180 }), func(p point) float64 { return 180 - p[0] })
			outline(&text, part)
		}
	}
	return text.String()
}

func outline(text *strings.Builder, ring []point) {
	var lastX, lastY, steps int
	for i, p := range ring {
		fx, fy := project(p)
		x, y := int(math.Round(fx)), int(math.Round(fy))
		switch {
		case i == 0:
			fmt.Fprintf(text, "M%d %dl", x, y)
		case x == lastX && y == lastY:
			continue
		default:
			fmt.Fprintf(text, "%d %d ", x-lastX, y-lastY)
			steps++
		}
		lastX, lastY = x, y
	}
	if len(ring) > 0 {
		if steps == 0 {
			text.WriteString("0 0")
		}
		text.WriteString("z")
	}
}

func shifted(ring []point, by float64) []point {
	moved := make([]point, len(ring))
	for i, p := range ring {
		moved[i] = point{p[0] + by, p[1]}
	}
	return moved
}

// clip keeps the part of a ring where inside is not negative (Sutherland and Hodgman).
func clip(ring []point, inside func(point) float64) []point {
	var kept []point
	for i, p := range ring {
		before := ring[(i+len(ring)-1)%len(ring)]
		here, there := inside(p), inside(before)
		if (here < 0) != (there < 0) {
			part := there / (there - here)
			kept = append(kept, point{before[0] + part*(p[0]-before[0]), before[1] + part*(p[1]-before[1])})
		}
		if here >= 0 {
			kept = append(kept, p)
		}
	}
	return kept
}

// middle is that of the box around the longest outline, which is the main island of a small country.
func middle(rings [][]point) point {
	var longest []point
	for _, ring := range rings {
		if len(ring) > len(longest) {
			longest = ring
		}
	}
	low, high := longest[0], longest[0]
	for _, p := range longest {
		for axis := range p {
			low[axis], high[axis] = min(low[axis], p[axis]), max(high[axis], p[axis])
		}
	}
	return point{(low[0] + high[0]) / 2, (low[1] + high[1]) / 2}
}
