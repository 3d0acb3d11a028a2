package load

import (
	"fmt"
	"strconv"
	"strings"
)

// Agent is one kind of browser, or what calls itself one, with all that it sends of its own accord.
type Agent struct {
	Text     string
	Brands   string // Sec-CH-UA; Chromium's kin only
	Platform string // Sec-CH-UA-Platform, quoted as it is sent
	Version  string // platform version, which the script asks for
	Model    string // the same
	Package  string // X-Requested-With of an Android web view
	Screen   [2]int
	Ratio    float64
	Touch    int
	App      string // the application whose web view this is
	Bot      string // where it lives, if nobody looks at what it fetches
	weight   int
}

// phone is a model that many people in Kazakhstan have.
type phone struct {
	model   string
	android int
	screen  [2]int
	ratio   float64
	weight  int
}

func phones() []phone {
	return []phone{
		{"SM-A155F", 14, [2]int{384, 832}, 2.8125, 20},
		{"SM-A546E", 14, [2]int{360, 780}, 3, 16},
		{"SM-S928B", 15, [2]int{384, 832}, 3.75, 8},
		{"23106RN0DA", 13, [2]int{393, 873}, 2.75, 14},
		{"2201117TG", 13, [2]int{393, 873}, 2.75, 9},
		{"24069RA21C", 14, [2]int{407, 904}, 2.99, 6},
		{"CPH2591", 14, [2]int{360, 800}, 2, 5},
		{"V2247", 13, [2]int{360, 804}, 2, 4},
		{"RMX3771", 14, [2]int{360, 800}, 3, 5},
		{"MGA-LX9", 12, [2]int{360, 800}, 2, 3},
		{"Infinix X6833B", 13, [2]int{360, 806}, 3, 3},
		{"TECNO KL6", 13, [2]int{360, 806}, 2, 3},
	}
}

// agents are what visits sites in Kazakhstan: mostly phones, a good part of them in-app web views, and desktops.
func agents() []Agent {
	list := append(androids(), apples()...)
	return append(list, desktops()...)
}

// chromium is the value of Sec-CH-UA of a browser that is made of Chromium.
func chromium(version int, name string, own string) string {
	return fmt.Sprintf(`"Chromium";v="%d", %q;v=%q, "Not?A_Brand";v="24"`, version, name, own)
}

// androids are the browsers and web views of every phone. All but the web views hide the model in what they call themselves.
func androids() []Agent {
	const kit = "AppleWebKit/537.36 (KHTML, like Gecko) "
	var list []Agent
	for _, p := range phones() {
		add := func(weight int, text, brands, app, requestedWith string) {
			a := Agent{
				Text: text, Brands: brands, Model: p.model, Version: fmt.Sprintf("%d.0.0", p.android), Screen: p.screen, Ratio: p.ratio,
				Touch: 5, App: app, Package: requestedWith, weight: weight * p.weight,
			}
			if brands != "" {
				a.Platform = `"Android"`
			}
			list = append(list, a)
		}
		for i, version := range []int{141, 140, 138} {
			text := fmt.Sprintf("Mozilla/5.0 (Linux; Android 10; K) %sChrome/%d.0.0.0 Mobile Safari/537.36", kit, version)
			add([]int{40, 10, 4}[i], text, chromium(version, "Google Chrome", strconv.Itoa(version)), "", "")
		}
		add(9, fmt.Sprintf("Mozilla/5.0 (Linux; arm_64; Android %d; %s) %sChrome/140.0.0.0 YaBrowser/25.10.1.60.00 SA/3 Mobile Safari/537.36",
			p.android, p.model, kit), chromium(140, "YaBrowser", "25.10"), "", "")
		if strings.HasPrefix(p.model, "SM-") {
			add(14, "Mozilla/5.0 (Linux; Android 10; K) "+kit+"SamsungBrowser/29.0 Chrome/136.0.0.0 Mobile Safari/537.36",
				chromium(136, "Samsung Internet", "29.0"), "", "")
		}
		webView := fmt.Sprintf("Mozilla/5.0 (Linux; Android %d; %s Build/UP1A.231005.007; wv) %sVersion/4.0 Chrome/141.0.7390.70 Mobile Safari/537.36",
			p.android, p.model, kit)
		brands := chromium(141, "Android WebView", "141")
		add(8, fmt.Sprintf("%s Instagram 401.0.0.48.79 Android (%d/%d; 420dpi; 1080x2340; %s; ru_RU; 800000001)", webView, p.android+20, p.android, p.model),
			brands, "instagram", "com.instagram.android")
		add(3, webView+" musical_ly_2024100010 BytedanceWebview/d8a21c6", brands, "tiktok", "com.zhiliaoapp.musically")
		add(3, webView, brands, "whatsapp", "com.whatsapp")
		add(3, webView+" Telegram-Android/12.1.1 ("+p.model+"; Android "+strconv.Itoa(p.android)+"; SDK 34; HIGH)", brands, "telegram", "org.telegram.messenger")
		add(2, webView+" [FB_IAB/FB4A;FBAV/480.0.0.50.88;]", brands, "facebook", "com.facebook.katana")
	}
	return list
}

