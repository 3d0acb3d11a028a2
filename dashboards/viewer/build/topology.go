package main

import (
	"encoding/json"
	"fmt"
	"os"
)

// point is a longitude and a latitude, in degrees.
type point [2]float64

// topology is a TopoJSON file: lines that neighbours share are told once, as arcs, in steps on a grid.
type topology struct {
	Transform struct{ Scale, Translate [2]float64 }
	Arcs      [][][2]float64
	Objects   struct {
		Countries struct{ Geometries []geometry }
	}
}

// geometry is one country.
type geometry struct {
	Type       string
	ID         string
	Properties struct{ Name string }
	Arcs       json.RawMessage
}

func readTopology(file string) (*topology, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the map (npm ci brings it): %w", err)
	}
	var t topology
	if err := json.Unmarshal(text, &t); err != nil {
		return nil, fmt.Errorf("read the map: %w", err)
	}
	return &t, nil
}

// rings are the outlines of a country, holes among them: drawn with the even-odd rule it does not matter which is which.
func (t *topology) rings(g geometry) ([][]point, error) {
	var polygons [][][]int
	switch g.Type {
	case "Polygon":
		polygons = make([][][]int, 1)
		if err := json.Unmarshal(g.Arcs, &polygons[0]); err != nil {
			return nil, fmt.Errorf("outline of %s: %w", g.Properties.Name, err)
		}
	case "MultiPolygon":
		if err := json.Unmarshal(g.Arcs, &polygons); err != nil {
			return nil, fmt.Errorf("outline of %s: %w", g.Properties.Name, err)
		}
	default:
		return nil, fmt.Errorf("outline of %s: a %s has none", g.Properties.Name, g.Type)
	}
	var rings [][]point
	for _, polygon := range polygons {
		for _, indices := range polygon {
			rings = append(rings, t.ring(indices))
		}
	}
	return rings, nil
}

// ring joins arcs to a line whose longitudes run on over the edge of the map, so that it has no jumps.
func (t *topology) ring(indices []int) []point {
	var ring []point
	for _, index := range indices {
		arc := t.arc(index)
		if len(ring) > 0 {
			arc = arc[1:] // where the one before it ended
		}
		ring = append(ring, arc...)
	}
	for i := 1; i < len(ring); i++ {
		for ring[i][0]-ring[i-1][0] > 180 {
			ring[i][0] -= 360
		}
		for ring[i][0]-ring[i-1][0] < -180 {
			ring[i][0] += 360
		}
	}
	return ring
}

// arc is the arc of that index, or, of a negative one, the arc ^index walked backwards.
func (t *topology) arc(index int) []point {
	backwards := index < 0
	if backwards {
		index = ^index
	}
	points := make([]point, len(t.Arcs[index]))
	var x, y float64
	for i, step := range t.Arcs[index] {
		x, y = x+step[0], y+step[1]
		at := i
		if backwards {
			at = len(points) - 1 - i
		}
		points[at] = point{x*t.Transform.Scale[0] + t.Transform.Translate[0], y*t.Transform.Scale[1] + t.Transform.Translate[1]}
	}
	return points
}
