package settings

import (
	"fmt"
	"log/slog"
	"math"
	"strconv"
	"strings"
)

// Secret is a setting that is never printed.
type Secret string

const hidden = "***"

// String hides the secret.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return hidden
}

// GoString hides the secret.
func (s Secret) GoString() string { return s.String() }

// LogValue hides the secret.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText hides the secret.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Reveal is the secret itself.
func (s Secret) Reveal() string { return string(s) }

// Bytes is an amount of bytes, as text "10GiB".
type Bytes int64

type unit struct {
	suffix string
	size   Bytes
}

// units are ordered so that a longer suffix comes before the one it ends with.
func units() []unit {
	return []unit{
		{"KiB", 1 << 10},
		{"MiB", 1 << 20},
		{"GiB", 1 << 30},
		{"TiB", 1 << 40},
		{"kB", 1e3},
		{"MB", 1e6},
		{"GB", 1e9},
		{"TB", 1e12},
		{"B", 1},
	}
}

// UnmarshalText reads "512MiB", "10 GiB", "2.5GB" or a plain number of bytes.
func (b *Bytes) UnmarshalText(text []byte) error {
	number, factor := strings.TrimSpace(string(text)), Bytes(1)
	for _, u := range units() {
		if rest, ok := strings.CutSuffix(number, u.suffix); ok {
			number, factor = strings.TrimSpace(rest), u.size
			break
		}
	}
	value, err := strconv.ParseFloat(number, 64)
	if err != nil || value < 0 || value*float64(factor) >= math.MaxInt64 || math.IsNaN(value) {
		return fmt.Errorf("size %q: want a number with KiB, MiB, GiB or TiB", text)
	}
	*b = Bytes(value * float64(factor))
	return nil
}

// String is the amount in the largest binary unit that fits.
func (b Bytes) String() string {
	for _, u := range []unit{{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}} {
		if b >= u.size {
			return strconv.FormatFloat(float64(b)/float64(u.size), 'g', 4, 64) + u.suffix
		}
	}
	return strconv.FormatInt(int64(b), 10) + "B"
}
