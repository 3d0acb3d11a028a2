package privacy

import "testing"

func TestQuick(t *testing.T) {
	var s scrubber
	for _, x := range []string{
		"Ivan ivan@mail.ru ok", "Запись к врачу — клиника", "870412300123", "220440015641", "4111 1111 1111 1111", "+7 701 123 45 67", "8 (701) 123-45-67",
		"KZ86 125K ZT50 0410 0100", "KZ86125KZT5004100100", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc", "2a03:32c0::1 and 37.99.0.1", "password=qwerty&x=1",
		"iv\u200ban%2540mail.ru", "2024-11-22 10:15:30", "Bearer abcd1234efgh", "uslugi-konsultaciya-kardiologa-2024", "тел. 250-25-25", "3fa85f64-5717-4562-b3fc-2c963f66afa6",
		"sk_live_51H8xYzAbCdEfGh1JkLm", "ivan (at) mail.ru", "８７０１１２３４５６７", "1 250 000 ₸", "Chrome/120.0.6099.129", "43.238949, 76.889709",
	} {
		t.Logf("%q -> %q", x, s.text(x, kind{uuid: markToken}))
	}
}
