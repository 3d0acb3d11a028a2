#!/usr/bin/env bash
# Makes what docker-compose.yml mounts as secrets, once: what is there stays. The folder is readable by whoever runs this alone;
# the files in it by the containers' users, who are nobody here.
#
# The database's users and rights follow the policy file. They are worded by the aggregator: build/aggregator, or else its image.
set -euo pipefail
cd "$(dirname "$0")/../.."
mkdir -p secrets && chmod 0700 secrets
password() { openssl rand -hex 24; }
[ -e secrets/visitor-key ] || openssl rand 32 >secrets/visitor-key
[ -e secrets/grafana-password ] || password >secrets/grafana-password
[ -e secrets/cluster-secret.xml ] || echo "<clickhouse><cluster-secret>$(password)</cluster-secret></clickhouse>" >secrets/cluster-secret.xml
for role in collector visitor aggregator analyst ops security; do
  [ -e "secrets/$role-password" ] || password >"secrets/$role-password"
done
trap 'rm -f secrets/passwords secrets/users.xml.new' EXIT
for role in collector visitor aggregator analyst ops security; do
  echo "$role $(cat "secrets/$role-password")"
done >secrets/passwords
if [ -x build/aggregator ]; then
  build/aggregator roles users --passwords secrets/passwords >secrets/users.xml.new
else
  docker build --quiet --target aggregator --tag mayak-aggregator . >/dev/null
  docker run --rm --env MAYAK_AGGREGATOR_SITES= --user "$(id -u):$(id -g)" --volume "$PWD/secrets:/secrets:ro" mayak-aggregator roles users --passwords /secrets/passwords >secrets/users.xml.new
fi
mv secrets/users.xml.new secrets/users.xml
rm -f secrets/passwords # before the others become readable
chmod 0444 secrets/*
echo "secrets/ holds what the containers need; Grafana's user is admin, its password stands in secrets/grafana-password"
