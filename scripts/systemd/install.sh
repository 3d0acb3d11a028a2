#!/usr/bin/env bash
# Puts the programs, the engine's library, the GeoIP data and the systemd units where Debian and its kin expect them. What an operator
# has changed in /etc/mayak stays. make install calls it; DESTDIR is put before every path. Who has fetched the library or the data already
# says where they are in MAYAK_ENGINE_LIBRARY and MAYAK_GEOIP.
set -euo pipefail
cd "$(dirname "$0")/../.."
to="${DESTDIR:-}"
engine="${MAYAK_ENGINE_LIBRARY:-$(go run ./scripts/fetch engine | tail -n 1)}"
places="${MAYAK_GEOIP:-$(dirname "$(go run ./scripts/geoip | tail -n 1)")}"

install -d "$to/usr/local/lib/mayak" "$to/usr/local/bin" "$to/usr/local/share/mayak/geoip" "$to/usr/lib/systemd/system" "$to/usr/lib/sysusers.d" "$to/etc/mayak"
for program in collector aggregator engine; do
  install -m 0755 "build/$program" "$to/usr/local/lib/mayak/$program"
done
for program in collector aggregator; do
  install -m 0755 scripts/systemd/mayak-command "$to/usr/local/bin/mayak-$program"
done
install -m 0644 "$engine" "$to/usr/local/lib/mayak/libchdb.so"
install -m 0644 "$places"/*.mmdb "$places"/*.attribution.txt "$to/usr/local/share/mayak/geoip/" # whoever has the data has to name their source
install -m 0644 scripts/systemd/*.service scripts/systemd/*.timer "$to/usr/lib/systemd/system/"
install -m 0644 scripts/systemd/mayak.conf "$to/usr/lib/sysusers.d/mayak.conf"
[ -e "$to/etc/mayak/mayak.env" ] || install -m 0640 scripts/systemd/mayak.env "$to/etc/mayak/mayak.env"
[ -e "$to/etc/mayak/sites.yaml" ] || install -m 0644 scripts/run/sites.yaml "$to/etc/mayak/sites.yaml"

if [ -z "$to" ] && command -v systemd-sysusers >/dev/null; then
  systemd-sysusers mayak.conf
  [ ! -d /run/systemd/system ] || systemctl daemon-reload
fi
cat <<END
installed. Say which sites are counted in /etc/mayak/sites.yaml, then:
  systemctl enable --now mayak-engine mayak-aggregator mayak-collector mayak-backup.timer
END
