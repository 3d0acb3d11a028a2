//nolint:gochecknoglobals // tables, which nothing writes to.
package enrich

// robotWords are the ends of words that robots call themselves.
var robotWords = []string{"bot", "bots", "crawler", "crawlers", "spider", "scraper", "crawl", "robot", "fetcher", "validator", "checker"}

// robotEnds are the letters that robotWords end with.
const robotEnds = "tsrl"

// noRobots are words that end so and are none.
var noRobots = []string{"cubot"}

// ownBots are robots that no list names, or names without their kind.
var ownBots = []listedBot{
	{"chrome-lighthouse", "monitoring", "Lighthouse", false},
	{"telegrambot", "social-preview", "TelegramBot", false},
	{"twitterbot", "social-preview", "Twitterbot", false},
	{"vkshare", "social-preview", "vkShare", false},
	{"whatsapp/", "social-preview", "WhatsApp", true},
	{"viber/", "social-preview", "Viber", true},
	{"odklbot", "social-preview", "OdklBot", false},
	{"yandexmobilebot", "search", "YandexMobileBot", false},
	{"yandexbot", "search", "YandexBot", false},
	{"yandexaccessibilitybot", "search", "YandexAccessibilityBot", false},
	{"yandexmetrika", "monitoring", "YandexMetrika", false},
	{"yandeximages", "search", "YandexImages", false},
	{"yandexvideo", "search", "YandexVideo", false},
	{"yandexdirect", "advertising", "YandexDirect", false},
	{"yadirectfetcher", "advertising", "YaDirectFetcher", false},
	{"yandexturbo", "search", "YandexTurbo", false},
	{"yandexwebmaster", "search", "YandexWebmaster", false},
	{"mail.ru_bot", "search", "Mail.RU_Bot", false},
	{"headlesschrome", "automation", "HeadlessChrome", false},
	{"phantomjs", "automation", "PhantomJS", false},
	{"electron-fetch", "http-library", "electron-fetch", false},
	{"okhttp/", "http-library", "okhttp", true},
	{"dart/", "http-library", "Dart", true},
	{"java/", "http-library", "Java", true},
	{"node", "http-library", "Node.js", true},
	{"cfnetwork/", "http-library", "CFNetwork", true},
	{"postmanruntime", "http-library", "Postman", true},
	{"insomnia/", "http-library", "Insomnia", true},
	{"google-extended", "ai-crawler", "Google-Extended", false},
	{"googleother", "search", "GoogleOther", false},
	{"google-inspectiontool", "search", "Google-InspectionTool", false},
	{"google-read-aloud", "search", "Google-Read-Aloud", false},
	{"google favicon", "search", "Google Favicon", false},
	{"google-safety", "scanner", "Google-Safety", false},
	{"googleweblight", "other", "googleweblight", false},
	{"mediapartners-google", "advertising", "Mediapartners-Google", false},
	{"adsbot-google", "advertising", "AdsBot-Google", false},
	{"apis-google", "search", "APIs-Google", false},
	{"feedfetcher-google", "feed", "FeedFetcher-Google", false},
	{"duckassistbot", "ai-crawler", "DuckAssistBot", false},
	{"chatgpt-user", "ai-crawler", "ChatGPT-User", false},
	{"oai-searchbot", "ai-crawler", "OAI-SearchBot", false},
	{"gptbot", "ai-crawler", "GPTBot", false},
	{"claudebot", "ai-crawler", "ClaudeBot", false},
	{"claude-user", "ai-crawler", "Claude-User", false},
	{"claude-searchbot", "ai-crawler", "Claude-SearchBot", false},
	{"claude-web", "ai-crawler", "Claude-Web", false},
	{"anthropic-ai", "ai-crawler", "anthropic-ai", false},
	{"perplexitybot", "ai-crawler", "PerplexityBot", false},
	{"perplexity-user", "ai-crawler", "Perplexity-User", false},
	{"meta-externalagent", "ai-crawler", "meta-externalagent", false},
	{"meta-externalfetcher", "ai-crawler", "meta-externalfetcher", false},
	{"mistralai-user", "ai-crawler", "MistralAI-User", false},
	{"bytespider", "ai-crawler", "Bytespider", false},
	{"amazonbot", "ai-crawler", "Amazonbot", false},
	{"ccbot", "ai-crawler", "CCBot", false},
	{"applebot-extended", "ai-crawler", "Applebot-Extended", false},
	{"applebot", "search", "Applebot", false},
}
