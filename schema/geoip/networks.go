//nolint:gochecknoglobals // tables, which nothing writes to.
package geoip

// The kinds of networks; the closed set that the column network_kind holds. Empty is unknown.
const (
	Hosting    = "hosting"    // servers, clouds, content delivery, VPN exits: people seldom sit there
	Mobile     = "mobile"     // an operator whose customers are mostly telephones
	ISP        = "isp"        // wired, cable, satellite and backbone providers
	Corporate  = "corporate"  // an organisation's own network
	Education  = "education"  // universities, schools, research
	Government = "government" // ministries, agencies, cities, armies
)

// networkNames are tried in order on the name of an autonomous system's organisation, as plainName writes it: words
// between single spaces. A mark with a space at its end asks for a whole word, one without for the beginning of a word.
// Operators stand before words, and words that say what an organisation is before those that say what it sells.
var networkNames = []struct{ kind, marks string }{
	// Operators of Kazakhstan and its neighbours, and those elsewhere whose names say nothing or mislead.
	{Mobile, "kcell |kar tel |beeline|mobile telecom service |altel |tele2|t2 mobile|jusan mobile|mts pjsc|megafon|" +
		"alfa telecom cjsc|nur telecom|sky mobile|unitel |coscom|universal mobile systems|ucell|tacom llc|tt mobile|" +
		"babilon mobile|indigo tajikistan|altyn asyr|yota |scartel|vimpelcom communications|t mobile|verizon wireless|" +
		"reliance jio|bharti airtel|turkcell|vodacom|safaricom|mtn |cell c |telekomunikasi selular|indosat|ntt docomo|" +
		"mobile communication company|china mobile|sk telecom|h3g|three |telefonica moviles|comcel|claro s |colombia movil|" +
		"kyivstar|lifecell|vf ukraine|unitary enterprise a1 |best cjsc|magticom|geocell|hi3g|hutchison|p4 sp |polkomtel|yettel|m1 limited|starhub|babilon m"},
	{Hosting, "servercore|national data cent|kazteleport|kaz host|hoster |ps internet company|nls |vk tech|" +
		"modern server|smart host|hostlab|10g kz|scalaxy|g core|gcore|datacamp|m247|beget|timeweb|selectel|reg ru |" +
		"yandex cloud|cloud ru |sbercloud|digital energy technologies|first server|fornex|firstvds|aeza |it hostline|hostkey|" +
		"servers com|leaseweb|ovh |hetzner|contabo|digitalocean|linode|akamai|vultr|choopa|scaleway|online s a s |ionos |" +
		"1 1 internet|1and1|godaddy|namecheap|dreamhost|rackspace|oracle |ibm cloud|softlayer|alibaba|aliyun|tencent|volcano engine|" +
		"huawei cloud|huawei international|baidu|bytedance|byteplus|ucloud|amazon|microsoft|google fiber:isp|google|facebook|meta platforms|cloudflare|" +
		"fastly|cdn77|edgio|edgecast|limelight|imperva|incapsula|zscaler|netskope|ddos guard|qrator|stormwall|variti|servepoint|" +
		"psychz|quadranet|colocrossing|hostinger|hostpapa|hostwinds|hostroyale|interserver|ispsystem|stark industries|proton ag|" +
		"nordvpn|tefincom|mullvad|express vpn|private internet access|clouvider|worldstream|serverius|i3d|gthost|latitude sh|" +
		"packethub|packet exchange|owl limited|terrahost|blix solutions|creanova|hivelocity|fdcservers|kamatera|upcloud|" +
		"exoscale|infomaniak|netcup|strato |mittwald|keyweb|myloc|combahton|team internet|equinix|zenlayer|cogeco peer|" +
		"kakao|naver cloud|nhn cloud|gmo internet|sakura internet|vietserver|digital ocean|render services|" +
		"fly io|vercel|netlify|heroku|salesforce|github|apple inc:corporate|yandex llc|llc vk |mail ru|mirhosting|vkontakte|the constant company|unified layer|multacom|cnservers|peg tech|eonix|aptum|tierpoint|" +
		"flexential|plusserver|aruba s p a|edgecenter|biterika|sharktech|green floid|larus limited|securebit|ivanov vitaliy sergeevich|" +
		"data storage cent|itglobal|it grad|servicepipe|bunny technology|pebblehost|quantil|cdnetworks"},
	{ISP, "kazakhtelecom|transtelecom|transtelekom|astel |alma telecommunications|kazteleradio|btcom|smartnet too|uzbektelekom|" +
		"sarkor|kyrgyztelecom|rostelecom|vimpelcom|orange business|level 3|cogent|hurricane electric|lumen|centurylink|verizon|" +
		"at t |comcast|charter|cox communications|ntt america|telia|free sas|bouygues|proximus|kpn |chinanet|china unicom|" +
		"china networks|korea telecom|lg powercomm|lg dacom|kddi|softbank|swisscom|vodafone|state company of electro communications|" +
		"opened joint stock company tojiktelecom|spacex|starlink|space exploration|eutelsat|hughes|viasat|gtt |arelion|zayo|retn |" +
		"comcor|uninet s a|te as |surewest|iliad|fastweb|wind tre|tim s a|brightspeed|rcn |pccw|hgc |uplink llc|2day telecom|" +
		"network kazakhstan|b tel|tattelecom|ufanet|sevstar|intersvyaz|er telecom|mgts|moscow city telephone|" +
		"mega line|aknet|elcat|asiainfo te|extra line|turon media|babilon t |buzton|bazovaya set|eurasia star|asket|ctc astana|rtcomm|komtehcentr|westcall|skynet ltd|obit |ttk |" +
		"tns plus|i linknet|dalsvyaz|kaztehnosvyaz|virgin media|sky uk|sky italia|tdc |digi |spark new zealand|orange|bell canada|" +
		"viettel|vnpt|telkom|telmex|superonline|ooredoo|zain |etisalat|meditelecom|wana corporate|dna oyj|sunrise|videotron|bezeq|" +
		"biglobe|iinet|vectra|netia|entel|airtel|globalconnect|colt |claranet|bahnhof|breezeline|wideopenwest|cogeco|vodafone|odido|" +
		"telecentro|telecel|telgua|moldtelecom|jcom |optage|qtnet|starlight|singtel|singnet|tm technology|tt dotcom|tot public|1 1 versatel|" +
		"iskratelecom|indiana higher education telecom"},

	// What an organisation is.
	{Education, "school|office of education"},
	{Government, "ministry|ministere|ministerio|department of|dept of|dod |government|governorate|gov |akimat|state revenue|" +
		"state institution|state tax|tax committee|state customs|customs service|customs committee|public administration|municipal|" +
		"federal agency|federal service|federal bureau|national innovation cent|national information technolog|parliament|senate |" +
		"majilis|police|army |navy |air force|military|defense|defence|house of representatives|supreme court|county of|" +
		"city of|county |prefecture|state of |commonwealth of|national aeronautics|usda|usaisc|postal service|egov|" +
		"general services|under the office of the president|social security|census|embassy|european commission|united nations"},
	{Education, "universi|univerzit|uniwersyt|college|academ|akadem|schule|escola|lyceum|licej|gymnasium|education|" +
		"institute of technology|polytechn|politech|research|scientific|science|renater|jisc |surf b v|garr |switch |cenic |internet2|" +
		"forschungsnetz|kazrena|krena |uzscinet|nren|tanet |hochschule|fachhochschule|institut |institute|mcnc|merit network|" +
		"heanet|redi ris|rediris|cernet|janet |aarnet|canarie"},
	{Corporate, "bank|insurance|assurance|versicherung|airline|airways|airport|aviation|motor|automotive|hospital|clinic|medical cent|" +
		"pharma|newspaper|munaigas|kazmunay|kazatomprom|kaztransoil|samruk|kegoc|tengizchevroil|karachaganak|eurasian resources|" +
		"kazakhmys|arcelor|gazprom|lukoil|rosneft|sberbank|surgutneftegas|norilsk|rusal|severstal|railway|temir zholy|" +
		"kaspi |microcredit|microfinance|mikrofinans|credit bureau|freedom finance|kazzinc|solidcore|sportmaster|wildberries|technodom|kolesa |stock exchange|commodity exchange|brokerage|securities|casino|retail|supermarket|siemens|bosch|mercedes|volkswagen|bmw |" +
		"ford |toyota|boeing|airbus|lockheed|shell |exxon|chevron|total s|halliburton|schlumberger|procter|unilever|nestle|" +
		"intel corp|cisco systems|hewlett|accenture|deloitte|kpmg|pricewaterhouse|ernst|citigroup|jpmorgan|goldman|visa |mastercard"},

	// What an organisation sells.
	{Hosting, "hosting|hoster|host |hostin|cloud|server|vps|vds |data cent|datacent|dedicated|colocation|colo |cdn|vpn|proxy|" +
		"virtual|domain|ddos|webhost|web host"},
	{Mobile, "mobile|mobil |cellular|celular|gsm |wireless|lte |movil"},
	{ISP, "telecom|telekom|telecomunic|telekomunik|telekommunik|telco|teleph|telefon|telefonic|telecabl|telemedia|telenet|telenor|" +
		"telstra|telus|tele |communicat|comunicac|comunicaz|kommunikat|kommunikac|kommunik|svyaz|sviaz|communic|broadband|internet|" +
		"cable|kabel|fiber|fibre|fibra|optic|isp |provider|provedor|network|networks|netz |online|satellite|satel|wisp|wifi|wi fi|" +
		"dsl|ip net|ipnet|lan |wan |inet |connect|link |links |net |tel |tv |digital tv|television|radio|traffic exchange|internet exchange|exchange point|backbone|transit|carrier|" +
		"telesystem|telesistem|infocom|infokom|inform "},
	{Corporate, "holding|industr|energ|petrol|oil |gas |mining|steel|logistic|transport|publishing|consult|manufactur|" +
		"construction|trading house|foods|electronics|laboratories|software|entertainment"},
}

// networkEnds are the ends of words, asked for when no mark was found: Kursktelecom, Newserverlife, Nurbank.
var networkEnds = []struct{ end, kind string }{
	{"hosting", Hosting},
	{"host", Hosting},
	{"cloud", Hosting},
	{"server", Hosting},
	{"bulut", Hosting},
	{"bank", Corporate},
	{"telecom", ISP},
	{"telekom", ISP},
	{"svyaz", ISP},
	{"telecommunications", ISP},
	{"infocom", ISP},
	{"net", ISP},
	{"telcom", ISP},
}
