package enrich

import (
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/mssola/useragent"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"mayak/collector/hit"
	"mayak/schema/event"
)

func newTestLookups(tb testing.TB) *Lookups {
	tb.Helper()
	l, err := NewLookups(Options{})
	if err != nil {
		tb.Fatal(err)
	}
	return l
}

func TestAgentNames(t *testing.T) {
	l := newTestLookups(t)
	for _, tt := range []struct {
		name string
		hit  hit.Hit
		want event.Agent
	}{
		{
			"Chrome on Windows, its hints tell that it is 11",
			hit.Hit{
				UserAgent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 Safari/537.36",
				Hints:     hit.Hints{Brands: `"Chromium";v="128", "Not;A=Brand";v="24", "Google Chrome";v="128"`, Platform: `"Windows"`, PlatformVersion: `"15.0.0"`},
			},
			event.Agent{Browser: "Chrome", BrowserVersion: "128.0.0.0", OS: "Windows", OSVersion: "11", Device: "desktop"},
		},
		{
			"Brave hides in the brand list",
			hit.Hit{
				UserAgent: "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 Safari/537.36",
				Hints:     hit.Hints{Brands: `"Chromium";v="128", "Not;A=Brand";v="24", "Brave";v="128"`},
			},
			event.Agent{Browser: "Brave", BrowserVersion: "128", OS: "macOS", Device: "desktop", Brand: "Apple"},
		},
		{
			"a fork that no table has names itself in the brand list",
			hit.Hit{
				UserAgent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 Safari/537.36",
				Hints:     hit.Hints{Brands: `"Not_A Brand";v="99", "Chromium";v="128", "Newcomer";v="3.1"`},
			},
			event.Agent{Browser: "Newcomer", BrowserVersion: "3.1", OS: "Windows", OSVersion: "10", Device: "desktop"},
		},
		{
			"made-up brands name nobody",
			hit.Hit{
				UserAgent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 Safari/537.36",
				Hints:     hit.Hints{Brands: `"(Not(A:Brand";v="99", "Chromium";v="128", "Not A Brand";v="8"`},
			},
			event.Agent{Browser: "Chrome", BrowserVersion: "128.0.0.0", OS: "Windows", OSVersion: "10", Device: "desktop"},
		},
		{
			"Yandex on a television says so at the end",
			hit.Hit{UserAgent: "Mozilla/5.0 (Linux; Android 11; X43B Build/RP1A.200720.011; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/83.0.4103.120 YaBrowser/23.1.0.39 (lite) Safari/537.36 TV"},
			event.Agent{Browser: "Yandex Browser", BrowserVersion: "23.1.0.39", OS: "Android", OSVersion: "11", Device: "tv", Model: "X43B"},
		},
		{
			"Yandex on a tablet says so behind its version, and that it is mobile",
			hit.Hit{UserAgent: "Mozilla/5.0 (Linux; arm; Android 14; QX10) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/118.0.5993.862 YaSearchBrowser/23.111/apad BroPP/1.0 YaSearchApp/23.111/apad webOmni SA/3 Mobile Safari/537.36"},
			event.Agent{Browser: "Yandex Browser", BrowserVersion: "23.111", OS: "Android", OSVersion: "14", Device: "tablet", Model: "QX10", App: "Yandex"},
		},
		{
			"a tablet of HONOR that says Mobile",
			hit.Hit{UserAgent: "Mozilla/5.0 (Linux; Android 14; NDL-W09) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/118.0.0.0 Mobile Safari/537.36"},
			event.Agent{Browser: "Chrome", BrowserVersion: "118.0.0.0", OS: "Android", OSVersion: "14", Device: "tablet", Brand: "HONOR", Model: "NDL-W09"},
		},
		{
			"HarmonyOS on a computer",
			hit.Hit{UserAgent: "Mozilla/5.0 (PC; OpenHarmony 6.1; Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/132.0.0.0 Safari/537.36 ArkWeb/6.1.0.100 HuaweiBrowser/6.1.3.321"},
			event.Agent{Browser: "Huawei Browser", BrowserVersion: "6.1.3.321", OS: "HarmonyOS", OSVersion: "6.1", Device: "desktop", Brand: "Huawei"},
		},
		{
			"Samsung Internet",
			hit.Hit{UserAgent: "Mozilla/5.0 (Linux; Android 13; SAMSUNG SM-A536B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/25.0 Chrome/121.0.0.0 Mobile Safari/537.36"},
			event.Agent{Browser: "Samsung Internet", BrowserVersion: "25.0", OS: "Android", OSVersion: "13", Device: "mobile", Brand: "Samsung", Model: "SM-A536B"},
		},
		{
			"Yandex on Android names its processor first",
			hit.Hit{UserAgent: "Mozilla/5.0 (Linux; arm_64; Android 12; CPH2205) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.6367.118 YaBrowser/24.6.0.118.00 SA/3 Mobile Safari/537.36"},
			event.Agent{Browser: "Yandex Browser", BrowserVersion: "24.6.0.118", OS: "Android", OSVersion: "12", Device: "mobile", Brand: "OPPO", Model: "CPH2205"},
		},
		{
			"Instagram on an iPhone",
			hit.Hit{UserAgent: "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 Instagram 339.0.3.12.91 (iPhone14,5; iOS 17_5_1; ru_KZ; ru; scale=3.00; 1170x2532; 609775437)"},
			event.Agent{Browser: "Instagram", BrowserVersion: "339.0.3.12", OS: "iOS", OSVersion: "17.5.1", Device: "mobile", Brand: "Apple", Model: "iPhone", App: "Instagram"},
		},
		{
			"an iPad that calls itself a Mac is known by its points of touch",
			hit.Hit{
				UserAgent: "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15",
				Touch:     5,
			},
			event.Agent{Browser: "Safari", BrowserVersion: "17.5", OS: "iPadOS", OSVersion: "17.5", Device: "tablet", Brand: "Apple", Model: "iPad"},
		},
		{
			"the version of Safari tells the one of iOS since 26",
			hit.Hit{UserAgent: "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Mobile/15E148 Safari/604.1"},
			event.Agent{Browser: "Safari", BrowserVersion: "26.1", OS: "iOS", OSVersion: "26.1", Device: "mobile", Brand: "Apple", Model: "iPhone"},
		},
		{
			"a frozen Android has no version and no model",
			hit.Hit{UserAgent: "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 Mobile Safari/537.36"},
			event.Agent{Browser: "Chrome", BrowserVersion: "128.0.0.0", OS: "Android", Device: "mobile"},
		},
		{
			"webdriver is automation",
			hit.Hit{
				UserAgent: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 Safari/537.36",
				Webdriver: true,
			},
			event.Agent{Browser: "Chrome", BrowserVersion: "128.0.0.0", OS: "Linux", Device: "bot", Bot: "automation:webdriver"},
		},
		{
			"Chrome on an iPad that asks for the desktop's page",
			hit.Hit{UserAgent: "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/128 Version/17.6 Safari/605.1.15"},
			event.Agent{Browser: "Chrome", BrowserVersion: "128", OS: "iPadOS", OSVersion: "17.6", Device: "tablet", Brand: "Apple", Model: "iPad"},
		},
		{
			"Opera Mini asks through its own servers",
			hit.Hit{UserAgent: "Opera/9.80 (Android; Opera Mini/36.2.2254/119.132; U; ru) Presto/2.12.423 Version/12.16"},
			event.Agent{Browser: "Opera Mini", BrowserVersion: "36.2.2254", OS: "Android", Device: "mobile"},
		},
		{
			"an old television of Samsung's",
			hit.Hit{UserAgent: "Mozilla/5.0 (SMART-TV; Linux; Tizen 2.3) AppleWebKit/538.1 (KHTML, like Gecko) Version/2.3 TV Safari/538.1"},
			event.Agent{Browser: "Tizen Browser", BrowserVersion: "2.3", OS: "Tizen", OSVersion: "2.3", Device: "tv", Brand: "Samsung"},
		},
		{
			"UC Browser without a word of the engine",
			hit.Hit{UserAgent: "UCWEB/2.0 (Java; U; MIDP-2.0; ru; nokia5130c-2) U2/1.0.0 UCBrowser/9.4.1.377 U2/1.0.0 Mobile"},
			event.Agent{Browser: "UC Browser", BrowserVersion: "9.4.1.377", OS: "Java ME", Device: "mobile", Brand: "Nokia"},
		},
		{
			"a hint with markup in it is not believed",
			hit.Hit{
				UserAgent: "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 Mobile Safari/537.36",
				Hints:     hit.Hints{Model: `"<script>"`, PlatformVersion: `"14{}"`},
			},
			event.Agent{Browser: "Chrome", BrowserVersion: "128.0.0.0", OS: "Android", Device: "mobile"},
		},
		{
			"a phone of old begins with its own name",
			hit.Hit{UserAgent: "NokiaN73-1/3.0649.0.0.1 Series60/3.0 Profile/MIDP2.0 Configuration/CLDC-1.1"},
			event.Agent{OS: "Symbian", Device: "mobile", Brand: "Nokia"},
		},
		{
			"a program that tells its system is a program",
			hit.Hit{UserAgent: "fetchthings/1.2 (Linux; x86_64)"},
			event.Agent{OS: "Linux", Device: "bot", Bot: "other:fetchthings"},
		},
		{"no agent is no person", hit.Hit{}, event.Agent{Device: "bot", Bot: "other:empty agent"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for range 2 { // the second answer comes from the cache
				if diff := cmp.Diff(tt.want, l.Agent(&tt.hit)); diff != "" {
					t.Errorf("Agent() (-want +got):\n%s", diff)
				}
			}
		})
	}
}