// apples are the browsers of iPhones, iPads and Macs.
func apples() []Agent {
	const kit = "AppleWebKit/605.1.15 (KHTML, like Gecko) "
	phone := func(system string) string {
		return "Mozilla/5.0 (iPhone; CPU iPhone OS " + system + " like Mac OS X) " + kit
	}
	at := func(weight int, text, app string, width, height int) Agent {
		return Agent{Text: text, Screen: [2]int{width, height}, Ratio: 3, Touch: 5, App: app, weight: weight}
	}
	return []Agent{
		at(900, phone("18_6")+"Version/18.6 Mobile/15E148 Safari/604.1", "", 390, 844),
		at(620, phone("18_7")+"Version/26.0 Mobile/15E148 Safari/604.1", "", 402, 874),
		at(240, phone("17_6_1")+"Version/17.6 Mobile/15E148 Safari/604.1", "", 375, 812),
		at(130, phone("18_6")+"CriOS/141.0.7390.69 Mobile/15E148 Safari/604.1", "", 393, 852),
		at(60, phone("18_5")+"Version/18.5 YaBrowser/25.9.4.567.10 Mobile/15E148 SA/3 Safari/604.1", "", 390, 844),
		at(330, phone("18_5")+"Mobile/15E148 Instagram 399.0.0.30.90 (iPhone14,5; iOS 18_5; ru_KZ; ru; scale=3.00; 1170x2532; 788000000)", "instagram", 390, 844),
		at(90, phone("18_6")+"Mobile/15E148 musical_ly_41.8.0 BytedanceWebview/d8a21c6 JsSdk/2.0 NetType/WIFI", "tiktok", 393, 852),
		at(80, phone("18_6")+"Mobile/15E148 Telegram-iOS/12.1", "telegram", 393, 852),
		at(60, phone("18_6")+"Mobile/15E148 WhatsApp/2.25.30.74", "whatsapp", 390, 844),
		{Text: "Mozilla/5.0 (iPad; CPU OS 17_7 like Mac OS X) " + kit + "Version/17.7 Mobile/15E148 Safari/604.1", Screen: [2]int{820, 1180}, Ratio: 2, Touch: 5, weight: 60},
		{Text: "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) " + kit + "Version/18.6 Safari/605.1.15", Screen: [2]int{1440, 900}, Ratio: 2, weight: 190},
		{
			Text:   "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
			Brands: chromium(141, "Google Chrome", "141"), Platform: `"macOS"`, Version: "15.6.1", Screen: [2]int{1512, 982}, Ratio: 2, weight: 140,
		},
	}
}

// desktops are the browsers of Windows, of a few Linux machines and of a television.
func desktops() []Agent {
	const kit = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
	var list []Agent
	screens := [][2]int{{1920, 1080}, {1366, 768}, {1536, 864}, {2560, 1440}}
	for i, screen := range screens {
		for windows, version := range []string{"10.0.0", "15.0.0", "19.0.0"} { // 10 and two of 11
			add := func(weight int, text, brands string) {
				list = append(list, Agent{
					Text: kit + text, Brands: brands, Platform: `"Windows"`, Version: version, Screen: screen,
					Ratio: []float64{1, 1, 1.25, 1}[i], weight: weight * []int{9, 7, 5, 2}[i] * []int{5, 2, 1}[windows],
				})
			}
			add(6, "Chrome/141.0.0.0 Safari/537.36", chromium(141, "Google Chrome", "141"))
			add(1, "Chrome/139.0.0.0 Safari/537.36", chromium(139, "Google Chrome", "139"))
			add(4, "Chrome/140.0.0.0 YaBrowser/25.10.0.0 Safari/537.36", chromium(140, "YaBrowser", "25.10"))
			add(1, "Chrome/141.0.0.0 Safari/537.36 OPR/125.0.0.0", chromium(141, "Opera", "125"))
			add(2, "Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0", chromium(141, "Microsoft Edge", "141"))
		}
	}
	return append(list,
		Agent{Text: "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:144.0) Gecko/20100101 Firefox/144.0", Screen: screens[0], Ratio: 1, weight: 90},
		Agent{Text: "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0", Screen: screens[0], Ratio: 1, weight: 12},
		Agent{Text: "Mozilla/5.0 (SMART-TV; Linux; Tizen 7.0) AppleWebKit/537.36 (KHTML, like Gecko) 94.0.4606.31/7.0 TV Safari/537.36", Screen: screens[0], Ratio: 1, weight: 6},
	)
}

// bots are what fetches pages that nobody looks at: search engines, crawlers of language models, monitors, previews, programs.
func bots() []Agent {
	at := func(weight int, home, text string) Agent {
		return Agent{Text: text, Bot: home, Screen: [2]int{1024, 768}, Ratio: 1, weight: weight}
	}
	const kit = "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; "
	return []Agent{
		at(22, "google", "Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.7390.65 Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"),
		at(18, "yandex", "Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)"),
		at(6, "azure", kit+"bingbot/2.0; +http://www.bing.com/bingbot.htm) Chrome/136.0.0.0 Safari/537.36"),
		at(15, "azure", kit+"GPTBot/1.3; +https://openai.com/gptbot)"),
		at(8, "amazon", kit+"ClaudeBot/1.0; +claudebot@anthropic.com)"),
		at(4, "amazon", kit+"PerplexityBot/1.0; +https://perplexity.ai/perplexitybot)"),
		at(7, "hetzner", "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)"),
		at(5, "amazon", "Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)"),
		at(4, "meta", "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)"),
		at(3, "telegram", "TelegramBot (like TwitterBot)"),
		at(5, "hetzner", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/140.0.0.0 Safari/537.36"),
		at(4, "hetzner", "python-requests/2.32.5"),
		at(3, "amazon", "curl/8.14.1"),
		at(2, "amazon", "Go-http-client/2.0"),
	}
}
