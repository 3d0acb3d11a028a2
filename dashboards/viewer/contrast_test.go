package viewer

import (
	"fmt"
	"math"
	"os"
	"regexp"
	"strconv"
	"testing"
)

// What WCAG 2.2 asks at its level AA: of words, and of what a chart is made of.
const (
	wordContrast  = 4.5
	shapeContrast = 3
)

// Words and shapes can be told from what is behind them, in both themes.
func TestColoursCanBeToldFromTheGroundInBothThemes(t *testing.T) {
	styles, colours := source(t, "style.css"), source(t, "colours.ts")
	for theme, block := range map[string]string{
		"light": found(t, styles, `(?s):root \{(.*?)\}`), "dark": found(t, styles, `(?s):root\[data-theme="dark"\] \{(.*?)\}`),
	} {
		variables := map[string]string{}
		for _, pair := range regexp.MustCompile(`--(\w+): (#[0-9a-f]{6})`).FindAllStringSubmatch(block, -1) {
			variables[pair[1]] = pair[2]
		}
		ground, page := variables["ground"], variables["page"]
		for _, name := range []string{"text", "faint", "accent", "good", "bad"} {
			atLeast(t, theme+" words in "+name, variables[name], ground, wordContrast)
			atLeast(t, theme+" words in "+name+" on the page", variables[name], page, wordContrast)
		}
		named := regexp.MustCompile(`(\w+): \{ light: '(#[0-9a-f]{6})', dark: '(#[0-9a-f]{6})' \}`).FindAllStringSubmatch(colours, -1)
		if len(named) < 10 {
			t.Fatalf("%d colours have a name, want 10", len(named))
		}
		for _, name := range named {
			of := map[string]string{"light": name[2], "dark": name[3]}[theme]
			atLeast(t, theme+" values in "+name[1], of, ground, wordContrast)
			atLeast(t, theme+" words over "+name[1], variables["text"], mixed(of, ground, 0.22), wordContrast) // a filled stat, or cell
		}
		series := regexp.MustCompile(`#[0-9a-f]{6}`).FindAllString(found(t, colours, theme+`: \[(.*)\]`), -1)
		if len(series) < 10 {
			t.Fatalf("%d colours for series, want 10", len(series))
		}
		for i, one := range series {
			atLeast(t, fmt.Sprintf("%s series %d", theme, i), one, ground, shapeContrast)
		}
	}
}

func source(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("src/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func found(t *testing.T, text, pattern string) string {
	t.Helper()
	match := regexp.MustCompile(pattern).FindStringSubmatch(text)
	if match == nil {
		t.Fatalf("nothing is like %s", pattern)
	}
	return match[1]
}

func atLeast(t *testing.T, what, colour, behind string, want float64) {
	t.Helper()
	if got := contrast(colour, behind); got < want {
		t.Errorf("%s: %s on %s has the contrast %.2f, want %.1f", what, colour, behind, got, want)
	}
}

// channels are red, green and blue, 0 to 1.
func channels(colour string) (all [3]float64) {
	for i := range all {
		value, _ := strconv.ParseUint(colour[1+2*i:3+2*i], 16, 8) // patterns let nothing else through
		all[i] = float64(value) / 255
	}
	return all
}

// mixed is a part of one colour over another.
func mixed(colour, behind string, part float64) string {
	a, b := channels(colour), channels(behind)
	text := "#"
	for i := range a {
		text += fmt.Sprintf("%02x", int(math.Round(255*(a[i]*part+b[i]*(1-part)))))
	}
	return text
}

// contrast is WCAG's: the lighter's luminance to the darker's.
func contrast(a, b string) float64 {
	first, second := luminance(a), luminance(b)
	return (max(first, second) + 0.05) / (min(first, second) + 0.05)
}

func luminance(colour string) float64 {
	sum := 0.0
	for i, value := range channels(colour) {
		linear := value / 12.92
		if value > 0.04045 {
			linear = math.Pow((value+0.055)/1.055, 2.4)
		}
		sum += linear * [3]float64{0.2126, 0.7152, 0.0722}[i]
	}
	return sum
}
