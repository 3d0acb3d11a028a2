package terminal

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"mayak/aggregator/report"
)

// Unknown is shown for a number that is not known.
const Unknown = "–"

// Format writes a number with its unit.
func Format(n float64, unit report.Unit) string {
	switch {
	case math.IsNaN(n) || math.IsInf(n, 0):
		return Unknown
	case unit == report.Count:
		return grouped(math.Round(n))
	case unit == report.Percent:
		return strconv.FormatFloat(n, 'f', 1, 64) + " %"
	case unit == report.Seconds:
		return duration(n)
	default:
		return grouped(n)
	}
}

// duration shows two units at most: nobody compares the seconds of a day.
func duration(seconds float64) string {
	if math.Abs(seconds) < 10 {
		return strconv.FormatFloat(seconds, 'f', 1, 64) + " s"
	}
	d := time.Duration(math.Round(seconds)) * time.Second
	hours, minutes := int(d.Hours()), int(d.Minutes())%60
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d m %02d s", minutes, int(d.Seconds())%60)
	case hours < 100:
		return fmt.Sprintf("%d h %02d m", hours, minutes)
	default:
		return grouped(math.Round(d.Hours())) + " h"
	}
}

// grouped writes thousands apart, and two digits of a fraction.
func grouped(n float64) string {
	text := strconv.FormatFloat(math.Abs(n), 'f', 2, 64)
	whole, fraction, _ := strings.Cut(text, ".")
	var b strings.Builder
	for i, digit := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(digit)
	}
	if fraction != "00" {
		b.WriteString("." + fraction)
	}
	if n < 0 {
		return "-" + b.String()
	}
	return b.String()
}

// Change is the difference from before to now in per cent of before.
func Change(before, now float64) string {
	switch {
	case math.IsNaN(before) || math.IsNaN(now):
		return ""
	case before == now:
		return "="
	case before == 0:
		return "new"
	}
	percent := math.Round((now - before) / before * 100)
	if percent > 999 {
		return "> ×10"
	}
	return fmt.Sprintf("%+.0f %%", percent)
}

// Sparkline draws numbers as a line of blocks, from 0 to the largest of them.
func Sparkline(numbers []float64) string {
	most := 0.0
	for _, n := range numbers {
		if !math.IsNaN(n) {
			most = max(most, n)
		}
	}
	blocks := []rune("▁▂▃▄▅▆▇█")
	var b strings.Builder
	for _, n := range numbers {
		switch {
		case math.IsNaN(n) || n <= 0 || most == 0:
			b.WriteRune(' ')
		default:
			b.WriteRune(blocks[min(int(n/most*float64(len(blocks))), len(blocks)-1)])
		}
	}
	return b.String()
}

// barWidth is the length of the longest bar.
const barWidth = 30

// Bar draws a number as a bar beside the largest one.
func Bar(n, most float64) string {
	if math.IsNaN(n) || n <= 0 || most == 0 {
		return ""
	}
	eighths := int(math.Round(n / most * barWidth * 8))
	bar := strings.Repeat("█", eighths/8)
	if rest := eighths % 8; rest > 0 {
		bar += string([]rune("▏▎▍▌▋▊▉")[rest-1])
	}
	if bar == "" {
		return "▏"
	}
	return bar
}
