//nolint:gochecknoglobals,dupword // tables, which nothing writes to; a browser is called Coc Coc.
package enrich

// brandNames are the brands of Sec-CH-UA, in lower case. "Chromium" and the brands made up to keep readers honest
// are not in it.
var brandNames = map[string]string{
	"google chrome": "Chrome", "microsoft edge": "Edge", "opera": "Opera", "opera gx": "Opera GX", "operagx": "Opera GX",
	"opera mobile": "Opera", "opera air": "Opera", "opera mini android": "Opera Mini",
	"yabrowser": "Yandex Browser", "yandex": "Yandex Browser", "yowser": "Yandex Browser", "yandex browser": "Yandex Browser",
	"brave": "Brave", "brave browser": "Brave", "crowbrowser": "Crow Browser", "vewd core": "Vewd", "vivaldi": "Vivaldi", "samsung internet": "Samsung Internet", "huaweibrowser": "Huawei Browser",
	"huawei browser": "Huawei Browser", "miui browser": "MIUI Browser", "xiaomi browser": "MIUI Browser",
	"android webview": "Chrome WebView", "headlesschrome": "Headless Chrome", "duckduckgo": "DuckDuckGo", "whale": "Whale",
	"naver whale": "Whale", "coc coc": "Coc Coc", "coccoc": "Coc Coc", "avast secure browser": "Avast Secure Browser", "avastsecurebrowser": "Avast Secure Browser",
	"avg secure browser": "AVG Secure Browser", "avira secure browser": "Avira Secure Browser",
	"norton private browser": "Norton Private Browser", "ccleaner browser": "CCleaner Browser", "atom": "Atom",
	"sputnik": "Sputnik", "silk": "Silk", "amazon silk": "Silk", "ecosia": "Ecosia", "arc": "Arc", "comet": "Comet",
	"perplexity": "Comet", "chatgpt atlas": "ChatGPT Atlas", "ulaa": "Ulaa", "wavebox": "Wavebox", "sidekick": "Sidekick",
	"iron": "Iron", "ucbrowser": "UC Browser", "quark": "Quark", "heytapbrowser": "HeyTap Browser",
	"vivobrowser": "vivo Browser", "mi browser": "MIUI Browser", "aloha browser": "Aloha Browser", "kiwi": "Kiwi",
	"phoenix": "Phoenix Browser", "oculus browser": "Oculus Browser", "meta quest browser": "Oculus Browser",
	"pico browser": "Pico Browser", "360se": "360 Browser", "qqbrowser": "QQ Browser", "maxthon": "Maxthon",
	"internet explorer": "Internet Explorer", "tizen browser": "Tizen Browser",
}

// platforms are the values of Sec-CH-UA-Platform, in lower case.
var platforms = map[string]string{
	"windows": windows, "macos": macOS, "android": android, "chrome os": chromeOS, "chromium os": chromeOS, "chromeos": chromeOS,
	"linux": linux, "ios": iOS, "harmonyos": harmonyOS, "tizen": tizen, "fuchsia": "Fuchsia",
}

// packages are the Android applications, by the X-Requested-With header that their web views send.
var packages = map[string]string{
	"com.instagram.android": "Instagram", "com.instagram.lite": "Instagram", "com.instagram.barcelona": "Threads",
	"com.facebook.katana": "Facebook", "com.facebook.lite": "Facebook", "com.facebook.orca": "Messenger",
	"com.zhiliaoapp.musically": "TikTok", "com.ss.android.ugc.trill": "TikTok", "com.zhiliaoapp.musically.go": "TikTok",
	"org.telegram.messenger": "Telegram", "org.telegram.messenger.web": "Telegram", "org.telegram.plus": "Telegram",
	"org.thunderdog.challegram": "Telegram", "com.whatsapp": "WhatsApp", "com.whatsapp.w4b": "WhatsApp", "com.viber.voip": "Viber",
	"com.vkontakte.android": "VK", "com.vk.im": "VK", "ru.ok.android": "OK", "com.twitter.android": "Twitter",
	"com.snapchat.android": "Snapchat", "com.pinterest": "Pinterest", "com.linkedin.android": "LinkedIn",
	"com.google.android.googlequicksearchbox": "Google Search App", "com.google.android.gm": "Gmail",
	"com.google.android.youtube": "YouTube", "ru.yandex.searchplugin": "Yandex", "com.yandex.searchapp": "Yandex",
	"ru.yandex.yandexmaps": "Yandex Maps", "ru.yandex.taxi": "Yandex Go", "ru.yandex.mail": "Yandex Mail",
	"ru.zen.android": "Dzen", "ru.mail.mailapp": "Mail.ru", "ru.dublgis.dgismobile": "2GIS", "kz.kaspi.mobile": "Kaspi.kz",
	"kz.kaspi.merchant": "Kaspi.kz", "kz.halyk.onlinebank": "Halyk", "kz.nitec.egov.mgov": "eGov Mobile", "kz.kolesa": "Kolesa",
	"kz.krisha": "Krisha", "kz.slando": "OLX", "com.wildberries.ru": "Wildberries", "ru.ozon.app.android": "OZON",
	"sinet.startup.indriver": "inDrive", "com.alibaba.aliexpresshd": "AliExpress", "com.reddit.frontpage": "Reddit",
	"com.discord": "Discord", "com.slack": "Slack", "com.microsoft.teams": "Microsoft Teams", "com.tencent.mm": "WeChat",
	"com.microsoft.office.outlook": "Outlook", "com.openai.chatgpt": "ChatGPT", "jp.naver.line.android": "LINE",
	"com.duckduckgo.mobile.android": "DuckDuckGo", "com.imo.android.imoim": "imo", "com.kakao.talk": "KakaoTalk",
}

// browserPackages are the Android browsers that build on the system's web view, by the same header.
var browserPackages = map[string]string{
	"com.yandex.browser": "Yandex Browser", "com.yandex.browser.lite": "Yandex Browser", "com.yandex.browser.beta": "Yandex Browser",
	"com.sec.android.app.sbrowser": "Samsung Internet", "com.sec.android.app.sbrowser.lite": "Samsung Internet", "org.mozilla.firefox": "Firefox",
	"org.mozilla.focus": "Firefox Focus", "com.opera.browser": "Opera", "com.opera.mini.native": "Opera Mini", "com.opera.gx": "Opera GX",
	"com.opera.touch": "Opera Touch", "com.microsoft.emmx": "Edge", "com.brave.browser": "Brave", "com.vivaldi.browser": "Vivaldi",
	"com.ucmobile.intl": "UC Browser", "com.uc.browser.en": "UC Browser", "com.mi.globalbrowser": "MIUI Browser", "com.mi.globalbrowser.mini": "Mint Browser",
	"com.huawei.browser": "Huawei Browser", "com.heytap.browser": "HeyTap Browser", "com.vivo.browser": "vivo Browser", "com.kiwibrowser.browser": "Kiwi",
	"com.transsion.phoenix": "Phoenix Browser", "com.alohamobile.browser": "Aloha Browser", "com.ecosia.android": "Ecosia",
	"com.cloudmosa.puffinfree": "Puffin", "mark.via.gp": "Via", "com.quark.browser": "Quark", "com.tencent.mtt": "QQ Browser",
}
