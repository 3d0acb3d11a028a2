package systemd_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// installed is a folder that the script has put everything into, as into the root of a machine. The library and the data are small
// stand-ins: they are copied and not looked at.
func installed(t *testing.T) (root string, again func()) {
	t.Helper()
	built, err := filepath.Abs("../../build")
	if err != nil {
		t.Fatal(err)
	}
	for _, program := range []string{"collector", "aggregator", "engine"} {
		if _, err := os.Stat(filepath.Join(built, program)); err != nil && os.Getenv("CI") == "" {
			t.Skip("the programs are not built: make build")
		} else if err != nil {
			t.Fatal(err)
		}
	}
	fetched := t.TempDir()
	for _, name := range []string{"libchdb.so", "asn.mmdb", "asn.mmdb.attribution.txt", "country.mmdb", "country.mmdb.attribution.txt"} {
		if err := os.WriteFile(filepath.Join(fetched, name), []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	root = t.TempDir()
	again = func() {
		script := exec.CommandContext(t.Context(), "bash", "install.sh")
		script.Env = append(os.Environ(), "DESTDIR="+root, "MAYAK_ENGINE_LIBRARY="+filepath.Join(fetched, "libchdb.so"), "MAYAK_GEOIP="+fetched)
		if said, err := script.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, said)
		}
	}
	again()
	return root, again
}

func TestEverythingIsInstalledWhereItBelongs(t *testing.T) {
	root, again := installed(t)
	got := map[string]string{}
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		got[strings.TrimPrefix(name, root)] = info.Mode().String()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	const program, file, kept = "-rwxr-xr-x", "-rw-r--r--", "-rw-r-----"
	want := map[string]string{
		"/etc/mayak/mayak.env": kept, "/etc/mayak/sites.yaml": file, "/usr/lib/sysusers.d/mayak.conf": file,
		"/usr/local/bin/mayak-aggregator": program, "/usr/local/bin/mayak-collector": program,
		"/usr/local/lib/mayak/aggregator": program, "/usr/local/lib/mayak/collector": program, "/usr/local/lib/mayak/engine": program,
		"/usr/local/lib/mayak/libchdb.so": file, "/usr/local/share/mayak/geoip/asn.mmdb": file, "/usr/local/share/mayak/geoip/asn.mmdb.attribution.txt": file,
		"/usr/local/share/mayak/geoip/country.mmdb": file, "/usr/local/share/mayak/geoip/country.mmdb.attribution.txt": file,
	}
	for name := range units(t) {
		want["/usr/lib/systemd/system/"+name] = file
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("installed (-want +got):\n%s", diff)
	}
	sites := filepath.Join(root, "etc", "mayak", "sites.yaml")
	if err := os.WriteFile(sites, []byte("sites: []\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	again()
	if text, err := os.ReadFile(sites); err != nil || string(text) != "sites: []\n" {
		t.Errorf("what an operator has changed became %q, %v", text, err)
	}
}

// What the units run before they start says that their settings are valid, on what is installed.
func TestWhatIsInstalledCanStart(t *testing.T) {
	root, _ := installed(t)
	if err := os.RemoveAll(filepath.Join(root, "usr", "local", "share", "mayak", "geoip")); err != nil { // stand-ins, which would be refused
		t.Fatal(err)
	}
	at := strings.NewReplacer("=/etc/", "="+root+"/etc/", "=/usr/", "="+root+"/usr/", "=/var/", "="+root+"/var/")
	for name, u := range units(t) {
		if len(u["ExecStartPre"]) == 0 {
			continue
		}
		words := strings.Fields(u["ExecStartPre"][0])
		check := exec.CommandContext(t.Context(), root+words[0], words[1:]...)
		check.Env = append([]string{"HOME=" + root, "PATH=" + os.Getenv("PATH")}, strings.Fields(at.Replace(strings.Join(u["Environment"], " ")))...)
		if said, err := check.CombinedOutput(); err != nil || !strings.Contains(string(said), "settings are valid") {
			t.Errorf("%s: %v: %s", name, err, said)
		}
	}
}

// analyze is the program that knows what systemd makes of a unit.
func analyze(t *testing.T) string {
	t.Helper()
	program, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("systemd-analyze is not installed (apt-get install systemd)")
	}
	return program
}

func TestTheManagerUnderstandsTheUnits(t *testing.T) {
	verify := analyze(t)
	root, _ := installed(t)
	system := filepath.Join(root, "usr", "lib", "systemd", "system")
	targets, err := filepath.Glob("/usr/lib/systemd/system/*.target")
	if err != nil || len(targets) == 0 {
		t.Skipf("this machine has no units of systemd's own: %v", err)
	}
	for _, target := range targets { // what the units wait for
		text, err := os.ReadFile(target)
		if err == nil {
			err = os.WriteFile(filepath.Join(system, filepath.Base(target)), text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for name := range units(t) {
		said, _ := exec.CommandContext(t.Context(), verify, "verify", "--root="+root, filepath.Join(system, name)).CombinedOutput() // it fails for other units too
		for line := range strings.Lines(string(said)) {
			if strings.Contains(line, "mayak") && !strings.Contains(line, "Failed to connect") {
				t.Errorf("%s", strings.TrimSpace(line))
			}
		}
	}
}

func TestAServiceIsExposedToLittle(t *testing.T) {
	security := analyze(t)
	for name := range units(t) {
		if !strings.HasSuffix(name, ".service") {
			continue
		}
		said, err := exec.CommandContext(t.Context(), security, "security", "--offline=true", "--no-pager", "--threshold=20", name).CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v: %s", name, err, said)
		}
	}
}

func TestTheAccountIsMade(t *testing.T) {
	program, err := exec.LookPath("systemd-sysusers")
	if err != nil {
		t.Skip("systemd-sysusers is not installed (apt-get install systemd)")
	}
	root, _ := installed(t)
	if said, err := exec.CommandContext(t.Context(), program, "--root="+root, filepath.Join(root, "usr", "lib", "sysusers.d", "mayak.conf")).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	accounts, err := os.ReadFile(filepath.Join(root, "etc", "passwd"))
	if err != nil || !strings.HasPrefix(string(accounts), "mayak:") || !strings.Contains(string(accounts), ":/var/lib/mayak:/usr/sbin/nologin") {
		t.Errorf("accounts: %q, %v", accounts, err)
	}
}