func BenchmarkAgentCached(b *testing.B) {
	l := newTestLookups(b)
	h := hit.Hit{UserAgent: yandexAgent, Hints: hit.Hints{Brands: `"Chromium";v="124", "YaBrowser";v="24.6", "Not-A.Brand";v="99"`, Mobile: "?1", Platform: `"Android"`}}
	b.ReportAllocs()
	for b.Loop() {
		l.Agent(&h)
	}
}

const yandexAgent = "Mozilla/5.0 (Linux; arm_64; Android 12; CPH2205) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.6367.118 YaBrowser/24.6.0.118.00 SA/3 Mobile Safari/537.36"

// BenchmarkAgentUncached also tells how many times as long as mssola/useragent alone an agent takes, measured in turns:
// on a busy machine that says more than the time.
func BenchmarkAgentUncached(b *testing.B) {
	key, robots := agentKey{agent: yandexAgent}, newBotIndex()
	var ours, base time.Duration
	b.ReportAllocs()
	for b.Loop() {
		start := time.Now()
		parse(&key, robots)
		between := time.Now()
		ours += between.Sub(start)
		new(useragent.UserAgent).Parse(yandexAgent)
		base += time.Since(between)
	}
	b.ReportMetric(float64(ours.Nanoseconds())/float64(b.N), "parse-ns/op")
	b.ReportMetric(float64(ours)/float64(base), "times-base")
}

// BenchmarkAgentMix is traffic as it comes: agents by how often they come, more kinds of them than the cache holds.
func BenchmarkAgentMix(b *testing.B) {
	l := newTestLookups(b)
	all := examples(b)
	hits := make([]hit.Hit, 40_000)
	for i := range hits {
		e := all[i%len(all)]
		hits[i] = hit.Hit{UserAgent: e.key.agent + " Build/" + strconv.Itoa(i), Hints: e.key.hints}
	}
	chance := rand.New(rand.NewPCG(1, 2))
	often := rand.NewZipf(chance, 1.33, 4, uint64(len(hits)-1))
	order := make([]uint64, 1<<18)
	for i := range order {
		order[i] = often.Uint64()
	}
	for _, i := range order {
		l.Agent(&hits[i]) // traffic does not begin with an empty cache
	}
	parsed := testutil.ToFloat64(l.agents.metrics.agentsParsed)
	b.ReportAllocs()
	asked := 0
	for b.Loop() {
		l.Agent(&hits[order[asked%len(order)]])
		asked++
	}
	b.ReportMetric(100*(testutil.ToFloat64(l.agents.metrics.agentsParsed)-parsed)/float64(asked), "%parsed")
}
