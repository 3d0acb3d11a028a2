package settingstest

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type program struct {
	Listen string `env:"X_LISTEN" help:"where"`

	Serve struct{} `cmd:"" default:"withargs" help:"serve"`
	Token struct {
		Create struct {
			Name string `required:"" help:"name"`
			Role string `enum:"analyst,ops" default:"ops" help:"role"`
		} `cmd:"" help:"make"`
		Revoke struct {
			Name string `arg:"" help:"name"`
		} `cmd:"" help:"end"`
	} `cmd:"" help:"tokens"`
}

func TestACommandThatAProgramWouldRefuseIsTold(t *testing.T) {
	for _, tt := range []struct{ name, document, want string }{
		{"as it is", "```sh\nbuild/keeper token create --name a --role ops\n```\n", ""},
		{"in words within words", "```sh\nexport T=$(build/keeper token create --nam a)\ncurl -H \"Bearer $(keeper token revoke)\" x\n```\n", "unknown flag --nam"},
		{"as it is installed", "```sh\nsudo mayak-keeper token revoke --all a\n```\n", "unknown flag --all"},
		{"in its container", "```sh\ndocker compose exec keeper /keeper token destroy a\n```\n", "unexpected argument destroy"},
		{"with a setting before it", "```sh\nX_LISTEN=a keeper token create # no name\n```\n", "missing flags: --name"},
		{"behind a pipe, over two lines", "```sh\necho '{\"a\": \"keeper\"}' | keeper \\\n  token create --name a --role king > file\n```\n", "--role must be one of"},
		{"after a here document", "```sh\ncurl x <<'END'\nkeeper nonsense\nEND\nkeeper token revoke\n```\n", "expected \"<name>\""},
		{"a block of another language", "```yaml\nkeeper nonsense\n```\n", ""},
		{"a comment", "```sh\nkeeper --listen a   # keeper --nonsense\n```\n", ""},
		{"in the text", "say `keeper token revoke NAME` or `keeper token …`", ""},
		{"a wrong command in the text", "say `build/keeper token list`", "there is no command list"},
		{"a wrong flag in the text", "say `keeper token create --site=a`", "there is no flag --site"},
		{"a word that is no program", "the `keeper` keeps, `keeper/token` too", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, problems := Mistaken(tt.document, "keeper", func() any { return &program{} })
			if told := strings.Join(problems, "\n"); tt.want == "" && told != "" || !strings.Contains(told, tt.want) {
				t.Errorf("Mistaken() = %q, want %q", told, tt.want)
			}
		})
	}
}

func TestABlockIsSplitAsAShellDoes(t *testing.T) {
	got := Split("a 'b c' \"d $(e f) g\" # h\ni=1 j \\\n k && l | m > n; o\n")
	want := [][]string{{"e", "f"}, {"a", "b c", "d substituted g"}, {"i=1", "j", "k"}, {"l"}, {"m"}, {"o"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Split() differs (-want +got):\n%s", diff)
	}
}
