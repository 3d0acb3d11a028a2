package load

// agent is one kind of browser, or what calls itself one.
type agent struct {
	text     string
	brands   string // Sec-CH-UA; Chromium's kin only
	platform string // Sec-CH-UA-Platform, quoted as it is sent
	screen   string
	touch    int
}

// agents are what visits sites in Kazakhstan: mostly phones, some of them in-app web views, some bots.
func agents() []agent {
	const (
		chromium = `"Chromium";v="141", "Google Chrome";v="141", "Not?A_Brand";v="8"`
		yandex   = `"Chromium";v="140", "YaBrowser";v="25.10", "Not?A_Brand";v="24", "Yowser";v="2.5"`
		samsung  = `"Chromium";v="136", "Samsung Internet";v="29.0", "Not.A/Brand";v="99"`
		opera    = `"Chromium";v="141", "Opera";v="125", "Not?A_Brand";v="8"`
		edge     = `"Chromium";v="141", "Microsoft Edge";v="141", "Not?A_Brand";v="8"`
	)
	android, windows, mac := `"Android"`, `"Windows"`, `"macOS"`
	return []agent{
		{"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36", chromium, android, "412x915", 5},
		{"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36", chromium, android, "393x873", 5},
		{"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/29.0 Chrome/136.0.0.0 Mobile Safari/537.36", samsung, android, "384x854", 5},
		{"Mozilla/5.0 (Linux; arm_64; Android 14; SM-A546E) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 YaBrowser/25.10.1.60.00 SA/3 Mobile Safari/537.36", yandex, android, "360x780", 5},
		{"Mozilla/5.0 (Linux; Android 13; 2201117TG Build/TKQ1.221114.001; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/141.0.7390.70 Mobile Safari/537.36 Instagram 401.0.0.48.79 Android", "", "", "393x873", 5},
		{"Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1", "", "", "390x844", 5},
		{"Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1", "", "", "402x874", 5},
		{"Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 Instagram 399.0.0.30.90 (iPhone14,5; iOS 18_5; ru_KZ; ru; scale=3.00; 1170x2532)", "", "", "390x844", 5},
		{"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15", "", "", "1440x900", 0},
		{"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36", chromium, mac, "1512x982", 0},
		{"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36", chromium, windows, "1920x1080", 0},
		{"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36", chromium, windows, "1366x768", 0},
		{"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 YaBrowser/25.10.0.0 Safari/537.36", yandex, windows, "1536x864", 0},
		{"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 OPR/125.0.0.0", opera, windows, "1920x1080", 0},
		{"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0", edge, windows, "1920x1080", 0},
		{"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:144.0) Gecko/20100101 Firefox/144.0", "", "", "1920x1080", 0},
		{"Mozilla/5.0 (iPad; CPU OS 17_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.7 Mobile/15E148 Safari/604.1", "", "", "820x1180", 5},
		{"Mozilla/5.0 (SMART-TV; Linux; Tizen 7.0) AppleWebKit/537.36 (KHTML, like Gecko) 94.0.4606.31/7.0 TV Safari/537.36", "", "", "1920x1080", 0},
		{"Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.3; +https://openai.com/gptbot)", "", "", "800x600", 0},
		{"Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)", "", "", "1024x768", 0},
		{"Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.7390.65 Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "", "", "412x732", 5},
		{"curl/8.14.1", "", "", "800x600", 0},
	}
}
