package compose_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// mounts are the folders of a service at which volumes are mounted, by the volume.
func (s service) mounts() map[string]string {
	all := map[string]string{}
	for _, volume := range s.Volumes {
		parts := strings.Split(volume, ":")
		all[parts[0]] = parts[1]
	}
	return all
}

// The server writes backups where the aggregator looks for them, into a folder that is both's.
func TestBackupsAreMadeWhereTheAggregatorLooks(t *testing.T) {
	c, stages := readComposition(t), readStages(t)
	folder := c.Services["aggregator"].Environment["MAYAK_AGGREGATOR_BACKUP_FOLDER"]
	allowed := regexp.MustCompile(`<allowed_path>(.*)/</allowed_path>`).FindStringSubmatch(string(read(t, "scripts/compose/clickhouse.xml")))
	if len(allowed) != 2 || allowed[1] != folder || c.Services["aggregator"].Environment["MAYAK_AGGREGATOR_BACKUP_EVERY"] == "" {
		t.Errorf("the server may write to %q, the aggregator looks at %q", allowed, folder)
	}
	for _, name := range []string{"clickhouse", "aggregator", "provision"} {
		if at := c.Services[name].mounts()["backups"]; at != folder {
			t.Errorf("%s has the volume of backups at %q, want %q", name, at, folder)
		}
	}
	if _, waits := c.Services["clickhouse"].DependsOn["provision"]; !waits {
		t.Error("the server may be the first who mounts the volume of backups, which then is nobody's")
	}
	user, _, _ := strings.Cut(c.Services["clickhouse"].User, ":")
	_, group, _ := strings.Cut(stages["aggregator"].last("USER"), ":")
	if !slices.Contains(stages["aggregator"], "COPY --from=build --chown="+user+":"+group+" /out/folders/ /") || !strings.Contains(string(read(t, "Dockerfile")), "chmod 2770 /out/folders"+folder) {
		t.Errorf("%s of the image is not user %s's and group %s's", folder, user, group)
	}
}

// What is fetched of places is where the programs look for it, and they cannot change it.
func TestPlacesAreFetchedToWhereTheProgramsLook(t *testing.T) {
	c, stages := readComposition(t), readStages(t)
	cache := stages["places"].environment()["MAYAK_CACHE"]
	if at := c.Services["places"].mounts()["places"]; at != cache || cache == "" {
		t.Errorf("places are put into %q, the volume is at %q", cache, at)
	}
	seen := 0
	for name, s := range c.Services {
		if s.Build.Target != "collector" && s.Build.Target != "aggregator" || name == "provision" {
			continue
		}
		seen++
		if !slices.Contains(s.Volumes, "places:"+cache+":ro") || stages[s.Build.Target].environment()["MAYAK_GEOIP"] != cache+"/geoip" {
			t.Errorf("%s does not see places at %s", name, cache)
		}
	}
	if seen != 5 {
		t.Errorf("%d programs look for places, want 5", seen)
	}
}

// A Grafana that knows a password lets everybody who may view ask with it.
func TestEachGrafanaKnowsThePasswordsOfItsRoleAlone(t *testing.T) {
	c, seen := readComposition(t), 0
	want := map[string][]string{"analyst": {"analyst-password"}, "ops": {"analyst-password", "ops-password"}, "security": {"analyst-password", "security-password"}}
	written := strings.Split(c.Services["provision"].Command[slices.Index(c.Services["provision"].Command, "--role")+1], ",")
	for name, s := range c.Services {
		if !strings.HasPrefix(s.Image, "grafana/") {
			continue
		}
		seen++
		role := strings.TrimSuffix(strings.TrimPrefix(s.Environment["GF_PATHS_PROVISIONING"], "/etc/mayak-grafana/"), "/provisioning")
		passwords := slices.DeleteFunc(s.secrets(), func(secret string) bool { return secret == "grafana-password" })
		if !slices.Contains(written, role) || !slices.Equal(passwords, want[role]) {
			t.Errorf("%s, for the role %q of those written, %q, is given %q", name, role, written, passwords)
		}
	}
	if seen != len(want) {
		t.Errorf("%d Grafanas, want one for each of %d roles", seen, len(want))
	}
}
