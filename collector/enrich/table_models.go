//nolint:gochecknoglobals // tables, which nothing writes to.
package enrich

// maxModelPrefix is the length of the longest prefix in models.
const maxModelPrefix = 13

// models are the prefixes of model names, in lower case, whose device type an agent does not tell: tablets whose browsers may
// say "Mobile", and phones whose applications may not. The longest that fits counts.
var models = map[string]string{
	"bq-1": tablet, "bq-7": tablet, "bq-8": tablet, "eln-": tablet, "btk-": tablet, "t20mini": tablet, "t30pro": tablet, "t10s": tablet, "t20s": tablet, "npad": tablet, "noteair": tablet, "boox": tablet, "gtx_": tablet,
	"21051182": tablet, "2105k81": tablet, "22081283g": tablet, "23043rp34g": tablet, "23073rpbfg": tablet, "2307brpdcc": tablet, "24018rpac": tablet,
	"24074rpd2": tablet, "24091rpad": tablet, "2410crp4cg": tablet, "25032rp42c": tablet, "a1-": tablet, "a10-": tablet, "a101": tablet, "a3-": tablet,
	"a3300": tablet, "a3500": tablet, "a5500": tablet, "a7-3": tablet, "a7-5": tablet, "a70": tablet, "a7600": tablet, "a8-5": tablet, "agr-": tablet,
	"agrk": tablet, "ags": tablet, "ainol": tablet, "alldocube": tablet, "archos 10": tablet, "archos 7": tablet, "archos 8": tablet,
	"archos 9": tablet, "b1-": tablet, "b3-": tablet, "b6000": tablet, "b8000": tablet, "bah": tablet, "bgo-": tablet, "blackview tab": tablet,
	"bntv": tablet, "brt-": tablet, "btv-": tablet, "bza-": tablet, "bzd-": tablet, "bzk-": tablet, "bzt-": tablet, "bzw-": tablet, "chuwi": tablet,
	"cmr-": tablet, "cpn-": tablet, "cube": tablet, "dbr-": tablet, "dby": tablet, "dexp ursus": tablet, "digma plane": tablet, "fdr-": tablet,
	"flylife": tablet, "god-w": tablet, "got-w": tablet, "gt-n5": tablet, "gt-n8": tablet, "gt-p": tablet, "hdn-": tablet, "hey-w": tablet,
	"hi10": tablet, "honor pad": tablet, "hp 10": tablet, "hp 7": tablet, "hp 8": tablet, "hp slate": tablet, "huawei m2": tablet, "huawei m3": tablet,
	"ideos s7": tablet, "ipad": tablet, "iplay": tablet, "irbis tz": tablet, "jdn": tablet, "k00": tablet, "k01": tablet, "kf": tablet, "kob": tablet,
	"lenovo tb": tablet, "lenovo yt": tablet, "lg-uk": tablet, "lg-v": tablet, "lm-t": tablet, "m2105k81": tablet, "m40 p": tablet, "m40(": tablet,
	"m40p": tablet, "m40se": tablet, "matepad": tablet, "me1": tablet, "me3": tablet, "mediapad": tablet, "mi pad": tablet, "mid1": tablet,
	"mid7": tablet, "mid8": tablet, "mid9": tablet, "mon-": tablet, "mrr-": tablet, "mrx-": tablet, "mz6": tablet, "nexus 10": tablet,
	"nexus 7": tablet, "nexus 9": tablet, "nokia t1": tablet, "nokia t2": tablet, "novo": tablet, "onda": tablet, "oneplus pad": tablet, "opd": tablet,
	"oppo pad": tablet, "p00": tablet, "p01": tablet, "p02": tablet, "p20hd": tablet, "p25t": tablet, "p30hd": tablet, "pa2": tablet, "pad ": tablet,
	"pandigital": tablet, "pixel c": tablet, "pixel tablet": tablet, "plane ": tablet, "ployer": tablet, "pmp": tablet, "pmt": tablet,
	"poco pad": tablet, "prestigio": tablet, "qtai": tablet, "qtaq": tablet, "qtas": tablet, "qtax": tablet, "ramos": tablet, "realme pad": tablet,
	"redmi pad": tablet, "rmd-": tablet, "rmp": tablet, "rod-w": tablet, "s6000": tablet, "s8-": tablet, "sc-01c": tablet, "scm-": tablet,
	"sgh-t849": tablet, "sgp": tablet, "sht-": tablet, "shw-m180": tablet, "slate": tablet, "sm-p": tablet, "sm-t": tablet, "sm-x": tablet,
	"so-03e": tablet, "so-05f": tablet, "so-05g": tablet, "t1-": tablet, "t40 pro": tablet, "t50 p": tablet, "ta-1392": tablet, "ta-1397": tablet,
	"tab ": tablet, "tab2": tablet, "tab3": tablet, "tab4": tablet, "tb-": tablet, "tb1": tablet, "tb2": tablet, "tb3": tablet, "tb5": tablet,
	"tb7": tablet, "tb8": tablet, "teclast": tablet, "tecno megapad": tablet, "texet tm-": tablet, "tf1": tablet, "tf2": tablet, "tf3": tablet,
	"tf7": tablet, "tla0": tablet, "tm-7": tablet, "tm-8": tablet, "tm-9": tablet, "tpad": tablet, "ts1": tablet, "ts7": tablet, "ts8": tablet,
	"ts9": tablet, "ursus": tablet, "v919": tablet, "venue 7": tablet, "venue 8": tablet, "vivo pad": tablet, "vrd-": tablet, "wgr": tablet,
	"wintouch": tablet, "x98": tablet, "xiaomi pad": tablet, "xoom": tablet, "yt-": tablet, "yt3": tablet, "yuandao": tablet, "zt180": tablet,

	"ane-": mobile, "asus_z": mobile, "blackberry": mobile, "blackview": mobile, "cph": mobile, "cubot": mobile, "desire": mobile, "doogee": mobile,
	"galaxy nexus": mobile, "gt-i": mobile, "gt-n7": mobile, "gt-s": mobile, "htc": mobile, "infinix": mobile, "itel": mobile, "lg-": mobile,
	"lm-": mobile, "m200": mobile, "m210": mobile, "meizu": mobile, "mi ": mobile, "moto": mobile, "nexus 4": mobile, "nexus 5": mobile,
	"nexus 6": mobile, "nokia": mobile, "oneplus": mobile, "oppo": mobile, "oukitel": mobile, "pixel": mobile, "poco": mobile, "redmi": mobile,
	"rmx": mobile, "sch-i": mobile, "sgh-": mobile, "sm-a": mobile, "sm-c": mobile, "sm-e": mobile, "sm-f": mobile, "sm-g": mobile, "sm-j": mobile,
	"sm-m": mobile, "sm-n": mobile, "sm-s": mobile, "sonyericsson": mobile, "tecno": mobile, "ulefone": mobile, "vivo": mobile, "xt1": mobile,
	"xt2": mobile,
}
