# Images of collector and aggregator: one static program each, nothing else, and nobody is root.
#
#   docker build --target collector --tag mayak-collector .
#   docker build --target aggregator --tag mayak-aggregator .
#   docker build --target places --tag mayak-places .

FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
# The version comes from git, and the folder may be another user's.
RUN git config --global --add safe.directory /src \
 && CGO_ENABLED=0 go build -trimpath -buildvcs=auto -ldflags '-s -w' -o /out/ ./collector ./aggregator ./scripts/probe ./scripts/geoip \
 && mkdir -p /out/data /out/folders/backups \
 && chmod 2770 /out/folders/backups

# Time zones are in the programs; certificates are for a database behind TLS.
FROM scratch AS base
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /out/probe /probe
USER 65532:65532
# What outlives the container: mount a volume there.
COPY --from=build --chown=65532:65532 /out/data /var/lib/mayak
VOLUME /var/lib/mayak
# What is known of places and networks, if somebody has fetched it.
COPY --from=build --chown=65532:65532 /out/data /places
ENV MAYAK_LOG_FORMAT=json \
    MAYAK_DATA=/var/lib/mayak \
    MAYAK_GEOIP=/places/geoip

FROM base AS collector
COPY --from=build /out/collector /collector
ENV MAYAK_COLLECTOR_LISTEN=0.0.0.0:8080 \
    MAYAK_COLLECTOR_ADMIN_LISTEN=0.0.0.0:8081 \
    MAYAK_COLLECTOR_DATA=/var/lib/mayak \
    MAYAK_COLLECTOR_SITES=/etc/mayak/sites.yaml
EXPOSE 8080 8081
HEALTHCHECK --interval=10s --timeout=4s --start-period=30s CMD ["/probe", "http://127.0.0.1:8081/readyz"]
ENTRYPOINT ["/collector"]

FROM base AS aggregator
COPY --from=build /out/aggregator /aggregator
# Where "dashboards provision" writes to: a volume takes its owner from here.
COPY --from=build --chown=65532:65532 /out/data /out
# /backups, of a volume that the database's server, user 101 of its image, writes into, and in which old ones are removed from here.
COPY --from=build --chown=101:65532 /out/folders/ /
ENV MAYAK_AGGREGATOR_LISTEN=0.0.0.0:8090 \
    MAYAK_AGGREGATOR_ADMIN_LISTEN=0.0.0.0:8091 \
    MAYAK_AGGREGATOR_SITES=/etc/mayak/sites.yaml
EXPOSE 8090 8091
HEALTHCHECK --interval=10s --timeout=4s --start-period=60s CMD ["/probe", "http://127.0.0.1:8091/readyz"]
ENTRYPOINT ["/aggregator"]

# Fetches and builds what is known of places and networks.
FROM scratch AS places
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /out/geoip /geoip
USER 65532:65532
COPY --from=build --chown=65532:65532 /out/data /places
ENV MAYAK_CACHE=/places
ENTRYPOINT ["/geoip"]
